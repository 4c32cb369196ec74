//! The ledger: every edit that was made, and which of them the server has promised to keep.

use std::{collections::HashMap, ops::Range};

use yrs::{ClientID, Snapshot};

use super::reading::{Reading, Subject};

/// One edit of one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EditId {
    room: usize,
    subject: usize,
    version: usize,
}

/// An edit as it is entered.
#[derive(Debug)]
pub struct Edit {
    pub subject: Subject,
    /// What the subject says after it; `None`: it is gone.
    pub says: Option<String>,
    /// The Yjs client that made it.
    pub client: ClientID,
    /// The units that it brought; empty where it only deletes.
    pub clocks: Range<u32>,
}

struct Version {
    says: Option<String>,
    client: ClientID,
    clocks: Range<u32>,
    acked: bool,
}

#[derive(Default)]
struct Page {
    numbers: HashMap<Subject, usize>,
    subjects: Vec<(Subject, Vec<Version>)>,
}

/// All edits of all rooms.
pub struct Book {
    pages: Vec<Page>,
    /// Edits that were made.
    pub made: u64,
    /// Edits that were acknowledged.
    pub acked: u64,
}

impl Book {
    pub fn new(rooms: usize) -> Book {
        Book { pages: (0..rooms).map(|_| Page::default()).collect(), made: 0, acked: 0 }
    }

    pub fn enter(&mut self, room: usize, edit: Edit) -> EditId {
        let Edit { subject, says, client, clocks } = edit;
        let page = &mut self.pages[room];
        let number = *page.numbers.entry(subject.clone()).or_insert_with(|| {
            page.subjects.push((subject, Vec::new()));
            page.subjects.len() - 1
        });
        let versions = &mut page.subjects[number].1;
        versions.push(Version { says, client, clocks, acked: false });
        self.made += 1;
        EditId { room, subject: number, version: versions.len() - 1 }
    }

    pub fn acknowledge(&mut self, edit: EditId) {
        let version = &mut self.pages[edit.room].subjects[edit.subject].1[edit.version];
        assert!(!version.acked, "an edit is acknowledged once");
        version.acked = true;
        self.acked += 1;
    }

    /// How many edits of each kind of subject are acknowledged: new lines, lines taken out, highlights, comments.
    pub fn kinds(&self) -> [u64; 4] {
        let mut kinds = [0; 4];
        for (subject, versions) in self.pages.iter().flat_map(|page| &page.subjects) {
            for version in versions.iter().filter(|version| version.acked) {
                kinds[match (subject, &version.says) {
                    (Subject::Line(..), Some(_)) => 0,
                    (Subject::Line(..), None) => 1,
                    (Subject::Highlight(_), _) => 2,
                    (Subject::Comment(..), _) => 3,
                }] += 1;
            }
        }
        kinds
    }

    /// Compares a room's document with the ledger, and says what is wrong: an acknowledged edit that is not there, one
    /// that was undone, or something that nobody wrote. An edit that was not acknowledged may be there or not.
    pub fn faults(&self, room: usize, reading: &Reading) -> Vec<String> {
        let page = &self.pages[room];
        let mut faults = Vec::new();
        for (subject, versions) in &page.subjects {
            let found = reading.said.get(subject);
            let promised = versions.iter().rposition(|version| version.acked);
            let later = &versions[promised.unwrap_or(0)..];
            let fits = later.iter().any(|version| version.says.as_ref() == found);
            if !fits && (promised.is_some() || found.is_some()) {
                faults.push(format!(
                    "{subject:?} says {found:?}, promised was version {promised:?} of {}",
                    versions.len()
                ));
            }
            for version in versions.iter().filter(|version| version.acked) {
                if reading.snapshot.state_map.get(&version.client) < version.clocks.end {
                    faults.push(format!("{subject:?}: units {:?} of {} are missing", version.clocks, version.client));
                }
            }
        }
        let unknown = reading.said.keys().filter(|subject| !page.numbers.contains_key(subject));
        faults.extend(unknown.map(|subject| format!("{subject:?} is there, and nobody wrote it")));
        faults
    }
}

/// What a replica has of other clients' that is not stored: it was shown before it was durable.
pub fn shown_too_early(own: ClientID, replica: &Snapshot, stored: &Snapshot) -> Vec<String> {
    let mut faults = Vec::new();
    for (client, clock) in replica.state_map.iter().filter(|(client, _)| **client != own) {
        let kept = stored.state_map.get(client);
        if *clock > kept {
            faults.push(format!("units {kept}..{clock} of {client} were shown and are not stored"));
        }
    }
    for (client, ranges) in replica.delete_set.diff(&stored.delete_set).iter() {
        if *client != own && !ranges.is_empty() {
            let ranges: Vec<_> = ranges.iter().collect();
            faults.push(format!("the deletion of {ranges:?} of {client} was shown and is not stored"));
        }
    }
    faults
}
