//! A plan made from a seed: edits that keep to the schema and the rules, and a network and a server that keep to
//! nothing.

use std::collections::BTreeSet;

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom, seq::SliceRandom};
use serde_json::{Value, json};
use shared::{
    ids::MessageId,
    selector::Target,
    text::{CharOffset, OffsetMap},
};
use uuid::Uuid;

use super::{
    edits::Edit,
    link::Arrival,
    plan::{Plan, Role, Step},
    replica::Library::{Pycrdt, Yjs, Yrs},
    stage::{PEOPLE, TURNS, text_of},
};

/// Steps of one plan, without those that bring it to an end.
const STEPS: usize = 90;

const WORDS: [&str; 16] = [
    "bee ",
    "waggle ",
    "\n",
    "🐝",
    "👨‍👩‍👧‍👦",
    "e\u{301}",
    "蜂蜜",
    "עברית ",
    "**dance** ",
    "a",
    "é",
    "🍯🍯",
    "\t",
    "- item\n",
    "?",
    "👍🏽 ",
];

/// 2025-01-01, in milliseconds.
const BEGINNING: i64 = 1_735_689_600_000;

/// What a replica is sure to hold, however slow the network.
#[derive(Debug, Clone, Default)]
struct Known {
    highlights: BTreeSet<(String, usize)>,
    /// Highlight, comment, the replica that wrote it.
    comments: BTreeSet<(String, String, usize)>,
    tags: BTreeSet<String>,
    groups: BTreeSet<String>,
}

impl Known {
    fn join(&mut self, other: &Self) {
        self.highlights.extend(other.highlights.iter().cloned());
        self.comments.extend(other.comments.iter().cloned());
        self.tags.extend(other.tags.iter().cloned());
        self.groups.extend(other.groups.iter().cloned());
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wire {
    Open,
    Held,
    Cut,
}

struct Author {
    rng: StdRng,
    replicas: Vec<Role>,
    known: Vec<Known>,
    wires: Vec<Wire>,
    is_up: bool,
    steps: Vec<Step>,
    /// Counts ids and time.
    count: u64,
}

/// The plan of a seed; always the same one.
pub fn plan(seed: u64) -> Plan {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut libraries = vec![Yrs, Yjs, Pycrdt, Yrs, *[Yjs, Pycrdt].choose(&mut rng).unwrap()];
    libraries.shuffle(&mut rng);
    let replicas: Vec<_> = (0..)
        .zip(libraries)
        .map(|(place, library)| {
            // Some as Yjs draws them (32 bits), some as yrs does (53 bits), never one twice.
            let bits = if rng.random() { 29 } else { 50 };
            let client = rng.random_range(0..1_u64 << bits) * 8 + place as u64;
            Role { library, person: place % PEOPLE.len(), client }
        })
        .collect();
    let tags = (0..6).map(|tag| format!("@tag-{tag}")).collect();
    let known = Known { tags, ..Known::default() };
    let count = replicas.len();
    let mut author = Author {
        rng,
        replicas,
        known: vec![known; count],
        wires: vec![Wire::Open; count],
        is_up: true,
        steps: Vec::new(),
        count: 0,
    };
    // Something to argue about, known to all.
    for replica in 0..count {
        let edit = author.highlight(replica);
        author.steps.push(Step::Edit { replica, edit });
    }
    author.settle();
    while author.steps.len() < STEPS {
        author.step();
    }
    Plan { seed, replicas: author.replicas, steps: author.steps }
}

impl Author {
    fn step(&mut self) {
        let replica = self.rng.random_range(0..self.replicas.len());
        let is_calm = self.is_up && self.wires[replica] == Wire::Open;
        match (self.rng.random_range(0..100), self.wires[replica]) {
            (0..62, _) => {
                let edit = self.edit(replica);
                self.steps.push(Step::Edit { replica, edit });
            }
            (62..68, _) if is_calm => {
                let edit = self.edit(replica);
                self.steps.push(Step::Repeat { replica, edit });
            }
            (68..73, _) if is_calm => self.shuffle(replica),
            (73..81, Wire::Open | Wire::Held) => {
                self.wires[replica] = Wire::Cut;
                self.steps.push(Step::Cut { replica });
            }
            (73..81, Wire::Cut) if self.is_up => self.join(replica),
            (81..88, Wire::Open) => {
                self.wires[replica] = Wire::Held;
                self.steps.push(Step::Hold { replica });
            }
            (81..88, Wire::Held) => self.release(replica),
            (88..91, _) => self.turn_server(),
            (91..95, _) => self.steps.push(Step::Snapshot),
            (95.., _) if self.is_up => self.settle(),
            _ => {}
        }
    }

    fn join(&mut self, replica: usize) {
        self.wires[replica] = Wire::Open;
        let resend = self.rng.random();
        self.steps.push(Step::Join { replica, resend });
    }

    fn release(&mut self, replica: usize) {
        self.wires[replica] = Wire::Open;
        let arrival = *[Arrival::InOrder, Arrival::Reversed, Arrival::Twice].choose(&mut self.rng).unwrap();
        self.steps.push(Step::Release { replica, arrival });
    }

    /// A server that goes takes what is held with it.
    fn turn_server(&mut self) {
        self.is_up = !self.is_up;
        let step = match (self.is_up, self.rng.random()) {
            (true, _) => Step::Start,
            (false, true) => Step::Stop,
            (false, false) => Step::Kill,
        };
        self.steps.push(step);
        for wire in self.wires.iter_mut().filter(|wire| **wire == Wire::Held) {
            *wire = Wire::Open;
        }
    }

    fn settle(&mut self) {
        for replica in 0..self.replicas.len() {
            if self.wires[replica] == Wire::Held {
                self.release(replica);
            }
        }
        self.steps.push(Step::Settle);
        let connected: Vec<_> = (0..self.replicas.len()).filter(|&replica| self.wires[replica] == Wire::Open).collect();
        let mut all = Known::default();
        connected.iter().for_each(|&replica| all.join(&self.known[replica]));
        connected.iter().for_each(|&replica| self.known[replica] = all.clone());
    }

    /// Each of the edits brings something, so that those that overtake it lack it.
    fn shuffle(&mut self, replica: usize) {
        let count = self.rng.random_range(2..=3);
        let mut edits = Vec::new();
        while edits.len() < count {
            let edit = self.edit(replica);
            if edit.brings() {
                edits.push(edit);
            } else {
                self.steps.push(Step::Edit { replica, edit });
            }
        }
        let mut order: Vec<_> = (0..count).collect();
        order.shuffle(&mut self.rng);
        self.steps.push(Step::Shuffle { replica, edits, order });
    }

    fn edit(&mut self, replica: usize) -> Edit {
        match self.rng.random_range(0..100) {
            0..45 => self.text(replica),
            45..58 => self.highlight(replica),
            58..70 => self.comment(replica),
            70..77 => self.comment_again(replica),
            77..86 => self.retag(replica),
            86..91 => self.resolve(replica),
            91..95 => self.delete(replica),
            95..98 => self.new_tag(replica),
            _ => self.new_group(replica),
        }
    }

    /// A UUIDv7 of the plan's own time.
    fn id(&mut self) -> String {
        let time = self.now() as u128;
        let random: u128 = self.rng.random();
        let bits = time << 80 | random & 0x0fff_3fff_ffff_ffff_ffff | 0x7000_8000_0000_0000_0000;
        Uuid::from_u128(bits).to_string()
    }

    fn now(&mut self) -> i64 {
        self.count += 1;
        BEGINNING + self.count as i64 * 1_009
    }

    fn person(&self, replica: usize) -> String {
        format!("@{}", PEOPLE[self.replicas[replica].person])
    }

    fn words(&mut self, most: usize) -> String {
        let count = self.rng.random_range(1..=most);
        (0..count).map(|_| *WORDS.choose(&mut self.rng).unwrap()).collect()
    }

    fn pick<T: Clone>(&mut self, from: impl IntoIterator<Item = T>) -> Option<T> {
        from.into_iter().collect::<Vec<_>>().choose(&mut self.rng).cloned()
    }

    fn text(&mut self, replica: usize) -> Edit {
        let root = if self.rng.random() { "notes".into() } else { format!("response:{}", self.person(replica)) };
        let remove = if self.rng.random_range(0..3) == 0 { self.rng.random_range(1..20) } else { 0 };
        let insert = match self.rng.random_range(0..10) {
            0 if remove > 0 => String::new(),
            1 => self.words(200),
            _ => self.words(5),
        };
        Edit::Text { root, at: self.rng.random_range(0..10_000), remove, insert }
    }

    fn highlight(&mut self, replica: usize) -> Edit {
        let (id, at) = (self.id(), self.now());
        let tags = self.known[replica].tags.clone();
        let tag = self.pick(tags).unwrap();
        let first = self.rng.random_range(0..TURNS.len());
        let mut targets = vec![self.target(first)];
        if self.rng.random_range(0..5) == 0 {
            targets.push(self.target((first + 1) % TURNS.len()));
        }
        self.known[replica].highlights.insert((id.clone(), self.replicas[replica].person));
        Edit::Highlight { id, targets: targets.into(), author: self.person(replica), at, tag }
    }

    fn target(&mut self, turn: usize) -> Value {
        let text = text_of(turn);
        let map = OffsetMap::new(&text);
        let length = text.chars().count() as u32;
        let described = loop {
            let start = self.rng.random_range(0..length - 5);
            let end = self.rng.random_range(start + 3..=length.min(start + 40));
            let range = CharOffset(start)..CharOffset(end);
            // White space alone is no passage.
            if let Ok(target) = Target::describe(MessageId::from_uuid(Uuid::nil()), &text, &map, range) {
                break target;
            }
        };
        let mut target = serde_json::to_value(described).unwrap();
        target["message"] = json!(format!("@message-{turn}"));
        target
    }

    fn comment(&mut self, replica: usize) -> Edit {
        let (id, at, body) = (self.id(), self.now(), format!("I think {}", self.words(8)).trim().to_owned());
        let highlights = self.known[replica].highlights.clone();
        let (highlight, _) = self.pick(highlights).unwrap();
        let thread: Vec<_> = self.known[replica].comments.iter().filter(|one| one.0 == highlight).cloned().collect();
        let parent = if self.rng.random() { self.pick(thread).map(|(_, parent, _)| parent) } else { None };
        self.known[replica].comments.insert((highlight.clone(), id.clone(), replica));
        Edit::Comment { highlight, id, author: self.person(replica), at, body, parent }
    }

    /// Edits a comment of one's own, or marks it deleted; then it is left alone.
    fn comment_again(&mut self, replica: usize) -> Edit {
        let own: Vec<_> = self.known[replica].comments.iter().filter(|one| one.2 == replica).cloned().collect();
        let Some(comment) = self.pick(own) else { return self.comment(replica) };
        let (highlight, id, _) = comment.clone();
        if self.rng.random_range(0..3) == 0 {
            // Others may know it still, and answer it.
            self.known[replica].comments.remove(&comment);
            return Edit::DeleteComment { highlight, id };
        }
        Edit::Reword { highlight, id, body: format!("Rather {}", self.words(8)).trim().to_owned(), at: self.now() }
    }

    fn retag(&mut self, replica: usize) -> Edit {
        let Known { highlights, tags, .. } = self.known[replica].clone();
        let ((highlight, _), tag) = (self.pick(highlights).unwrap(), self.pick(tags).unwrap());
        if self.rng.random_range(0..3) == 0 {
            Edit::Untag { highlight, tag }
        } else {
            Edit::Tag { highlight, tag, order: self.now() }
        }
    }

    fn resolve(&mut self, replica: usize) -> Edit {
        let highlights = self.known[replica].highlights.clone();
        let (highlight, _) = self.pick(highlights).unwrap();
        if self.rng.random_range(0..3) == 0 {
            return Edit::Reopen { highlight };
        }
        Edit::Resolve { highlight, author: self.person(replica), at: self.now() }
    }

    fn delete(&mut self, replica: usize) -> Edit {
        let person = self.replicas[replica].person;
        let own: Vec<_> = self.known[replica].highlights.iter().filter(|one| one.1 == person).cloned().collect();
        let (highlight, _) = self.pick(own).unwrap();
        if self.rng.random_range(0..3) == 0 {
            return Edit::Restore { highlight };
        }
        Edit::Delete { highlight, author: self.person(replica), at: self.now() }
    }

    fn new_tag(&mut self, replica: usize) -> Edit {
        let id = self.id();
        let groups = self.known[replica].groups.clone();
        let group = self.pick(groups);
        self.known[replica].tags.insert(id.clone());
        let (name, order) = (format!("Tag {}", self.count), self.count as i64);
        Edit::NewTag { id, author: self.person(replica), name, colour: "#246997".into(), order, group }
    }

    fn new_group(&mut self, replica: usize) -> Edit {
        let id = self.id();
        self.known[replica].groups.insert(id.clone());
        let (name, order) = (format!("Group {}", self.count), self.count as i64);
        Edit::NewGroup { id, author: self.person(replica), name, order }
    }
}

#[test]
fn a_seed_is_one_plan_and_survives_its_file() {
    let made = plan(7);
    assert_eq!(made, plan(7));
    assert_ne!(made.steps, plan(8).steps);
    assert_eq!(serde_json::from_str::<Plan>(&serde_json::to_string(&made).unwrap()).unwrap(), made);
}
