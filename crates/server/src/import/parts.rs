//! Names of the files of an export that hold conversations.

/// The place of a file among the parts of an export: 0 for `conversations.json`, 1 for `conversations-000.json`, and so
/// on; `None` for any other file.
pub(super) fn number(name: &str) -> Option<u64> {
    let name = name.to_ascii_lowercase();
    let middle = name.strip_prefix("conversations")?.strip_suffix(".json")?;
    if middle.is_empty() {
        return Some(0);
    }
    let digits = middle.strip_prefix(['-', '_'])?;
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if all_digits { digits.parse::<u64>().ok()?.checked_add(1) } else { None }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn parts_are_known_by_name_and_ordered_by_number() {
        assert_eq!(number("conversations.json"), Some(0));
        assert_eq!(number("Conversations-000.JSON"), Some(1));
        assert_eq!(number("conversations-10.json"), Some(11));
        for other in [
            "shared_conversations.json",
            "conversations.txt",
            "conversations-.json",
            "conversations-a.json",
            "._conversations.json",
        ] {
            assert_eq!(number(other), None, "{other}");
        }
        assert_eq!(number("conversations-99999999999999999999.json"), None);
    }
}
