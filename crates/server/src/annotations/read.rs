//! Annotations of the W3C's Web Annotation Data Model (Recommendation of 23 February 2017), read from JSON-LD as tools write
//! it: a collection with its first page, a page, a list, or one alone. And of EPUB Annotations 1.0 (W3C, the draft in epub-specs of July
//! 2026): a set, also as the zip that is named `.annotations`.

use std::{borrow::Cow, collections::HashMap, ops::Range};

use serde_json::Value;
use shared::{
    document::{MAX_COMMENT_CHARS, MAX_TAG_NAME_CHARS},
    ids::MessageId,
    selector::MAX_EXACT_CHARS,
};
use url::form_urlencoded;

use crate::import::{
    limits::{BUNDLE, ZipLimits},
    unzip,
};

/// The one part of an `.annotations` zip that is read.
const SET: &str = "annotations.json";

const SET_ZIP: ZipLimits = ZipLimits { unpacked: 32 << 20, ..BUNDLE };

/// How a fragment of a page says words of its text (WICG, URL Fragment Text Directives).
const WORDS: &str = ":~:text=";

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
    let bytes = unpacked(bytes)?;
    let file: Value = serde_json::from_slice(&bytes).map_err(|error| format!("This is no JSON: {error}."))?;
    let items = items(&file).ok_or(
        "There are no Web Annotations in it: a list of them is looked for, an AnnotationPage with items, or an AnnotationCollection with its first page.",
    )?;
    if items.len() > MAX_ANNOTATIONS {
        return Err(format!("{} annotations are too many at once: bring at most {MAX_ANNOTATIONS}.", items.len()));
    }
    let read = items.iter().map(|item| incoming(item));
    Ok(if is_of(&file, "AnnotationSet") { joined(read.zip(&items)) } else { read.collect() })
}

/// What is in a zip of annotations; anything else as it is.
fn unpacked(bytes: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    if !bytes.starts_with(b"PK\x03\x04") {
        return Ok(Cow::Borrowed(bytes));
    }
    let all = unzip::entries("The file", bytes, SET_ZIP, |zip| {
        Ok(zip.index_for_name(SET).map(|at| (SET.to_owned(), at)).into_iter().collect())
    });
    let set = all.map_err(|error| error.to_string())?.pop();
    set.map(|(_, bytes)| Cow::Owned(bytes)).ok_or_else(|| format!("This zip has no {SET} in it."))
}

/// The annotations of a set. There each has one passage and one text at most: what is one highlight here, with its passages and
/// comments, is several, which are of the same words.
fn joined<'v>(read: impl Iterator<Item = (Result<Incoming, String>, &'v &'v Value)>) -> Vec<Result<Incoming, String>> {
    let mut of_words = HashMap::<String, String>::new();
    let mut all: Vec<Result<Incoming, String>> = Vec::new();
    for (one, item) in read {
        let Ok(mut one) = one else {
            all.push(one);
            continue;
        };
        let own = one.id.strip_prefix("urn:uuid:").map(str::to_owned);
        let words = item["target"].to_string();
        if let Some(thread) = of_words.get(&words).filter(|_| !one.remarks.is_empty()) {
            let address = own.map_or_else(|| one.id.clone(), |own| format!("{thread}&c={own}"));
            one.remarks.iter_mut().for_each(|remark| remark.id = Some(address.clone()));
            one.aim = Aim::Answer(thread.clone());
        } else {
            // As addresses of ours are, by which a highlight is known again.
            one.id = own.map_or(one.id, |own| format!("#h={own}"));
            if let Some(whole) = whole_of(&mut all, &one.id)
                && let (Aim::Passages(before), Aim::Passages(more)) = (&mut whole.aim, &mut one.aim)
                && before.len() < MAX_PARTS
            {
                before.append(more);
                continue;
            }
            of_words.entry(words).or_insert_with(|| one.id.clone());
        }
        all.push(Ok(one));
    }
    all
}

/// The highlight of which something is a further passage (`…#h={highlight}&passage=2`).
fn whole_of<'a>(all: &'a mut [Result<Incoming, String>], id: &str) -> Option<&'a mut Incoming> {
    let (of, _) = id.split_once("#h=")?.1.split_once("&passage=")?;
    let whole = format!("#h={of}");
    all.iter_mut().flatten().find(|one| one.id == whole)
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
    let [mut prefix, mut exact, mut suffix] = ["prefix", "exact", "suffix"].map(part);
    if quote.is_none()
        && let Some(words) = of("FragmentSelector").and_then(|fragment| text(fragment, "value"))
    {
        [prefix, exact, suffix] = quoted_by(words)?;
    }
    if exact.trim().is_empty() {
        return Err("It quotes nothing: a TextQuoteSelector is what it is found by.".into());
    }
    let chars = exact.chars().count();
    if chars > MAX_EXACT_CHARS {
        return Err(format!("It quotes {chars} characters; a highlight holds {MAX_EXACT_CHARS}."));
    }
    Ok(Wanted { message, exact, prefix, suffix, position })
}

/// What a fragment says of words of a text: those before, themselves, those after.
fn quoted_by(fragment: &str) -> Result<[String; 3], String> {
    let said = fragment.split_once(WORDS).map_or("", |(_, said)| said.split('&').next().unwrap_or_default());
    let [mut prefix, mut exact, mut suffix] = [const { String::new() }; 3];
    for part in said.split(',') {
        // A dash of the words themselves is written as a reference.
        match (part.strip_suffix('-'), part.strip_prefix('-')) {
            (Some(words), None) => prefix = unescaped(words),
            (None, Some(words)) => suffix = unescaped(words),
            _ if exact.is_empty() => exact = unescaped(part),
            _ => return Err("It says where a passage begins and ends, and not its words.".into()),
        }
    }
    Ok([prefix, exact, suffix])
}

/// What was percent-encoded (RFC 3986, 2.1).
fn unescaped(text: &str) -> String {
    let form = ["=", &text.replace('+', "%2B")].concat();
    form_urlencoded::parse(form.as_bytes()).next().map(|(_, words)| words.into_owned()).unwrap_or_default()
}

fn is_of(value: &Value, kind: &str) -> bool {
    value.get("type").is_some_and(|types| each(types).iter().any(|one| one.as_str() == Some(kind)))
}

/// Tags and remarks.
fn bodies(item: &Value, notes: &mut Vec<String>) -> Result<(Vec<String>, Vec<Remark>), String> {
    let (mut tags, mut remarks) = (Vec::<String>::new(), Vec::new());
    let bodies = item.get("body").map(each).unwrap_or_default();
    // As a body of a set has them.
    let of_body = bodies.iter().filter_map(|body| body.get("tags")).flat_map(each).filter_map(Value::as_str);
    of_body.take(MAX_PARTS).for_each(|words| add_tag(&mut tags, words, notes));
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
            add_tag(&mut tags, words, notes);
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

fn add_tag(tags: &mut Vec<String>, words: &str, notes: &mut Vec<String>) {
    let name = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_name = (1..=MAX_TAG_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    match is_name {
        true if tags.contains(&name) => {}
        true => tags.push(name),
        false => notes.push(format!("A tag of it is left out: a name has 1 to {MAX_TAG_NAME_CHARS} characters.")),
    }
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
    fn a_set_is_of_highlights_with_their_passages_and_comments() {
        let words =
            |value: &str| json!({"source": "urn:uuid:m", "selector": {"type": "FragmentSelector", "value": value}});
        let body = |value: &str| json!({"type": "TextualBody", "value": value, "tags": ["Claim", "To do"]});
        let item = |id: &str, motivation: &str, target: &Value, value: &str| json!({"id": id, "motivation": motivation, "target": target, "body": body(value)});
        let bees = words("#p1:~:text=the-,50%25%20bees%2C%20a%2Bb%2Dc,-sleep&text=x");
        let set = json!({"type": "AnnotationSet", "items": [
            item("urn:uuid:1", "highlighting", &bees, ""),
            item("urn:uuid:2", "commenting", &bees, "Why?"),
            item("http://x/c/7#h=1&passage=2", "highlighting", &words(":~:text=wasps"), ""),
            item("urn:uuid:3", "commenting", &words(":~:text=ants"), "Alone."),
            item("urn:uuid:4", "highlighting", &words(":~:text=from,to"), ""),
        ]});
        let all = read(set.to_string().as_bytes()).unwrap();
        let [Ok(bees), Ok(why), Ok(alone), Err(between)] = &all[..] else { panic!("{all:?}") };
        let quotes = |one: &Incoming| match &one.aim {
            Aim::Passages(all) => {
                all.iter().map(|one| [&one.prefix, &one.exact, &one.suffix].map(Clone::clone)).collect()
            }
            Aim::Answer(_) => Vec::new(),
        };
        assert_eq!(quotes(bees), [["the", "50% bees, a+b-c", "sleep"], ["", "wasps", ""]]);
        assert_eq!(
            (&*bees.id, &bees.tags[..], &bees.remarks[..]),
            ("#h=1", &["Claim".to_owned(), "To do".into()][..], &[][..])
        );
        assert_eq!(why.aim, Aim::Answer("#h=1".into()));
        assert_eq!(why.remarks[0].id.as_deref(), Some("#h=1&c=2"));
        assert_eq!(
            (quotes(alone), alone.remarks[0].words.as_str()),
            (vec![["", "ants", ""].map(String::from)], "Alone.")
        );
        assert!(between.contains("begins and ends"), "{between}");
        assert!(
            read(b"PK\x03\x04").is_err()
                && read(&crate::zipped::of([("a", Vec::new())]).unwrap()).unwrap_err().contains(SET)
        );
    }

    #[test]
    fn an_answer_names_what_it_answers() {
        let answer = one(&json!({"target": "urn:c", "body": {"type": "TextualBody", "value": "No."}})).unwrap();
        assert_eq!(answer.aim, Aim::Answer("urn:c".into()));
    }
}
