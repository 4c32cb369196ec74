//! What the views of one open conversation share: signals, and the ways to act.

mod cards;
mod kinds;

use std::collections::HashMap;

use leptos::prelude::*;
use shared::{
    access::Rights,
    api::{Anonymity, Person},
    document::{Command, Tag, TagGroup},
    ids::{CommentId, HighlightId, TagId, UserId},
    rules::Sender,
    selector::Target,
};

use self::cards::{Cards, matching};
pub use self::kinds::{AnchorState, Card, Dialog, Place, Placeless, Status, Tab, Toast};
use super::{
    away::{Aside, Report},
    browser,
    filter::{Filter, Reader},
    mentions::Asking,
    shortcuts::Settings,
    sought::Sought,
    whereabouts::Whereabouts,
};
use crate::{
    later::Later,
    parts::{hue, hue_among},
};

/// The signals of one open conversation.
#[derive(Clone, Copy)]
pub struct Desk {
    /// Who works here, and where.
    pub place: Place,
    /// The person's own name.
    pub name: StoredValue<String>,
    /// What they may do: it may change at any time.
    pub rights: RwSignal<Rights>,
    /// Whether the work is safe.
    pub status: RwSignal<Status>,
    /// Whether access to all of this has ended: nothing of it is shown any more, but what of one's own was not sent.
    pub ended: RwSignal<bool>,
    /// Whether what was annotated is not known: neither the server nor this device has told.
    pub absent: RwSignal<bool>,
    /// How many changes the server has not acknowledged.
    pub unsent: RwSignal<usize>,
    /// Whether another tab of this browser has changes that it has not acknowledged.
    pub elsewhere: RwSignal<bool>,
    /// Whether this device keeps what is not sent.
    pub keeps: RwSignal<bool>,
    /// What the server did not take, and this device keeps.
    pub aside: RwSignal<Vec<Aside>>,
    /// What happened in an absence.
    pub report: RwSignal<Option<Report>>,
    /// Whether the two are in sight.
    pub away_open: RwSignal<bool>,
    /// The cards, in the order of the text; the lost ones last.
    pub order: RwSignal<Vec<HighlightId>>,
    /// Which of them the person wants to see.
    pub filter: RwSignal<Filter>,
    /// Those in sight, in the same order. With them are the one in hand, and those with something half written: what
    /// arrives from elsewhere must not take a card away from below somebody's hands.
    pub shown: Memo<Vec<HighlightId>>,
    /// Whether paragraphs have numbers in the margin.
    pub numbered: RwSignal<bool>,
    /// The highlights whose words are nowhere in the text.
    pub placeless: RwSignal<HashMap<HighlightId, Placeless>>,
    /// Those in sight that have a place in the text: their cards stand beside it.
    pub beside: Memo<Vec<HighlightId>>,
    /// Those in sight that have none: their cards stand in a drawer.
    pub lost: Memo<Vec<HighlightId>>,
    /// Whether that is open.
    pub drawer: RwSignal<bool>,
    /// Whether there are so many cards that those far out of sight are not made. Every card depends on it: a signal that is
    /// set when it changes, and not derived, or each further highlight would ask all of them.
    pub many: RwSignal<bool>,
    /// When the person was last here, in milliseconds since 1970; 0 if never.
    pub last_visit: RwSignal<i64>,
    /// The vocabulary as it is shown: those of no group first, then group by group.
    pub tags: RwSignal<Vec<Tag>>,
    /// The groups of tags, in their order.
    pub groups: RwSignal<Vec<TagGroup>>,
    /// How many of one's own doings can be undone, and redone.
    pub history: RwSignal<(usize, usize)>,
    /// Rises with every change of the notes or of one's response.
    pub typed: RwSignal<u32>,
    /// Rises with every change of anything, while responses are in sight.
    pub heard: RwSignal<u32>,
    /// Who has the page open.
    pub present: RwSignal<Vec<Person>>,
    /// The colours of those who have the page open.
    pub hues: RwSignal<Vec<(UserId, u32)>>,
    /// Where the others are.
    pub whereabouts: RwSignal<HashMap<UserId, Whereabouts>>,
    /// Who is followed through the text.
    pub following: RwSignal<Option<UserId>>,
    /// Names of authors.
    pub names: RwSignal<HashMap<UserId, String>>,
    /// What others see in the place of some of them.
    pub pseudonyms: RwSignal<HashMap<UserId, String>>,
    /// How the person is seen, where the conversation is anonymous.
    pub anonymity: StoredValue<Option<Anonymity>>,
    /// The highlight in hand.
    pub active: RwSignal<Option<HighlightId>>,
    /// What is selected in the text.
    pub selection: RwSignal<Option<Vec<Target>>>,
    /// The tab in front.
    pub tab: RwSignal<Tab>,
    /// Whether the panel, where it is a sheet at the foot of a narrow page, is open; nothing before the tools work.
    pub sheet: RwSignal<Option<bool>>,
    /// The dialog that is open.
    pub dialog: RwSignal<Option<Dialog>>,
    /// The words that an address led to, until they are shown.
    pub sought: RwSignal<Option<Sought>>,
    /// The parts of the page that are loaded when they are first wanted.
    pub later: RwSignal<Later>,
    /// Which key does what, for this person on this device.
    pub shortcuts: RwSignal<Settings>,
    /// What was just said.
    pub toast: RwSignal<Option<Toast>>,
    /// Whom an `@` that is being typed may mean.
    pub asking: RwSignal<Option<Asking>>,
    /// What a screen reader is told.
    pub announcement: RwSignal<String>,
    cards: StoredValue<Cards>,
    gone: StoredValue<Cards>,
    hands: StoredValue<HashMap<HighlightId, ArcRwSignal<bool>>>,
}

/// More cards than these are not all made at once.
const MANY: usize = 100;

impl Desk {
    /// An empty desk.
    pub fn new(place: Place, rights: Rights, name: String, people: Vec<Person>, anonymity: Option<Anonymity>) -> Self {
        let (order, filter) = (RwSignal::new(Vec::new()), RwSignal::new(Filter::default()));
        let (active, last_visit) = (RwSignal::<Option<HighlightId>>::new(None), RwSignal::new(0));
        let cards = StoredValue::new(Cards::new());
        let matching = Memo::new(move |_| {
            let reader = Reader { author: place.author, last_visit: last_visit.get() };
            filter.with(|filter| order.with(|order| matching(filter, reader, order, cards)))
        });
        let shown = Memo::new(move |_| {
            let mut order = order.get();
            if !filter.with(Filter::is_clear) {
                let (active, drafts) = (active.get(), browser::half_written());
                let stays = |id: &HighlightId| active == Some(*id) || drafts.contains(id);
                matching.with(|matching| order.retain(|id| matching.contains(id) || stays(id)));
            }
            order
        });
        let placeless = RwSignal::new(HashMap::new());
        let standing = move |wanted: Option<Placeless>| {
            shown.with(|shown| {
                placeless.with(|placeless| {
                    let fits = |id: &&HighlightId| placeless.get(*id).copied() == wanted;
                    shown.iter().filter(fits).copied().collect::<Vec<_>>()
                })
            })
        };
        let desk = Self {
            place,
            name: StoredValue::new(name),
            rights: RwSignal::new(rights),
            status: RwSignal::new(Status::Connecting),
            ended: RwSignal::new(false),
            absent: RwSignal::new(false),
            unsent: RwSignal::new(0),
            elsewhere: RwSignal::new(false),
            keeps: RwSignal::new(true),
            aside: RwSignal::new(Vec::new()),
            report: RwSignal::new(None),
            away_open: RwSignal::new(false),
            order,
            filter,
            shown,
            numbered: RwSignal::new(false),
            placeless,
            beside: Memo::new(move |_| standing(None)),
            lost: Memo::new(move |_| standing(Some(Placeless::Lost))),
            drawer: RwSignal::new(true),
            many: RwSignal::new(false),
            last_visit,
            tags: RwSignal::new(Vec::new()),
            groups: RwSignal::new(Vec::new()),
            history: RwSignal::new((0, 0)),
            typed: RwSignal::new(0),
            heard: RwSignal::new(0),
            present: RwSignal::new(Vec::new()),
            hues: RwSignal::new(Vec::new()),
            whereabouts: RwSignal::new(HashMap::new()),
            following: RwSignal::new(None),
            names: RwSignal::default(),
            pseudonyms: RwSignal::default(),
            anonymity: StoredValue::new(anonymity),
            active,
            selection: RwSignal::new(None),
            tab: RwSignal::new(Tab::Annotations),
            sheet: RwSignal::new(None),
            dialog: RwSignal::new(None),
            sought: RwSignal::new(None),
            later: RwSignal::new(Later::Absent),
            shortcuts: RwSignal::new(Settings::default()),
            toast: RwSignal::new(None),
            asking: RwSignal::new(None),
            announcement: RwSignal::new(String::new()),
            cards,
            gone: StoredValue::new(HashMap::new()),
            hands: StoredValue::new(HashMap::new()),
        };
        desk.know(people);
        desk
    }

    /// Who people are, as the server tells this person.
    pub fn know(self, people: Vec<Person>) {
        let mut pseudonyms = HashMap::new();
        self.names.update(|names| {
            for Person { id, name, pseudonym } in people {
                names.insert(id, name);
                pseudonyms.extend(pseudonym.map(|pseudonym| (id, pseudonym)));
            }
        });
        if !pseudonyms.is_empty() {
            self.pseudonyms.set(pseudonyms);
        }
    }

    /// Shows these cards, in this order.
    pub fn set_order(self, order: Vec<HighlightId>) {
        let many = order.len() > MANY;
        if self.many.get_untracked() != many {
            self.many.set(many);
        }
        self.order.set(order);
    }

    /// Who changes something here, as the rules see them, now.
    pub fn sender(self) -> Sender {
        let Rights { access, moderates, .. } = self.rights.get_untracked();
        Sender { author: self.place.author, access, moderates }
    }

    /// Whether the person may change anything, tracked.
    pub fn may_annotate(self) -> bool {
        !self.absent.get() && self.rights.with(|rights| rights.access.may_annotate())
    }

    /// The tag of that id, tracked.
    pub fn tag(self, id: TagId) -> Option<Tag> {
        self.tags.with(|tags| tags.iter().find(|tag| tag.id == id).cloned())
    }

    /// A person's name, tracked.
    pub fn name_of(self, id: UserId) -> String {
        self.names.with(|names| names.get(&id).cloned()).unwrap_or_else(|| "Somebody".to_owned())
    }

    /// A person's colour, tracked: nobody else's of those who are here.
    pub fn hue_of(self, id: UserId) -> u32 {
        self.hues.with(|hues| hue_among(hues, id)).unwrap_or_else(|| hue(&id.to_string()))
    }

    /// What a highlight is called: its tags, and who made it; tracked.
    pub fn label(self, id: HighlightId) -> String {
        let Some(card) = self.card(id) else { return String::new() };
        card.with(|card| {
            let names = card.highlight.tags.iter().filter_map(|(tag, _)| Some(self.tag(*tag)?.name));
            format!("{} by {}", names.collect::<Vec<_>>().join(", "), self.name_of(card.highlight.author))
        })
    }

    /// Changes which cards are in sight, and says how many there are then.
    pub fn set_filter(self, change: impl FnOnce(&mut Filter)) {
        self.filter.update(change);
        // The card in hand stays in sight whatever becomes of it, but not against a new question.
        if self.active.get_untracked().is_some_and(|id| !self.is_wanted(id)) {
            self.active.set(None);
        }
        let (shown, all) = (self.shown.with_untracked(Vec::len), self.order.with_untracked(Vec::len));
        self.announcement.set(format!("{shown} of {all} highlights."));
    }

    /// All cards are in sight again.
    pub fn clear_filter(self) {
        self.set_filter(|filter| *filter = Filter::default());
    }

    /// Whether the filter lets a highlight through.
    fn is_wanted(self, id: HighlightId) -> bool {
        let reader = Reader { author: self.place.author, last_visit: self.last_visit.get_untracked() };
        self.card(id).is_some_and(|card| {
            card.with_untracked(|card| self.filter.with_untracked(|filter| filter.matches(&card.highlight, reader)))
        })
    }

    /// Does something to the document, or says why not; whether it was done.
    pub fn run(self, command: Command) -> bool {
        browser::run(self, command)
    }

    /// Takes back the last thing that this person did here, or does it again, and says what.
    pub fn step_back(self, redo: bool) {
        browser::step_back(self, redo);
    }

    /// Does a command that takes something back; whether it was done.
    pub fn take_back(self, command: Command) -> bool {
        browser::take_back(self, command)
    }

    /// Marks what is selected. What this person has marked just so is not marked again, but taken in hand.
    pub fn mark(self, tag: TagId) {
        let Some(targets) = self.selection.get_untracked() else { return };
        let known = self.marked(&targets, tag);
        let id = known.unwrap_or_else(HighlightId::new);
        if known.is_none() && !self.run(Command::Highlight { id, targets, tag }) {
            return;
        }
        browser::leave_selection();
        self.selection.set(None);
        self.active.set(Some(id));
        browser::come_into_sight(self, None);
        let name =
            self.tags.with_untracked(|tags| tags.iter().find(|known| known.id == tag).map(|tag| tag.name.clone()));
        let name = name.unwrap_or_default();
        let is_here = self.tab.get_untracked() == Tab::Annotations;
        if is_here {
            // Where the panel is a sheet, the card would be out of sight.
            self.sheet.update(|sheet| *sheet = sheet.map(|_| true));
        }
        match known {
            Some(_) => self.say(format!("You have marked this as {name} already."), None),
            // Whoever writes a response goes on with it: the card is not in sight.
            None if !is_here => self.say(format!("Marked as {name}."), Some(Command::Delete(id))),
            None => {
                // As the one in hand it is in sight, whatever is asked for.
                let and =
                    if self.is_wanted(id) { "" } else { " The filter hides it as soon as another is taken in hand." };
                self.announcement.set(format!("Marked as {name}.{and}"));
            }
        }
    }

    /// The highlight of exactly this by this person, if there is one with the tag.
    fn marked(self, targets: &[Target], tag: TagId) -> Option<HighlightId> {
        let place = |target: &Target| (target.message, target.start, target.end);
        let is_same = |id: &HighlightId| {
            self.card(*id).is_some_and(|card| {
                card.with_untracked(|Card { highlight, anchor, .. }| {
                    highlight.author == self.place.author
                        && *anchor == AnchorState::Exact
                        && highlight.deleted.is_none()
                        && highlight.tags.iter().any(|(own, _)| *own == tag)
                        && highlight.targets.iter().map(place).eq(targets.iter().map(place))
                })
            })
        };
        self.order.with_untracked(|order| order.iter().copied().find(is_same))
    }

    /// Says something at the edge of the page, perhaps with a way back.
    fn say(self, text: String, undo: Option<Command>) {
        self.toast.set(Some(Toast { text, undo }));
    }

    /// Writes into a thread, perhaps in answer to a comment; whether it was done.
    pub fn comment(self, highlight: HighlightId, parent: Option<CommentId>, body: String) -> bool {
        self.run(Command::Comment { highlight, id: CommentId::new(), body, parent })
    }

    /// Attaches a highlight to what is selected.
    pub fn attach(self, id: HighlightId) {
        let Some(targets) = self.selection.get_untracked() else { return };
        if self.run(Command::Attach(id, targets)) {
            browser::leave_selection();
            self.selection.set(None);
            self.announcement.set("Attached to the selection.".to_owned());
            // A card that was in the drawer is made anew beside its text, and had the focus.
            browser::move_focus(&format!("#h-{id}"), 0);
        }
    }

    /// Deletes a highlight, and offers it back.
    pub fn delete(self, id: HighlightId) {
        if self.run(Command::Delete(id)) {
            self.say("Highlight deleted.".into(), Some(Command::Restore(id)));
            // The card had the focus and is gone; the way back is what comes next.
            browser::move_focus(".toast button", 0);
        }
    }
}
