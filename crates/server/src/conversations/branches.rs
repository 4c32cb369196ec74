//! The tree of a conversation's messages, and the way through it that is shown.

use std::collections::HashMap;

use shared::ids::MessageId;

/// A message and what it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// The message.
    pub id: MessageId,
    /// What it follows; nothing at the start.
    pub parent: Option<MessageId>,
}

/// A message of a branch, with all that stand in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The message.
    pub id: MessageId,
    /// What it follows.
    pub parent: Option<MessageId>,
    /// Itself and the others, oldest first; empty where it is the only one.
    pub siblings: Vec<MessageId>,
}

/// The branch that goes through a message: from its start to it, and on by the newest. `nodes` are all messages of the
/// conversation, oldest first. Nothing if the message is none of them.
pub fn through(nodes: &[Node], message: MessageId) -> Option<Vec<Place>> {
    let parents: HashMap<MessageId, Option<MessageId>> = nodes.iter().map(|node| (node.id, node.parent)).collect();
    let mut children: HashMap<Option<MessageId>, Vec<MessageId>> = HashMap::new();
    for node in nodes {
        children.entry(node.parent).or_default().push(node.id);
    }
    let mut ids = vec![message];
    let mut at = *parents.get(&message)?;
    while let Some(id) = at {
        ids.push(id);
        // A message is stored after the one that it follows, so that there are no circles; should there be one, it ends.
        at = if ids.len() <= nodes.len() { parents.get(&id).copied().flatten() } else { None };
    }
    ids.reverse();
    let mut at = message;
    while let Some(newest) = children.get(&Some(at)).and_then(|below| below.last())
        && ids.len() < nodes.len()
    {
        at = *newest;
        ids.push(at);
    }
    let place = |id: MessageId| {
        let parent = parents.get(&id).copied().flatten();
        let siblings = children.get(&parent).filter(|siblings| siblings.len() > 1).cloned().unwrap_or_default();
        Place { id, parent, siblings }
    };
    Some(ids.into_iter().map(place).collect())
}

/// The branch of a conversation that was never continued here: its messages as they stand.
pub fn linear(nodes: &[Node]) -> Vec<Place> {
    nodes.iter().map(|node| Place { id: node.id, parent: node.parent, siblings: Vec::new() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree from the numbers of parents, where nobody is 0.
    fn tree(parents: &[usize]) -> (Vec<MessageId>, Vec<Node>) {
        let ids: Vec<MessageId> = parents.iter().map(|_| MessageId::new()).collect();
        let nodes = parents.iter().zip(&ids).map(|(parent, id)| {
            let parent = parent.checked_sub(1).map(|parent| ids[parent]);
            Node { id: *id, parent }
        });
        (ids.clone(), nodes.collect())
    }

    #[test]
    fn a_branch_goes_through_a_message_and_on_by_the_newest() {
        // 1 is asked and answered by 2 and 3; 4 follows 2, 5 follows 3; 6 stands beside 1.
        let (ids, nodes) = tree(&[0, 1, 1, 2, 3, 0]);
        let path = |number: usize| -> Vec<usize> {
            let path = through(&nodes, ids[number - 1]).unwrap();
            path.iter().map(|place| ids.iter().position(|id| *id == place.id).unwrap() + 1).collect()
        };
        assert_eq!(path(1), [1, 3, 5]);
        assert_eq!(path(2), [1, 2, 4]);
        assert_eq!(path(4), [1, 2, 4]);
        assert_eq!(path(6), [6]);
        let branch = through(&nodes, ids[4]).unwrap();
        assert_eq!(branch[0].siblings, [ids[0], ids[5]]);
        assert_eq!(branch[1].siblings, [ids[1], ids[2]]);
        assert!(branch[2].siblings.is_empty());
        assert_eq!(branch[2].parent, Some(ids[2]));
        assert_eq!(through(&nodes, MessageId::new()), None);
    }

    #[test]
    fn a_circle_is_no_endless_way() {
        let (ids, mut nodes) = tree(&[2, 1]);
        nodes[0].parent = Some(ids[1]);
        assert!(through(&nodes, ids[0]).is_some());
    }
}
