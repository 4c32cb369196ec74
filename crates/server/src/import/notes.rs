//! Honest remarks for the person: what was left out, and how much of it.

/// Remarks that are collected while a conversation is read.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<String>);

impl Notes {
    /// `count` and the words for one or for many: `2 tool messages were left out.` Nothing for none.
    pub fn count(&mut self, count: usize, one: &str, many: &str) {
        match count {
            0 => {}
            1 => self.0.push(format!("1 {one}.")),
            n => self.0.push(format!("{n} {many}.")),
        }
    }

    /// A remark without a number.
    pub fn say(&mut self, sentence: &str) {
        self.0.push(sentence.to_owned());
    }

    /// The sentences, in the order they were made.
    pub fn into_sentences(self) -> Vec<String> {
        self.0
    }
}
