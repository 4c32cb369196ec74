//! Annotations of the W3C's Web Annotation Data Model (Recommendation of 23 February 2017), read from JSON-LD as tools write
//! it: a collection with its first page, a page, a set (EPUB Annotations), a list, or one alone.

use std::ops::Range;

use serde_json::Value;
use shared::{
    document::{MAX_COMMENT_CHARS, MAX_TAG_NAME_CHARS},
    ids::MessageId,
    selector::MAX_EXACT_CHARS,
};

/// Annotations of one file.
pub(super) const MAX_ANNOTATIONS: usize = 2_000;

/// Passages of one annotation; tags and remarks each as well.
const MAX_PARTS: usize = 50;

/// An annotation, as far as it can be shown here.
#[derive(Debug, PartialEq)]
pub(super) struct Incoming {
    /// Its address; without one, itself: the same annotation is known again by it.
    pub(super) id: String,
    pub(super) aim: Aim,
    pub(super) tags: Vec<String>,
    pub(super) remarks: Vec<Remark>,
    /// What is in it that cannot be shown here, for people.
    pub(super) notes: Vec<String>,
}

/// What an annotation is of.
#[derive(Debug, PartialEq)]
pub(super) enum Aim {
    Passages(Vec<Wanted>),
    /// Something with this address, which is another annotation or a remark in one.
    Answer(String),
}

/// A passage, by its quote.
#[derive(Debug, PartialEq)]
pub(super) struct Wanted {
    /// The message, if it says which one in our way.
    pub(super) message: Option<MessageId>,
    pub(super) exact: String,
    pub(super) prefix: String,
    pub(super) suffix: String,
    /// In code points of the message.
    pub(super) position: Option<Range<u32>>,
}

/// A comment.
#[derive(Debug, PartialEq)]
pub(super) struct Remark {
    /// Its address, if it has one.
    pub(super) id: Option<String>,
    pub(super) by: Option<String>,
    pub(super) words: String,
}

/// The annotations of a file, each or why it is none; or why it is no such file.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Result<Incoming, String>>, String> {
    let file: Value = serde_json::from_slice(bytes).map_err(|error| format!("This is no JSON: {error}."))?;
    let items = items(&file).ok_or(
        "There are no Web Annotations in it: a list of them is looked for, an AnnotationPage with items, or an AnnotationCollection with its first page.",
    )?;
    if items.len() > MAX_ANNOTATIONS {
        return Err(format!("{} annotations are too many at once: bring at most {MAX_ANNOTATIONS}.", items.len()));
    }
    Ok(items.into_iter().map(incoming).collect())
}

fn items(file: &Value) -> Option<Vec<&Value>> {
    match file {
        Value::Array(items) => Some(items.iter().collect()),
        Value::Object(one) => {
            if let Some(first @ Value::Object(_)) = one.get("first") {
                return items(first);
            }
            match one.get("items") {
                Some(Value::Array(items)) => Some(items.iter().collect()),
                _ => one.contains_key("target").then(|| vec![file]),
            }
        }
        _ => None,
    }
}

fn incoming(item: &Value) -> Result<Incoming, String> {
    let target = item.get("target").ok_or("It has no target.")?;
    let mut notes = Vec::new();
    let (tags, remarks) = bodies(item, &mut notes)?;
    let aim = aim(target)?;
    if matches!(aim, Aim::Answer(_)) && remarks.is_empty() {
        return Err("It is about another resource, and says nothing in words.".into());
    }
    let id = text(item, "id").map_or_else(|| item.to_string(), str::to_owned);
    Ok(Incoming { id, aim, tags, remarks, notes })
}

/// One or many: JSON-LD knows no difference.
fn each(value: &Value) -> &[Value] {
    match value {
        Value::Array(many) => many,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

fn text<'a>(of: &'a Value, key: &str) -> Option<&'a str> {
    of.get(key)?.as_str()
}

fn aim(target: &Value) -> Result<Aim, String> {
    let targets = each(target);
    if targets.len() > MAX_PARTS {
        return Err(format!("It is of {} passages; {MAX_PARTS} fit into a highlight.", targets.len()));
    }
    if let [one] = targets {
        let address = one.as_str().or_else(|| text(one, "id").filter(|_| one.get("selector").is_none()));
        if let Some(address) = address {
            return Ok(Aim::Answer(address.to_owned()));
        }
    }
    let passages: Vec<Wanted> = targets.iter().map(wanted).collect::<Result<_, _>>()?;
    if passages.is_empty() { Err("It has no target.".into()) } else { Ok(Aim::Passages(passages)) }
}

fn wanted(target: &Value) -> Result<Wanted, String> {
    let selectors = target.get("selector").map(each).unwrap_or_default();
    let of = |kind: &str| selectors.iter().find(|selector| is_of(selector, kind));
    let source = target.get("source");
    let source = source.and_then(|source| source.as_str().or_else(|| text(source, "id")));
    let message = source.and_then(|source| source.strip_prefix("urn:uuid:")?.parse().ok());
    let number = |selector: &Value, key: &str| selector.get(key)?.as_u64().and_then(|at| u32::try_from(at).ok());
    let position = of("TextPositionSelector")
        .and_then(|selector| Some(number(selector, "start")?..number(selector, "end")?))
        .filter(|range| range.start < range.end);
    let quote = of("TextQuoteSelector");
    let part = |key: &str| quote.and_then(|quote| text(quote, key)).unwrap_or_default().to_owned();
    let exact = part("exact");
    if exact.trim().is_empty() {
        return Err("It quotes nothing: a TextQuoteSelector is what it is found by.".into());
    }
    let chars = exact.chars().count();
    if chars > MAX_EXACT_CHARS {
        return Err(format!("It quotes {chars} characters; a highlight holds {MAX_EXACT_CHARS}."));
    }
    Ok(Wanted { message, exact, prefix: part("prefix"), suffix: part("suffix"), position })
}

fn is_of(value: &Value, kind: &str) -> bool {
    value.get("type").is_some_and(|types| each(types).iter().any(|one| one.as_str() == Some(kind)))
}

/// Tags and remarks.
fn bodies(item: &Value, notes: &mut Vec<String>) -> Result<(Vec<String>, Vec<Remark>), String> {
    let (mut tags, mut remarks) = (Vec::<String>::new(), Vec::new());
    let bodies = item.get("body").map(each).unwrap_or_default();
    let alone = text(item, "bodyValue").map(|words| (words, None));
    let described = bodies.iter().filter_map(|body| Some((text(body, "value")?, Some(body))));
    if bodies.len() > 2 * MAX_PARTS {
        return Err(format!("It has {} bodies; {} fit into a highlight.", bodies.len(), 2 * MAX_PARTS));
    }
    for (words, body) in alone.into_iter().chain(described) {
        let purpose = body.and_then(|body| body.get("purpose")).or_else(|| item.get("motivation"));
        let of_tag = body.is_some_and(|body| body.get("purpose").is_some_and(|purpose| says(purpose, "tagging")))
            || purpose.is_some_and(|purpose| each(purpose).len() == 1 && says(purpose, "tagging"));
        if of_tag {
            let name = words.split_whitespace().collect::<Vec<_>>().join(" ");
            let is_name =
                (1..=MAX_TAG_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control);
            match is_name {
                true if tags.contains(&name) => {}
                true => tags.push(name),
                false => {
                    notes.push(format!("A tag of it is left out: a name has 1 to {MAX_TAG_NAME_CHARS} characters."))
                }
            }
            continue;
        }
        if words.trim().is_empty() {
            continue;
        }
        let creator = body.and_then(|body| body.get("creator")).or_else(|| item.get("creator"));
        let by = creator.and_then(|creator| each(creator).first()).and_then(name);
        let id = body.and_then(|body| text(body, "canonical").or_else(|| text(body, "id"))).map(str::to_owned);
        if words.chars().count() > MAX_COMMENT_CHARS {
            notes.push(format!("A comment of it is left out: it has more than {MAX_COMMENT_CHARS} characters."));
        } else {
            remarks.push(Remark { id, by, words: words.to_owned() });
        }
    }
    let elsewhere = bodies.iter().filter(|body| text(body, "value").is_none()).count();
    if elsewhere > 0 {
        notes.push("A body of it stands elsewhere, and is not fetched.".into());
    }
    Ok((tags, remarks))
}

fn says(purpose: &Value, what: &str) -> bool {
    each(purpose).iter().any(|one| one.as_str() == Some(what))
}

/// Somebody's name: their pseudonym where they have one.
fn name(creator: &Value) -> Option<String> {
    let name = text(creator, "nickname").or_else(|| text(creator, "name"))?;
    let name: String = name.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_TAG_NAME_CHARS).collect();
    crate::names::unfit(&name).is_none().then_some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(annotation: &Value) -> Result<Incoming, String> {
        let mut all = read(annotation.to_string().as_bytes()).unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    fn quoted(exact: &str) -> Value {
        json!({"source": "https://example.org/a", "selector": {"type": "TextQuoteSelector", "exact": exact}})
    }

    #[test]
    fn a_file_has_its_annotations_in_any_of_the_models_shapes() {
        let one = json!({"type": "Annotation", "target": quoted("bees")});
        let page = json!({"type": "AnnotationPage", "items": [one]});
        for file in [one.clone(), json!([one]), page.clone(), json!({"type": "AnnotationCollection", "first": page})] {
            let all = read(file.to_string().as_bytes()).unwrap();
            assert!(
                matches!(&all[..], [Ok(Incoming { aim: Aim::Passages(passages), .. })] if passages[0].exact == "bees")
            );
        }
        for (file, why) in [
            ("{", "no JSON"),
            ("{}", "no Web Annotations"),
            ("3", "no Web Annotations"),
            ("{\"first\":\"http://x\"}", "no Web Annotations"),
        ] {
            assert!(read(file.as_bytes()).unwrap_err().contains(why), "{file}");
        }
        let many = vec![one; MAX_ANNOTATIONS + 1];
        assert!(read(json!(many).to_string().as_bytes()).unwrap_err().contains("2001"));
    }

    #[test]
    fn bodies_are_tags_and_remarks_whoever_wrote_them() {
        let read = one(&json!({
            "id": "urn:a",
            "motivation": ["tagging", "commenting"],
            "creator": {"name": "Ann  Lee"},
            "body": [
                {"type": "TextualBody", "purpose": "tagging", "value": " Claim  one "},
                {"type": "TextualBody", "purpose": "tagging", "value": "Claim one"},
                {"type": "TextualBody", "value": "Why?", "creator": {"name": "Ben", "nickname": "quiet owl"}, "canonical": "urn:c"},
                {"type": "TextualBody", "value": "So."},
                {"type": "TextualBody", "value": "  "},
                "https://example.org/elsewhere",
            ],
            "target": quoted("bees"),
        }))
        .unwrap();
        assert_eq!(read.tags, ["Claim one"]);
        let said: Vec<_> =
            read.remarks.iter().map(|said| (said.by.as_deref(), &*said.words, said.id.as_deref())).collect();
        assert_eq!(said, [(Some("quiet owl"), "Why?", Some("urn:c")), (Some("Ann Lee"), "So.", None)]);
        assert_eq!(read.notes, ["A body of it stands elsewhere, and is not fetched."]);
        let tag = one(&json!({"motivation": "tagging", "bodyValue": "Error", "target": quoted("x")})).unwrap();
        assert_eq!((tag.tags, tag.remarks), (vec!["Error".to_owned()], vec![]));
        let note = one(&json!({"motivation": "describing", "bodyValue": "It is.", "target": quoted("x")})).unwrap();
        assert_eq!(note.remarks[0].words, "It is.");
    }

    #[test]
    fn what_cannot_be_found_by_a_quote_says_so() {
        let range = json!({"source": "urn:x", "selector": {"type": "RangeSelector"}});
        for (target, why) in [
            (json!(null), "no target"),
            (range, "quotes nothing"),
            (quoted(" \n"), "quotes nothing"),
            (quoted(&"x".repeat(MAX_EXACT_CHARS + 1)), "10001 characters"),
            (json!("https://example.org/whole"), "says nothing in words"),
            (json!(vec![quoted("x"); 51]), "51 passages"),
        ] {
            let why_not = one(&json!({"target": target})).unwrap_err();
            assert!(why_not.contains(why), "{why_not}");
        }
        assert!(read(b"[3, {}]").unwrap().iter().all(Result::is_err));
    }

    #[test]
    fn an_answer_names_what_it_answers() {
        let answer = one(&json!({"target": "urn:c", "body": {"type": "TextualBody", "value": "No."}})).unwrap();
        assert_eq!(answer.aim, Aim::Answer("urn:c".into()));
    }
}
