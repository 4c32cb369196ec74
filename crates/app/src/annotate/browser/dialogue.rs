//! What the server says, and what comes of it.

use std::{rc::Rc, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use shared::{
    access::Access,
    api::{GetRights, ListPeople, OwnRights, Person},
    document::{self, Highlight, Root},
    ids::UserId,
    sync::{Epoch, Frame},
};
use yrs::Transact;

use super::{dom, permalink, replica::Replica, session::Session};
use crate::{
    annotate::{
        away::{Absence, Report, Surroundings},
        desk::{Card, Desk, Toast},
    },
    call::call,
};

/// What a page says that shows the text before the present one.
pub const OLD_TEXT: &str = "The text of this conversation was edited. Load the page anew to read it as it is now.";

const EDITED: &str = "The text was edited meanwhile: you read the new one. What was marked was looked for in it.";

/// How often a page is loaded anew for one edit: an answer from what is kept on this device may have the text before.
const LOADS: u32 = 3;

/// Until it is looked again whether all is kept.
const SOON: Duration = Duration::from_millis(100);

/// How often it is looked: a disk that has not taken all by then takes nothing.
const LOOKS: u32 = 100;

impl Session {
    /// A frame came in. What is no frame is the server's fault: the socket is closed and opened anew.
    pub fn received(self: &Rc<Self>, bytes: &[u8]) {
        self.link.heard.set(js_sys::Date::now());
        match Frame::decode(bytes) {
            Ok(Frame::Step1(state_vector)) => self.answer(state_vector),
            Ok(Frame::Step2(update)) => {
                if self.catch_up(update) {
                    // Whoever was signed out is here again.
                    self.link.ended.set(None);
                    self.link.synced.set(true);
                    self.link.failures.set(0);
                    self.link.known.set(true);
                    self.desk.absent.set(false);
                    self.renewed();
                    self.look_for_unseen();
                    permalink::follow_first(self.desk, true);
                    dom::mark_hydrated();
                    // Who leaves at once finds it without a network all the same.
                    self.rest_now();
                }
            }
            Ok(Frame::Update(update)) => {
                self.take_in(update);
                self.look_for_unseen();
            }
            Ok(Frame::Awareness(update)) => {
                if self.presence.borrow_mut().take_in(update) {
                    self.show_people();
                }
            }
            Ok(Frame::QueryAwareness) => self.announce(),
            // Of another generation nothing more will come.
            Ok(Frame::Epoch(Epoch { epoch })) => self.greeted_by(epoch),
            Ok(Frame::Acked(acked)) => self.acknowledged(acked.acked),
            Ok(Frame::Refused(refused)) => match refused.code.as_str() {
                "gap" => self.found_gap(refused.refused),
                // It is done again when the document has been taken afresh.
                "behind_refusal" => self.journal.pending.borrow_mut().returned(refused.refused),
                _ => self.refused(refused.refused, &refused.why),
            },
            // For the script of a chat (`chat/page.js`).
            Ok(Frame::Run(_)) => dom::tell_page("promptgrimoire:run"),
            Ok(Frame::Auth(_)) => {}
            Err(malformed) => {
                leptos::logging::warn!("a frame that is none: {malformed}");
                self.drop_socket();
            }
        }
        self.show_status();
    }

    /// The server takes this person in, and says which generation of the document it has. It says it again when what they
    /// may do has changed, or the conversation's title.
    pub fn greeted_by(self: &Rc<Self>, epoch: i64) {
        let is_known = self.link.epoch.get().is_some();
        // Of another generation nothing more will come.
        self.link.epoch.set(self.link.epoch.get().or(Some(epoch)));
        // Of a chat nothing was heard while there was no connection.
        if self.link.sockets.get() > 1 {
            dom::tell_page("promptgrimoire:run");
        }
        // The page was made before the document was replaced: it may show a text that is not there any more.
        if is_known || self.link.lost_at.get().is_some() || epoch != self.desk.place.epoch {
            let session = self.clone();
            spawn_local(async move {
                session.ask_rights().await;
                // Somebody may have come, written and gone meanwhile.
                if session.desk.anonymity.with_value(Option::is_some) {
                    ask_people(session.desk).await;
                }
            });
        }
    }

    /// Asks what this person may do now, and what this is called: it may have changed since the page was made.
    pub async fn ask_rights(self: &Rc<Self>) {
        // Without an answer things stay as they were; the server judges each change anyway.
        let Ok(OwnRights { rights, author_id, title, revision }) =
            call(&GetRights { id: self.desk.place.conversation }).await
        else {
            return;
        };
        self.link.told.set(Some(revision));
        if revision != self.desk.place.revision && self.load_anew(revision) {
            return;
        }
        if author_id != self.desk.place.author {
            // Made anonymous meanwhile, or not any more: the page is somebody's whom the document does not know. What is not
            // sent was made under the other name; whether it is said under this one is its author's to say.
            self.put_all_aside();
            if !self.link.leaving.replace(true) {
                self.load_when_put(LOOKS);
            }
            return;
        }
        if dom::call_page(&title) {
            self.desk.announcement.set(["Renamed to ", &title].concat());
        }
        if self.desk.rights.get_untracked() != rights {
            if rights.access == Access::Closed {
                let text = "This activity has closed: you can read it, and change nothing any more.".into();
                self.desk.toast.set(Some(Toast { text, undo: None }));
            }
            self.desk.rights.set(rights);
            self.show_status();
        }
    }

    /// Loads the page anew when what was put aside is on the disk. Never at once: it has only begun to be written.
    fn load_when_put(self: &Rc<Self>, looks: u32) {
        let session = self.clone();
        let look = move || {
            if looks > 0 && session.journal.would_lose() {
                return session.load_when_put(looks - 1);
            }
            session.show_aside_again();
            let _ = window().location().reload();
        };
        set_timeout(look, SOON);
    }

    /// Whether another text is there than the one that this page shows, as far as it was told.
    pub fn is_on_text_before(&self) -> bool {
        self.link.told.get().is_some_and(|told| told != self.desk.place.revision)
    }

    /// The text was edited: the page is loaded anew when all that is not sent is on the disk, and what was begun to be
    /// written is kept by itself (`drafts`). False if that was tried before, or nothing can be kept here.
    fn load_anew(self: &Rc<Self>, revision: i32) -> bool {
        if self.loads_for(revision).is_none_or(|loads| loads >= LOADS) || self.journal.is_leaky() {
            self.desk.toast.set(Some(Toast { text: OLD_TEXT.into(), undo: None }));
            return false;
        }
        if !self.link.leaving.replace(true) {
            self.load_when_kept(revision, LOOKS);
        }
        true
    }

    fn load_when_kept(self: &Rc<Self>, revision: i32, looks: u32) {
        if looks == 0 || self.journal.is_leaky() {
            return self.stay_after_all(revision);
        }
        if !self.journal.would_lose() {
            // What cannot be counted would never end.
            if !self.note_loads(revision, self.loads_for(revision).unwrap_or(LOADS) + 1) {
                return self.stay_after_all(revision);
            }
            self.show_aside_again();
            let _ = window().location().reload();
            return;
        }
        let session = self.clone();
        set_timeout(move || session.load_when_kept(revision, looks - 1), SOON);
    }

    /// What is in this page alone would be lost with it: it stays, on the text before, and says so. It is not tried again by
    /// itself: a page that waits sends nothing.
    fn stay_after_all(self: &Rc<Self>, revision: i32) {
        self.link.leaving.set(false);
        self.note_loads(revision, LOADS);
        self.desk.toast.set(Some(Toast { text: OLD_TEXT.into(), undo: None }));
        if !self.is_open() {
            self.connect_if_alone();
        } else if self.link.synced.get() {
            self.renewed();
        }
    }

    /// How often this tab was loaded anew for an edit of the text; nothing where that is not known.
    fn loads_for(&self, revision: i32) -> Option<u32> {
        let noted = window().session_storage().ok().flatten()?.get_item(&self.edited_key()).ok()?;
        let (noted, loads) = noted.as_deref().and_then(|noted| noted.split_once(' ')).unwrap_or_default();
        Some(if noted.parse() == Ok(revision) { loads.parse().unwrap_or(LOADS) } else { 0 })
    }

    fn note_loads(&self, revision: i32, loads: u32) -> bool {
        let storage = window().session_storage().ok().flatten();
        storage.is_some_and(|storage| storage.set_item(&self.edited_key(), &format!("{revision} {loads}")).is_ok())
    }

    /// Says why the page was loaded anew, once, when it shows the new text.
    pub fn tell_edited(&self) {
        let Some(storage) = window().session_storage().ok().flatten() else { return };
        if self.loads_for(self.desk.place.revision).is_some_and(|loads| loads > 0) {
            let _ = storage.remove_item(&self.edited_key());
            self.desk.toast.set(Some(Toast { text: EDITED.into(), undo: None }));
        }
    }

    fn edited_key(&self) -> String {
        format!("edited/{}", self.desk.place.conversation)
    }

    /// Where it is anonymous, the presence tells everybody's pseudonym, to all alike. Calls people as this person knows
    /// them, and asks who those are whose names they may know and do not.
    pub fn call_by_name(&self, people: &mut [Person]) {
        let unknown = self.desk.names.with_untracked(|names| {
            let mut unknown = false;
            for person in people {
                match names.get(&person.id) {
                    Some(name) => person.name.clone_from(name),
                    None => unknown = true,
                }
            }
            unknown
        });
        if unknown && self.desk.rights.get_untracked().sees_names {
            spawn_local(ask_people(self.desk));
        }
    }

    /// Takes in all that happened before the connection stood.
    pub fn catch_up(self: &Rc<Self>, update: &[u8]) -> bool {
        let since = self.link.lost_at.take().filter(|_| !self.is_renewing());
        let Some(since) = since else { return self.take_in(update) };
        self.tally.replace(Some(Absence::default()));
        let before = self.replica().state();
        let taken = self.take_in(update);
        let mut absence = self.tally.take().unwrap_or_default();
        absence.states = Some((before, self.replica().state()));
        absence.sent = self.journal.pending.borrow().count();
        absence.length = js_sys::Date::now() - since;
        // It is told when all is saved: the last one may still wait for that.
        let waiting = self.link.absence.take();
        *self.link.absence.borrow_mut() = Some(match waiting {
            Some(before) => before.and(absence),
            None => absence,
        });
        taken
    }

    /// A highlight is about to be shown anew.
    pub fn note_highlight(&self, old: Option<&ArcRwSignal<Card>>, new: Option<&Highlight>) {
        if let (Some(absence), Some(new)) = (self.tally.borrow_mut().as_mut(), new) {
            absence.changed.push((old.map(|card| card.get_untracked().highlight), new.clone()));
        }
    }

    /// A text is about to be shown anew.
    pub fn note_text(&self, root: Root) {
        if let Some(absence) = self.tally.borrow_mut().as_mut() {
            absence.notes |= root == Root::Notes;
        }
    }

    /// Applies what came from the server; says whether it could.
    pub fn take_in(self: &Rc<Self>, update: &[u8]) -> bool {
        let taken = self.filling().take_in(update);
        if !taken {
            leptos::logging::warn!("an update that cannot be applied");
            self.drop_socket();
        }
        self.show_changes();
        self.rest();
        taken
    }
}

/// What happened in an absence is told, if it is worth it.
pub fn tell(desk: Desk, absence: &Absence) {
    let states = absence.states.as_ref();
    let beside = states.and_then(|(before, after)| Some((surroundings(desk, before)?, surroundings(desk, after)?)));
    if let Some(report) = Report::of(absence, beside.as_ref(), desk.place.author) {
        // What was settled before is not read yet.
        let settled = desk.report.get_untracked().map(|report| report.settled).unwrap_or_default();
        desk.report.set(Some(Report { settled, ..report }));
        desk.away_open.set(true);
    }
}

/// What of a document is beside its highlights, of which this is the state (an update, v1).
fn surroundings(desk: Desk, state: &[u8]) -> Option<Surroundings> {
    let copy = Replica::new(desk.place.author);
    let is_read = copy.take_in(state);
    let responses = document::responses(&copy.doc);
    let txn = copy.doc.transact();
    let (tags, merged) = (document::tags(&copy.roots, &txn), document::merged_tags(&copy.roots, &txn));
    is_read.then_some(Surroundings { tags, merged, responses })
}

/// Asks who people are of whom something is told: they may have come and gone since the page was made.
pub fn know_people(desk: Desk, people: Vec<UserId>) {
    if desk.names.with_untracked(|names| people.iter().any(|id| !names.contains_key(id))) {
        spawn_local(ask_people(desk));
    }
}

/// Asks who the people of an anonymous conversation are, as this person may see them: who comes for the first time was on
/// no list before. Without an answer they are called as the presence calls them.
async fn ask_people(desk: Desk) {
    if let Ok(people) = call(&ListPeople { id: desk.place.conversation }).await {
        desk.know(people);
        if let Some(session) = super::session() {
            session.show_people();
        }
    }
}
