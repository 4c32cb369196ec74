//! EPUB Annotations 1.0 (W3C, the draft in epub-specs of July 2026): an `AnnotationSet` as `annotations.json`, the one part of a
//! zip that is named `.annotations`.
//!
//! There an annotation has one target, at most one body of plain text, and is no answer. So each passage of a highlight is
//! an annotation with its tags, and each comment one of the highlight's first passage. Resources are messages, positions
//! count code points of their canonical texts, as in the other Web Annotations; the quote stands in a text fragment, the
//! only selector of the draft that has words.

use serde_json::{Map, Value, json};
use shared::{api::encoded, document::Comment, ids::UserId, prose, selector::Anchor};

use super::contents::{Contents, Marked, Place, moment};
use crate::{error::Error, zipped};

/// Of the zip.
pub(super) const MEDIA_TYPE: &str = "application/zip; profile=\"https://www.w3.org/TR/epub-anno-10/\"";

const CONTEXT: &str = "https://www.w3.org/ns/epub-anno.jsonld";
const FRAGMENTS: &str = "https://wicg.github.io/scroll-to-text-fragment/";

pub(super) fn write(contents: &Contents) -> Result<Vec<u8>, Error> {
    let mut json = serde_json::to_vec_pretty(&set(contents)).map_err(|error| Error::Internal(error.into()))?;
    json.push(b'\n');
    zipped::of([("annotations.json", json)])
}

fn set(contents: &Contents) -> Value {
    let mut items = Vec::new();
    for marked in contents.marked() {
        let passages = marked.places.iter().enumerate();
        items.extend(passages.map(|(number, place)| of_passage(contents, &marked, number, place)));
        items.extend(marked.comments().filter_map(|comment| of_comment(contents, &marked, comment)));
    }
    json!({
        "@context": CONTEXT,
        "id": format!("{}#annotations", contents.page),
        "type": "AnnotationSet",
        "generator": {
            "id": "urn:promptgrimoire",
            "type": "Software",
            "name": concat!("PromptGrimoire ", env!("CARGO_PKG_VERSION")),
        },
        "generated": contents.made_at,
        "about": {
            "dc:identifier": [contents.page],
            "dc:format": "text/html",
            "dc:title": contents.conversation.title,
        },
        "items": items,
    })
}

fn annotation(
    contents: &Contents,
    id: String,
    motivation: &str,
    (author, created): (UserId, i64),
    place: &Place<'_>,
) -> Map<String, Value> {
    // It has to have a moment, also where a clock was far off.
    let created = moment(created).unwrap_or_else(|| contents.made_at.clone());
    Map::from_iter([
        ("id".to_owned(), json!(id)),
        ("type".to_owned(), json!("Annotation")),
        ("motivation".to_owned(), json!(motivation)),
        ("created".to_owned(), json!(created)),
        (
            "creator".to_owned(),
            json!({"id": format!("urn:uuid:{author}"), "type": "Person", "name": contents.name(author)}),
        ),
        ("target".to_owned(), target(place)),
    ])
}

fn of_passage(contents: &Contents, marked: &Marked<'_>, number: usize, place: &Place<'_>) -> Value {
    let highlight = marked.highlight;
    let id = match number {
        0 => format!("urn:uuid:{}", highlight.id),
        _ => format!("{}#h={}&passage={}", contents.page, highlight.id, number + 1),
    };
    let made = (highlight.author, highlight.created_at);
    let mut annotation = annotation(contents, id, "highlighting", made, place);
    annotation.insert("body".to_owned(), body(contents, marked, String::new()));
    Value::Object(annotation)
}

fn of_comment(contents: &Contents, marked: &Marked<'_>, comment: &Comment) -> Option<Value> {
    let made = (comment.author, comment.created_at);
    let place = marked.places.first()?;
    let mut annotation = annotation(contents, format!("urn:uuid:{}", comment.id), "commenting", made, place);
    if let Some(edited) = comment.edited_at.and_then(moment) {
        annotation.insert("modified".to_owned(), json!(edited));
    }
    let words = prose::words(&contents.words(&comment.body)).trim().to_owned();
    annotation.insert("body".to_owned(), body(contents, marked, words));
    Some(Value::Object(annotation))
}

/// Tags and colours have no other place than a body.
fn body(contents: &Contents, marked: &Marked<'_>, value: String) -> Value {
    let mut body = json!({"type": "TextualBody", "format": "text/plain", "value": value});
    let tags = contents.tags(marked.highlight);
    if !tags.is_empty() {
        body["tags"] = json!(tags);
    }
    let first = marked.highlight.tags.iter().find_map(|(id, _)| contents.picture.tags.iter().find(|tag| tag.id == *id));
    if let Some(colour) = first.and_then(|tag| named(&tag.colour)) {
        body["color"] = json!(colour);
    }
    body
}

fn target(place: &Place<'_>) -> Value {
    let target = place.target;
    let fragment = json!({
        "type": "FragmentSelector",
        "conformsTo": FRAGMENTS,
        // A dash between letters would part the words from those around them.
        "value": format!(":~:text={}", encoded(&target.exact).replace('-', "%2D")),
    });
    let selectors = match place.anchor {
        Anchor::Exact { start, end } => {
            json!([{"type": "TextPositionSelector", "start": start, "end": end}, fragment])
        }
        Anchor::Moved { .. } | Anchor::Lost => json!([fragment]),
    };
    json!({"source": format!("urn:uuid:{}", target.message), "selector": selectors})
}

/// The one of the draft's six colours whose hue is nearest to `#rrggbb`; none for what has no hue.
fn named(colour: &str) -> Option<&'static str> {
    let part = |at: usize| i32::from_str_radix(colour.get(at..at + 2)?, 16).ok();
    let (red, green, blue) = (part(1)?, part(3)?, part(5)?);
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let span = most - least;
    if span < 24 {
        return None;
    }
    let (first, sixth) = match most {
        _ if most == red => (green - blue, 0),
        _ if most == green => (blue - red, 120),
        _ => (red - green, 240),
    };
    let hue = (first * 60 / span + sixth).rem_euclid(360);
    Some(match hue {
        15..45 => "orange",
        45..70 => "yellow",
        70..170 => "green",
        170..255 => "blue",
        255..305 => "purple",
        _ => "pink",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_called_by_its_hue() {
        for (colour, name) in [
            ("#ff7f0e", Some("orange")),
            ("#bcbd22", Some("yellow")),
            ("#2ca02c", Some("green")),
            ("#1f77b4", Some("blue")),
            ("#17becf", Some("blue")),
            ("#9467bd", Some("purple")),
            ("#d62728", Some("pink")),
            ("#e377c2", Some("pink")),
            ("#7f7f7f", None),
            ("#", None),
            ("é", None),
        ] {
            assert_eq!(named(colour), name, "{colour}");
        }
    }
}
