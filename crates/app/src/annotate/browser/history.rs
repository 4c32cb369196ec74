//! What this person did here, and how to take it back and do it again: commands of their own, done anew. What others
//! did is never undone.

use shared::document::Command;

/// So much is remembered.
const MOST: usize = 200;

/// Two stacks: what takes the last things back, and what does the last things taken back again.
#[derive(Default)]
pub struct History {
    back: Vec<Command>,
    again: Vec<Command>,
}

impl History {
    /// Something was done; this takes it back. What was taken back before is no longer to be done again.
    pub fn did(&mut self, back: Command) {
        self.again.clear();
        push(&mut self.back, back);
    }

    /// What would take the last thing back.
    pub fn last(&self) -> Option<&Command> {
        self.back.last()
    }

    /// This was taken back in another way.
    pub fn forget(&mut self, back: &Command) {
        if let Some(at) = self.back.iter().rposition(|known| known == back) {
            self.back.remove(at);
        }
    }

    /// The next command, to undo or to redo.
    pub fn take(&mut self, redo: bool) -> Option<Command> {
        if redo { self.again.pop() } else { self.back.pop() }
    }

    /// What [`History::take`] gave was done; this takes that back.
    pub fn took(&mut self, redo: bool, inverse: Command) {
        push(if redo { &mut self.back } else { &mut self.again }, inverse);
    }

    /// How many things can be undone, and redone.
    pub fn counts(&self) -> (usize, usize) {
        (self.back.len(), self.again.len())
    }
}

fn push(stack: &mut Vec<Command>, command: Command) {
    if stack.len() == MOST {
        stack.remove(0);
    }
    stack.push(command);
}
