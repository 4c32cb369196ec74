//! What the server does not take is put aside, never discarded, and the document is taken afresh: one's own copy holds
//! what nobody else has. What else was not acknowledged is then done again on the new copy.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    time::Duration,
};

use leptos::{prelude::*, task::spawn_local};
use shared::{
    document::{self, Command, Refusal, Root, difference},
    ids::{HighlightId, TagId},
    rules::{self, Change as Deed},
    selector::Target,
    sync::{
        CloseCode,
        prescan::{self, Body, Content, Part, Struct},
    },
};

use yrs::Transact;

use super::{
    link::Gap,
    mirror::Changes,
    presence::Presence,
    replica::Replica,
    session::Session,
    store::{Record, Store},
    tabs::Word,
};
use crate::{
    annotate::{
        away::{Aside, name_of, shortened, text_key},
        pending::{Change, Intent},
    },
    later,
};

const REPLACED: &str = "the document was replaced on the server meanwhile";

const GONE: &str = "the text was edited meanwhile, and the words that this marks are not in it any more";

const UNSEEN: &str = "the text was edited meanwhile, and this page shows the one before";

const ROOTLESS: &str = "what it belongs to is not there any more";

/// Until it is asked again which text is there.
const AGAIN: Duration = Duration::from_secs(1);

/// The document is not taken afresh before it is known what the person may do now, but that is not waited for longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of a text that is kept whole beside each change of it.
const MAX_WHOLE: usize = 64 << 10;

impl Session {
    /// The server refused what was sent with this number, for a reason of its own. It stays in the journal until the
    /// document has been taken afresh: what comes after it there builds on it.
    pub fn refused(self: &Rc<Self>, number: u64, why: &str) {
        if self.link.gap.get() == Gap::Filling(number) {
            // All in one: it is done again one by one.
            self.journal.pending.borrow_mut().returned(number);
        } else if let Some(change) = self.journal.pending.borrow_mut().refused(number) {
            let aside = self.aside(&change, why);
            if let Intent::Typed(root) = change.intent {
                self.refused_texts.borrow_mut().push(root);
            }
            self.doomed.borrow_mut().push(change.key);
            self.count_out(1);
            self.put_aside(Vec::new(), vec![aside]);
        }
        self.want_renewal();
    }

    /// The document is to be taken afresh, but not before it is known what became of all that was sent: what is accepted
    /// and not committed yet would be done a second time.
    pub fn want_renewal(self: &Rc<Self>) {
        if !self.is_renewing() && self.link.ended.get().is_none() {
            self.link.greeted.set(false);
            self.link.renewal.set(true);
            self.renew_if_wanted();
        }
    }

    /// Takes the document afresh if that is wanted and nothing is under way; whether it does.
    pub fn renew_if_wanted(self: &Rc<Self>) -> bool {
        let link = &self.link;
        let is_due = link.renewal.get() && (!self.is_open() || link.acked.get() >= link.sent.get());
        if is_due {
            link.renewal.set(false);
            self.renew();
        }
        is_due
    }

    /// The document was replaced on the server. What was made on the old one, and is not sent, is done again on the new one
    /// as far as that can be (`renewed`): first it is asked whether the text is another, and the page with it.
    pub fn replaced(self: &Rc<Self>) {
        self.link.replaced.set(true);
        self.link.told.set(None);
        self.link.epoch.set(None);
        *self.fresh.borrow_mut() = None;
        self.renew();
    }

    /// Puts aside what is not sent, made on a document that was replaced.
    pub fn put_all_aside(self: &Rc<Self>) {
        let changes = self.journal.pending.borrow_mut().take();
        let aside = self.all_aside(&changes, REPLACED);
        self.journal.others.borrow_mut().clear();
        self.put_aside(changes.into_iter().map(|change| change.key).collect(), aside);
    }

    /// Shows what was not sent and cannot be, and keeps the words of it for the list on the first page. The changes stay
    /// in the journal, should access be given back.
    pub fn show_unsent(self: &Rc<Self>, why: &str) {
        let changes: Vec<Change> = self.journal.pending.borrow().all().cloned().collect();
        let unsent = self.all_aside(&changes, why);
        self.put_aside(Vec::new(), unsent);
    }

    /// Changes as their author knows them; a text once, as it stands.
    pub fn all_aside(&self, changes: &[Change], why: &str) -> Vec<Aside> {
        let mut texts = BTreeSet::new();
        let once = |change: &&Change| match &change.intent {
            Intent::Typed(root) => texts.insert(name_of(*root)),
            Intent::Command(_) | Intent::Unknown => true,
        };
        let whole = |change: &Change| {
            let mut aside = self.aside(change, why);
            if matches!(change.intent, Intent::Typed(_)) {
                let of_it = changes.iter().filter(|other| other.intent == change.intent);
                of_it.for_each(|other| reach(&mut aside.brings, other));
            }
            aside
        };
        changes.iter().filter(once).map(whole).collect()
    }

    /// The same, where texts stand in that copy.
    fn all_aside_of(&self, copy: &Replica, changes: &[Change], why: &str) -> Vec<Aside> {
        let mut all = self.all_aside(changes, why);
        for root in [Root::Notes, Root::Response] {
            let key = self.text_key(root);
            for aside in all.iter_mut().filter(|aside| aside.key.starts_with(&key)) {
                aside.key = format!("{key}{}", copy.client());
                aside.text = copy.read(root);
            }
        }
        all
    }

    /// How keys of a text of this conversation begin that was put aside.
    pub fn text_key(&self, root: Root) -> String {
        text_key(&self.desk.place.conversation.to_string(), root)
    }

    /// Puts aside what builds on something that is nowhere, neither here nor on the server.
    pub fn put_rootless_aside(self: &Rc<Self>) {
        let replica = self.replica();
        let rootless = self.journal.pending.borrow_mut().remove(|change| replica.lacks(&change.update));
        let aside = rootless.iter().map(|change| self.rootless(change)).collect();
        self.put_aside(rootless.into_iter().map(|change| change.key).collect(), aside);
    }

    /// A change whose words are in no document: of a text, those that were typed.
    fn rootless(&self, change: &Change) -> Aside {
        let aside = self.aside(change, ROOTLESS);
        match change.intent {
            Intent::Typed(root) => Aside {
                key: change.key.clone(),
                what: format!("{}: words of yours", name_of(root)),
                text: words(&change.update),
                intent: None,
                ..aside
            },
            _ => aside,
        }
    }

    /// Words of one's own that are on their way may belong to what somebody else has deleted meanwhile; and what is kept
    /// aside may be in the document by now.
    pub fn look_for_unseen(&self) {
        let writes = |change: &Change| {
            matches!(&change.intent, Intent::Command(Command::Comment { .. } | Command::EditComment { .. }))
        };
        let is_any_kept = self.desk.aside.with_untracked(|aside| !aside.is_empty());
        if is_any_kept || self.journal.pending.borrow().all().any(writes) {
            let desk = self.desk;
            later::act(desk, move |parts| (parts.unseen)(desk));
        }
    }

    pub fn put_aside(self: &Rc<Self>, keys: Vec<String>, mut aside: Vec<Aside>) {
        self.show_aside(&mut aside);
        if let Some(store) = self.journal.store.borrow().clone() {
            let session = self.clone();
            spawn_local(async move {
                if let Err(error) = session.put(&store, &keys, &[], &aside).await {
                    session.cannot_keep(&error);
                }
            });
        }
    }

    /// The page is about to load anew by itself: what it has just told is told again then.
    pub fn show_aside_again(&self) {
        let is_told = self.desk.away_open.get_untracked() && self.desk.aside.with_untracked(|aside| !aside.is_empty());
        if let Some(storage) = window().session_storage().ok().flatten().filter(|_| is_told) {
            let _ = storage.set_item(&self.told_key(), "");
        }
    }

    /// Whether it is to be told again; once.
    pub fn take_shown_again(&self) -> bool {
        let Some(storage) = window().session_storage().ok().flatten() else { return false };
        let is_told = storage.get_item(&self.told_key()).is_ok_and(|told| told.is_some());
        let _ = storage.remove_item(&self.told_key());
        is_told
    }

    fn told_key(&self) -> String {
        format!("away/{}", self.desk.place.conversation)
    }

    /// What is put aside was not sent after all.
    pub fn count_out(&self, count: usize) {
        if let Some(absence) = self.link.absence.borrow_mut().as_mut() {
            absence.kept += count;
        }
    }

    /// Each once: what was refused again after a crash has the key that it had, and so has what was typed since into a text.
    fn show_aside(&self, new: &mut [Aside]) {
        if !new.is_empty() {
            self.desk.aside.update(|all| {
                for new in &mut *new {
                    for (client, end) in all.iter().filter(|old| old.key == new.key).flat_map(|old| &old.brings) {
                        let reached = new.brings.entry(*client).or_default();
                        *reached = (*reached).max(*end);
                    }
                }
                all.retain(|old| new.iter().all(|new| new.key != old.key));
                all.extend(new.iter().cloned());
            });
            self.desk.away_open.set(true);
        }
    }

    pub fn aside(&self, change: &Change, why: &str) -> Aside {
        let (what, mut text) = self.describe_whole(&change.intent);
        if text.is_empty() {
            text = words(&change.update);
        }
        let mut why = why.to_owned();
        if let Some(first) = why.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        if !why.ends_with('.') {
            why.push('.');
        }
        // A text once, as it stands.
        let key = match change.intent {
            Intent::Typed(root) => format!("{}{}", self.text_key(root), self.replica().client()),
            _ => change.key.clone(),
        };
        let intent = (change.intent != Intent::Unknown).then(|| change.intent.write());
        let mut brings = BTreeMap::new();
        reach(&mut brings, change);
        Aside { key, at: js_sys::Date::now(), why, what, text, intent, title: title(), brings }
    }

    /// Changes with what they are in words; a text as it stands, or of a very long one what was typed.
    pub fn records<'a>(&self, changes: &'a [Change]) -> Vec<Record<'a>> {
        let record = |change: &'a Change| {
            let mut is_whole = false;
            let (what, text) = match &change.intent {
                Intent::Typed(root) => {
                    let text = self.replica().read(*root);
                    is_whole = text.len() <= MAX_WHOLE;
                    let text = if is_whole { text } else { words(&change.update) };
                    (name_of(*root).to_owned(), text)
                }
                Intent::Unknown => (self.describe(&Intent::Unknown).0, words(&change.update)),
                intent => self.describe_whole(intent),
            };
            Record { change, what, text, title: title(), is_whole }
        };
        changes.iter().map(record).collect()
    }

    /// The same, where it does not stand beside the passage that it belongs to.
    fn describe_whole(&self, intent: &Intent) -> (String, String) {
        let (mut what, text) = self.describe(intent);
        if let Intent::Command(command) = intent
            && matches!(command, Command::Comment { .. } | Command::EditComment { .. } | Command::RestoreComment { .. })
            && let Some(id) = command.highlight()
        {
            // What was refused with it is on the page for a moment longer.
            let shown = self.desk.card(id).map(|card| card.with_untracked(|card| card.highlight.targets.clone()));
            let replica = self.replica();
            let targets = shown.or_else(|| {
                document::highlight(&replica.roots, &replica.doc.transact(), id).map(|highlight| highlight.targets)
            });
            if let Some(targets) = targets {
                what = [&what, " on “", &shortened(&quotes(&targets)), "”"].concat();
            }
        }
        (what, text)
    }

    /// What a change is, and the words that it is about.
    pub fn describe(&self, intent: &Intent) -> (String, String) {
        let quote = |id: &HighlightId| {
            let replica = self.replica();
            let highlight = document::highlight(&replica.roots, &replica.doc.transact(), *id);
            highlight.map(|highlight| quotes(&highlight.targets)).unwrap_or_default()
        };
        let tag = |id: &TagId| {
            let replica = self.replica();
            let tags = document::tags(&replica.roots, &replica.doc.transact());
            tags.into_iter().find(|tag| tag.id == *id).map(|tag| tag.name).unwrap_or_default()
        };
        let (what, text) = match intent {
            Intent::Typed(root) => return (format!("{}: your version", name_of(*root)), self.replica().read(*root)),
            Intent::Unknown => return ("A change of another version of this page".to_owned(), String::new()),
            Intent::Command(command) => match command {
                Command::Highlight { targets, .. } => ("A highlight", quotes(targets)),
                Command::Comment { body, .. } => ("A comment", body.clone()),
                Command::EditComment { body, .. } => ("A comment's new text", body.clone()),
                Command::NewTag { name, .. } => ("A new tag", name.clone()),
                Command::EditTag { id, name, .. } => ("A change of a tag", name.clone().unwrap_or_else(|| tag(id))),
                Command::MoveTag(id, _) => ("A tag moved", tag(id)),
                Command::LockTag(id, true) => ("A tag locked", tag(id)),
                Command::LockTag(id, false) => ("A tag unlocked", tag(id)),
                Command::DeleteTag(id) => ("The deletion of a tag", tag(id)),
                Command::RestoreTag(id) => ("A tag taken back", tag(id)),
                Command::MergeTag { from, .. } => ("A tag merged into another", tag(from)),
                Command::NewGroup { name, .. } => ("A new group of tags", name.clone()),
                Command::RenameGroup(_, name) => ("A group's new name", name.clone()),
                Command::MoveGroup(..) => ("A group of tags moved", String::new()),
                Command::DeleteGroup(_) => ("The deletion of a group of tags", String::new()),
                Command::RestoreGroup(_) => ("A group of tags taken back", String::new()),
                Command::RestoreComment { body, .. } => ("A comment taken back", body.clone()),
                Command::Attach(_, targets) => ("A highlight attached elsewhere", quotes(targets)),
                Command::Move { highlight, .. } => ("A highlight moved on the board", quote(highlight)),
                Command::DeleteComment { highlight, .. } => ("The deletion of a comment", quote(highlight)),
                Command::Delete(id) => ("The deletion of a highlight", quote(id)),
                Command::Restore(id) => ("A highlight taken back", quote(id)),
                Command::Resolve(id) => ("A thread resolved", quote(id)),
                Command::Reopen(id) => ("A thread reopened", quote(id)),
                Command::AddTag(id, _) => ("A tag put on a highlight", quote(id)),
                Command::RemoveTag(id, _) => ("A tag taken off a highlight", quote(id)),
            },
        };
        (what.to_owned(), text)
    }

    /// Takes the document afresh from the server; what is shown stays until it is there.
    pub fn renew(self: &Rc<Self>) {
        if self.is_renewing() {
            return;
        }
        let fresh = Replica::new(self.desk.place.author);
        let mut presence = Presence::new(fresh.client(), self.desk.place.author, self.desk.name.get_value());
        presence.go(self.presence.borrow().at());
        *self.presence.borrow_mut() = presence;
        *self.fresh.borrow_mut() = Some(fresh);
        self.lose();
        let session = self.clone();
        spawn_local(async move {
            within(PATIENCE, session.ask_rights()).await;
            // A page that is loaded anew meets the new document itself, with what is in the journal.
            if !session.link.leaving.get() {
                session.connect_if_alone();
            }
        });
    }

    /// The fresh copy is complete: what is not committed is done again on it, and it is shown.
    pub fn renewed(self: &Rc<Self>) {
        if self.link.leaving.get() {
            return;
        }
        // What was marked has a place in the text that is there now, and nobody knows yet which that is.
        if (self.link.replaced.get() || self.link.carries.get()) && self.link.told.get().is_none() {
            return self.renew_when_told();
        }
        let Some(fresh) = self.fresh.borrow_mut().take() else { return };
        let old = self.replica.replace(fresh.clone());
        self.link.gap.set(Gap::None);
        let changes = self.journal.pending.borrow_mut().take();
        let replaced = self.link.replaced.take();
        let carries = self.link.carries.take() || replaced;
        let aside = if replaced && !fresh.descends_from(&old) {
            self.all_aside_of(&old, &changes, REPLACED)
        } else {
            // So that the two texts differ in nothing but what was typed here.
            old.take_in(&fresh.state());
            let told = self.link.told.get();
            let place =
                |change: &Change, command: &Command| match carries && told.is_none_or(|text| !change.is_on(text)) {
                    true => self.carried(command),
                    false => Ok(command.clone()),
                };
            self.do_again(&old, &fresh, &changes, place)
        };
        self.count_out(aside.len());
        self.show_all(&old, &fresh);
        self.link.greeted.set(true);
        let mut keys = std::mem::take(&mut *self.doomed.borrow_mut());
        keys.extend(changes.into_iter().map(|change| change.key));
        self.rewrite(keys, aside);
        self.pump();
    }

    /// Asks again which text is there, as long as nobody says.
    fn renew_when_told(self: &Rc<Self>) {
        if self.link.asking.replace(true) {
            return;
        }
        let session = self.clone();
        spawn_local(async move {
            within(PATIENCE, session.ask_rights()).await;
            let is_told = session.link.told.get().is_some();
            let go_on = move || {
                session.link.asking.set(false);
                // Without a connection it is taken anew, and then asked.
                if session.link.synced.get() && session.is_open() {
                    session.renewed();
                }
            };
            if is_told { go_on() } else { set_timeout(go_on, AGAIN) }
        });
    }

    /// Does on a fresh copy what is not committed, commands as `place` says; returns what it cannot do.
    fn do_again(
        &self,
        old: &Replica,
        fresh: &Replica,
        changes: &[Change],
        place: impl Fn(&Change, &Command) -> Result<Command, String>,
    ) -> Vec<Aside> {
        let mut aside = Vec::new();
        let mut typed = std::mem::take(&mut *self.refused_texts.borrow_mut());
        let refused: Vec<Change> = changes.iter().filter(|change| change.is_typed_in(&typed)).cloned().collect();
        // What was typed since belongs to what was put aside then.
        aside.extend(self.all_aside_of(old, &refused, "it follows what was not taken"));
        for change in changes {
            let mut intent = change.intent.clone();
            let done = match &change.intent {
                Intent::Command(command) if fresh.knows(&change.update) || fresh.has(command) => Ok(()),
                Intent::Command(command) => place(change, command).and_then(|placed| {
                    let done = self.command_again(fresh, &placed).map_err(|why| why.to_string());
                    // Should it be done once more, then as it was done now.
                    intent = Intent::Command(placed);
                    done
                }),
                // As a whole, at the first of its changes.
                Intent::Typed(root) if typed.contains(root) => Ok(()),
                Intent::Typed(root) => {
                    typed.push(*root);
                    // What builds on words that another page has not sent is in neither.
                    let of_it = changes.iter().filter(|other| other.intent == change.intent);
                    let lacking = of_it.filter(|other| old.lacks(&other.update));
                    aside.extend(lacking.map(|other| self.rootless(other)));
                    self.type_again(old, fresh, *root)
                }
                Intent::Unknown if fresh.knows(&change.update) => Ok(()),
                Intent::Unknown => Err("it cannot be done again by this version of the page".to_owned()),
            };
            if let Err(why) = done {
                aside.extend(self.all_aside_of(old, std::slice::from_ref(change), &why));
            }
            for update in fresh.made() {
                self.journal.pending.borrow_mut().push(update, intent.clone(), js_sys::Date::now() as u64);
            }
        }
        aside
    }

    /// A command that was given on a text before, with its passages where they are in the present one.
    fn carried(&self, command: &Command) -> Result<Command, String> {
        let is_shown = self.link.told.get() == Some(self.desk.place.revision);
        let carry = |target: &Target| if is_shown { self.texts.carried(target).ok_or(GONE) } else { Err(UNSEEN) };
        let place = |targets: &[Target]| targets.iter().map(carry).collect::<Result<Vec<_>, _>>();
        Ok(match command {
            Command::Highlight { id, targets, tag } => {
                Command::Highlight { id: *id, targets: place(targets)?, tag: *tag }
            }
            Command::Attach(id, targets) => Command::Attach(*id, place(targets)?),
            other => other.clone(),
        })
    }

    /// A new tag whose name somebody else has given meanwhile gets another: all that bears it would be lost with it.
    fn command_again(&self, fresh: &Replica, command: &Command) -> Result<(), Refusal> {
        let sender = self.desk.sender();
        let done = fresh.execute(&sender, command.clone());
        let (Err(Refusal::TagExists), Command::NewTag { id, name, colour }) = (&done, command) else { return done };
        let again = |number| {
            let name = format!("{} ({number})", name.trim());
            fresh.execute(&sender, Command::NewTag { id: *id, name, colour: colour.clone() })
        };
        (2..10).map(again).find(|done| *done != Err(Refusal::TagExists)).unwrap_or(done)
    }

    /// The journal gets what was done again in the place of what it had, in one step. Other pages that have what is gone
    /// hear of it then and no sooner: they would read it in the journal once more.
    fn rewrite(self: &Rc<Self>, gone: Vec<String>, mut aside: Vec<Aside>) {
        self.show_aside(&mut aside);
        let is_any_gone = !gone.is_empty();
        let Some(store) = self.journal.store.borrow().clone() else {
            if is_any_gone {
                self.journal.tabs.tell(&Word::Renew);
            }
            return;
        };
        let (batch, new) = self.journal.pending.borrow_mut().begin_writing().unwrap_or_default();
        let session = self.clone();
        spawn_local(async move {
            let done = session.put(&store, &gone, &session.records(&new), &aside).await;
            session.journal.pending.borrow_mut().written(batch);
            session.pump();
            session.look_for_orphans();
            match done {
                Ok(()) if is_any_gone => session.journal.tabs.tell(&Word::Renew),
                Ok(()) => {}
                Err(error) => {
                    session.doomed.borrow_mut().extend(gone);
                    session.cannot_keep(&error);
                }
            }
        });
    }

    /// Puts on the disk what no journal holds meanwhile: until it is there, leaving the page loses it.
    async fn put(&self, store: &Store, gone: &[String], new: &[Record<'_>], aside: &[Aside]) -> Result<(), idb::Error> {
        let putting = &self.journal.putting;
        putting.update(|count| count + 1);
        let done = store.replace(gone, new, aside).await;
        putting.update(|count| count - 1);
        done
    }

    fn type_again(&self, old: &Replica, fresh: &Replica, root: Root) -> Result<(), String> {
        let sender = self.desk.sender();
        let deed = match root {
            Root::Notes => Deed::EditNotes,
            Root::Response => Deed::EditResponse { of: sender.author },
        };
        rules::allow(&sender, deed).map_err(|why| why.to_string())?;
        let edit = difference(&fresh.read(root), &old.read(root), None);
        fresh.edit(root, &edit.into_iter().collect::<Vec<_>>());
        Ok(())
    }

    /// Shows a copy in the place of another.
    pub fn show_all(self: &Rc<Self>, old: &Replica, fresh: &Replica) {
        // First what the boxes were not shown yet of the old one.
        let mut changes = std::mem::take(&mut *old.changes.borrow_mut());
        changes.extend(Changes::of(fresh));
        changes.extend(Changes::of(old));
        for root in [Root::Notes, Root::Response] {
            if let Some(edit) = difference(&old.read(root), &fresh.read(root), None) {
                changes.typed(root, edit);
            }
        }
        *fresh.changes.borrow_mut() = changes;
        self.show_changes();
    }

    /// The person has seen what was put aside, and wants it no more.
    pub fn discard(self: &Rc<Self>, keys: Vec<String>) {
        self.desk.aside.update(|aside| aside.retain(|item| !keys.contains(&item.key)));
        let mut gone = keys.clone();
        if self.link.ended.get().is_some_and(|code| code != CloseCode::SignedOut) {
            // What is shown stands for all that was not sent.
            gone.extend(self.journal.pending.borrow_mut().take().into_iter().map(|change| change.key));
        }
        if let Some(store) = self.journal.store.borrow().clone() {
            spawn_local(async move {
                let done = match store.replace(&gone, &[], &[]).await {
                    Ok(()) => store.discard(&keys).await,
                    failed => failed,
                };
                if let Err(error) = done {
                    leptos::logging::warn!("what was discarded is still there: {error}");
                }
            });
        }
        self.show_status();
    }
}

/// What the conversation is called.
pub fn title() -> String {
    document().title().strip_suffix(" · PromptGrimoire").unwrap_or_default().to_owned()
}

/// Notes how far a change goes in the clients that made it.
fn reach(brings: &mut BTreeMap<u64, u32>, change: &Change) {
    let outline = prescan::prescan(&change.update).unwrap_or_default();
    for (client, runs) in outline.brings {
        let end = brings.entry(client).or_default();
        *end = runs.last().map_or(*end, |(_, last)| (*end).max(*last));
    }
}

/// The words in an update, where nothing else is known of it.
pub fn words(update: &[u8]) -> String {
    let mut words = String::new();
    let scanned = prescan::parts(update, |part| {
        if let Part::Struct(Struct { body: Body::Item { content: Content::Text(text), .. }, .. }) = part {
            words.push_str(text);
        }
    });
    if scanned.is_ok() { words } else { String::new() }
}

/// What a future comes to, if it does so in time.
async fn within<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    let late = js_sys::Promise::new(&mut |resolve, _| {
        // Fails for a page that is going away.
        let _ = set_timeout_with_handle(move || drop(resolve.call0(&wasm_bindgen::JsValue::NULL)), time);
    });
    let late = std::pin::pin!(wasm_bindgen_futures::JsFuture::from(late));
    match futures::future::select(std::pin::pin!(future), late).await {
        futures::future::Either::Left((done, _)) => Some(done),
        futures::future::Either::Right(_) => None,
    }
}

fn quotes(targets: &[Target]) -> String {
    targets.iter().map(|target| target.exact.as_str()).collect::<Vec<_>>().join("\n")
}
