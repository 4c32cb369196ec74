//! What this person did here, and how to take it back and do it again: commands of their own, done anew. What others
//! did is never undone.

use shared::document::{Command, Trace};

/// So much is remembered.
const MOST: usize = 200;

/// Something that was done.
#[derive(Clone)]
pub struct Step {
    /// What was done, in words.
    pub what: String,
    /// What was done here: the thing itself, or that it was taken back.
    pub did: Command,
    /// What stood in the document then, where it did something: if that is another now, somebody else has gone on with it.
    pub left: Option<Trace>,
    /// What takes it back.
    pub back: Command,
}

/// Two stacks: the last things done, and the last things taken back again.
#[derive(Default)]
pub struct History {
    done: Vec<Step>,
    undone: Vec<Step>,
}

impl History {
    /// Something was done. What was taken back before is no longer to be done again.
    pub fn did(&mut self, step: Step) {
        self.undone.clear();
        push(&mut self.done, step);
    }

    /// What would take the last thing back.
    pub fn last(&self) -> Option<&Command> {
        self.done.last().map(|step| &step.back)
    }

    /// This was taken back in another way.
    pub fn forget(&mut self, back: &Command) {
        if let Some(at) = self.done.iter().rposition(|known| known.back == *back) {
            self.done.remove(at);
        }
    }

    /// The next thing to undo, or to redo.
    pub fn take(&mut self, redo: bool) -> Option<Step> {
        if redo { self.undone.pop() } else { self.done.pop() }
    }

    /// What [`History::take`] gave was taken back, and this came of it.
    pub fn took(&mut self, redo: bool, step: Step) {
        push(if redo { &mut self.done } else { &mut self.undone }, step);
    }

    /// How many things can be undone, and redone.
    pub fn counts(&self) -> (usize, usize) {
        (self.done.len(), self.undone.len())
    }
}

fn push(stack: &mut Vec<Step>, step: Step) {
    if stack.len() == MOST {
        stack.remove(0);
    }
    stack.push(step);
}
