//! W3C Web Annotation Data Model (Recommendation of 23 February 2017), as JSON-LD: an `AnnotationCollection` with one page.
//!
//! A highlight is an annotation of passages: its tags and comments are bodies. An answer to a comment is an annotation of
//! that comment, whose address its body has as `canonical` (what has an `id` is a resource elsewhere). Positions count code points of the message's canonical text, as the model has it. A passage that does not
//! stand any more where it was marked is described by its quote alone.

use serde_json::{Map, Value, json};
use shared::{
    document::Comment,
    ids::{TagId, UserId},
    selector::{Anchor, Target},
};

use super::contents::{Contents, Marked, Place, moment};

pub(super) fn write(contents: &Contents) -> String {
    let (page, title) = (&contents.page, &contents.conversation.title);
    collection(page, title, &contents.made_at, items(contents))
}

/// The annotations of a conversation, in the order of its text.
pub(super) fn items(contents: &Contents) -> Vec<Value> {
    let mut items = Vec::new();
    for one in &contents.marked() {
        items.push(annotation(contents, one));
        items.extend(answers(contents, one));
    }
    items
}

/// All of them as one file, named by the page that shows them.
pub(crate) fn collection(page: &str, label: &str, made_at: &str, items: Vec<Value>) -> String {
    let collection = format!("{page}#annotations");
    let all = json!({
        "@context": "http://www.w3.org/ns/anno.jsonld",
        "id": collection,
        "type": "AnnotationCollection",
        "label": label,
        "generator": {
            "id": "urn:promptgrimoire",
            "type": "Software",
            "name": concat!("PromptGrimoire ", env!("CARGO_PKG_VERSION")),
        },
        "generated": made_at,
        "total": items.len(),
        "first": {
            "id": format!("{page}#annotations=1"),
            "type": "AnnotationPage",
            "partOf": collection,
            "startIndex": 0,
            "items": items,
        },
    });
    let mut text = serde_json::to_string_pretty(&all).unwrap_or_default();
    text.push('\n');
    text
}

/// The highlight's address on the page.
fn id(contents: &Contents, marked: &Marked<'_>) -> String {
    format!("{}#h={}", contents.page, marked.highlight.id)
}

fn id_of_comment(contents: &Contents, marked: &Marked<'_>, comment: &Comment) -> String {
    format!("{}&c={}", id(contents, marked), comment.id)
}

/// What an annotation and a body both say of how they came to be.
fn stamped(contents: &Contents, author: UserId, created: i64, edited: Option<i64>) -> Map<String, Value> {
    let mut creator = Map::from_iter([
        ("id".to_owned(), json!(format!("urn:uuid:{author}"))),
        ("type".to_owned(), json!("Person")),
        ("name".to_owned(), json!(contents.name(author))),
    ]);
    if let Some(pseudonym) = contents.person(author).and_then(|person| person.pseudonym.as_ref()) {
        creator.insert("nickname".to_owned(), json!(pseudonym));
    }
    let mut stamp = Map::from_iter([("creator".to_owned(), Value::Object(creator))]);
    let moments = [("created", moment(created)), ("modified", edited.and_then(moment))];
    stamp.extend(moments.into_iter().filter_map(|(key, at)| Some((key.to_owned(), json!(at?)))));
    stamp
}

fn annotation(contents: &Contents, marked: &Marked<'_>) -> Value {
    let highlight = marked.highlight;
    let tag = |(tag, _): &(TagId, f64)| {
        let name = contents.tag(*tag)?;
        Some(
            json!({"canonical": format!("urn:uuid:{tag}"), "type": "TextualBody", "purpose": "tagging", "value": name}),
        )
    };
    let tags: Vec<Value> = highlight.tags.iter().filter_map(tag).collect();
    let own = marked.comments().filter(|comment| comment.parent.is_none());
    let comments: Vec<Value> = own.map(|comment| body(contents, marked, comment, "commenting")).collect();
    let reasons = [(!tags.is_empty(), "tagging"), (!comments.is_empty(), "commenting")];
    let mut motivation: Vec<&str> = reasons.into_iter().filter_map(|(is_so, why)| is_so.then_some(why)).collect();
    if motivation.is_empty() {
        motivation.push("highlighting");
    }
    let mut annotation = stamped(contents, highlight.author, highlight.created_at, None);
    annotation.insert("id".to_owned(), json!(id(contents, marked)));
    annotation.insert("type".to_owned(), json!("Annotation"));
    annotation.insert("motivation".to_owned(), json!(motivation));
    let bodies = [tags, comments].concat();
    if !bodies.is_empty() {
        annotation.insert("body".to_owned(), json!(bodies));
    }
    let target = |place: &Place<'_>| passage(&contents.page, place.target, place.anchor);
    let targets: Vec<Value> = marked.places.iter().map(target).collect();
    annotation.insert("target".to_owned(), json!(targets));
    Value::Object(annotation)
}

fn answers(contents: &Contents, marked: &Marked<'_>) -> Vec<Value> {
    let answer = |comment: &Comment| {
        let parent = comment.parent?;
        let is_there = marked.comments().find(|other| other.id == parent);
        // What it answered was deleted: then it is said of the passage.
        let answered = is_there.map_or_else(|| id(contents, marked), |other| id_of_comment(contents, marked, other));
        let mut annotation = stamped(contents, comment.author, comment.created_at, comment.edited_at);
        annotation.insert("id".to_owned(), json!(format!("urn:uuid:{}", comment.id)));
        annotation.insert("type".to_owned(), json!("Annotation"));
        annotation.insert("motivation".to_owned(), json!("replying"));
        annotation.insert("body".to_owned(), body(contents, marked, comment, "replying"));
        annotation.insert("target".to_owned(), json!(answered));
        Some(Value::Object(annotation))
    };
    marked.comments().filter_map(answer).collect()
}

fn body(contents: &Contents, marked: &Marked<'_>, comment: &Comment, purpose: &str) -> Value {
    let mut body = stamped(contents, comment.author, comment.created_at, comment.edited_at);
    body.insert("canonical".to_owned(), json!(id_of_comment(contents, marked, comment)));
    body.insert("type".to_owned(), json!("TextualBody"));
    body.insert("purpose".to_owned(), json!(purpose));
    body.insert("format".to_owned(), json!("text/markdown"));
    body.insert("value".to_owned(), json!(contents.words(&comment.body)));
    Value::Object(body)
}

/// A passage of a message, as the target of an annotation; `page` is the address of its conversation.
pub(crate) fn passage(page: &str, target: &Target, anchor: Anchor) -> Value {
    let quote = json!({
        "type": "TextQuoteSelector",
        "exact": target.exact,
        "prefix": target.prefix,
        "suffix": target.suffix,
    });
    let selectors = match anchor {
        Anchor::Exact { start, end } => {
            json!([{"type": "TextPositionSelector", "start": start, "end": end}, quote])
        }
        Anchor::Moved { .. } | Anchor::Lost => quote,
    };
    json!({
        "type": "SpecificResource",
        "source": format!("urn:uuid:{}", target.message),
        "scope": page,
        "selector": selectors,
    })
}
