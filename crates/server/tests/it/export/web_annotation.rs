//! What the W3C's Web Annotation Data Model demands (its MUSTs, Recommendation of 23 February 2017), of what we write: by our own
//! reading of it, and by the W3C's own JSON schemas where the commands could have them (`xtask/src/w3c.rs`).

use std::{collections::BTreeSet, env};

use serde_json::{Value, json};
use url::Url;

use super::docx::read_by;

const CONTEXT: &str = "http://www.w3.org/ns/anno.jsonld";

/// Section 3.3.5.
const MOTIVATIONS: [&str; 13] = [
    "assessing",
    "bookmarking",
    "classifying",
    "commenting",
    "describing",
    "editing",
    "highlighting",
    "identifying",
    "linking",
    "moderating",
    "questioning",
    "replying",
    "tagging",
];

/// The keys of the context that we use: any other would be dropped by whoever reads it as JSON-LD.
const KEYS: [&str; 31] = [
    "@context",
    "id",
    "type",
    "label",
    "generator",
    "generated",
    "total",
    "first",
    "partOf",
    "startIndex",
    "items",
    "name",
    "nickname",
    "creator",
    "created",
    "modified",
    "motivation",
    "purpose",
    "body",
    "target",
    "value",
    "format",
    "source",
    "scope",
    "selector",
    "start",
    "end",
    "exact",
    "prefix",
    "suffix",
    "canonical",
];

/// A collection with its page within it (section 5).
pub async fn check(collection: &Value) {
    check_ours(collection);
    if env::var_os("PROMPTGRIMOIRE_TEST_W3C").is_some() {
        let read = read_by("w3c_annotations.py", "w3c", &serde_json::to_vec(collection).unwrap()).await;
        assert_eq!(read["wrong"], json!([]), "the W3C's schemas");
        assert!(read["checked"].as_u64().unwrap() >= 25, "{read}");
    }
}

fn check_ours(collection: &Value) {
    let contexts = || one_or_more(&collection["@context"]);
    assert!(contexts().any(|context| context == CONTEXT), "3.1, 5.1: the context is that of the model");
    keys(collection);
    assert!(is_iri(&collection["id"]) && is_of(collection, "AnnotationCollection"), "5.1");
    let page = &collection["first"];
    assert!(is_iri(&page["id"]) && is_of(page, "AnnotationPage"), "5.2");
    assert_eq!(page["partOf"], collection["id"], "5.2: of which collection it is");
    let items = page["items"].as_array().expect("5.2: the annotations in order");
    assert_eq!(collection["total"], items.len(), "5.1");
    assert_eq!(page["startIndex"], 0, "5.2");
    assert!(page.get("next").is_none() && page.get("prev").is_none(), "it is the only one");
    moment(&collection["generated"]);
    let ids: BTreeSet<&str> = items.iter().map(|item| item["id"].as_str().unwrap_or_default()).collect();
    assert_eq!(ids.len(), items.len(), "3.1: each has an identity of its own");
    items.iter().for_each(annotation);
}

fn annotation(item: &Value) {
    assert!(is_iri(&item["id"]), "3.1: exactly one IRI: {item}");
    assert!(is_of(item, "Annotation"), "3.1: {item}");
    assert!(one_or_more(&item["target"]).count() > 0, "3.1: one or more targets: {item}");
    let motivations: Vec<&Value> = one_or_more(&item["motivation"]).collect();
    assert!(!motivations.is_empty() && motivations.into_iter().all(is_motivation), "3.3.5: {item}");
    one_or_more(&item["body"]).for_each(body);
    one_or_more(&item["target"]).for_each(target);
    stamp(item);
}

/// 3.2.4: text within the annotation.
fn body(body: &Value) {
    assert!(body["value"].is_string(), "exactly one value: {body}");
    assert!(is_of(body, "TextualBody"), "{body}");
    assert!(body.get("id").is_none(), "with one it were a resource elsewhere, which has no purpose: {body}");
    assert!(is_iri(&body["canonical"]), "3.3.7: {body}");
    assert!(one_or_more(&body["purpose"]).all(is_motivation), "3.3.5: {body}");
    assert!(body.get("format").is_none_or(|format| format == "text/markdown"), "{body}");
    stamp(body);
}

/// 3.2.1: an IRI; 4: a specific resource.
fn target(target: &Value) {
    if target.is_string() {
        return assert!(is_iri(target), "{target}");
    }
    assert!(is_of(target, "SpecificResource"), "{target}");
    assert!(is_iri(&target["source"]), "4: exactly one source: {target}");
    assert!(is_iri(&target["scope"]), "4.6: {target}");
    let selectors: Vec<&Value> = one_or_more(&target["selector"]).collect();
    assert!(!selectors.is_empty(), "{target}");
    for selector in selectors {
        match selector["type"].as_str() {
            Some("TextQuoteSelector") => {
                assert!(selector["exact"].as_str().is_some_and(|exact| !exact.is_empty()), "4.2.4: {selector}");
                assert!(selector["prefix"].is_string() && selector["suffix"].is_string(), "4.2.4: {selector}");
            }
            Some("TextPositionSelector") => {
                let (start, end) = (selector["start"].as_u64(), selector["end"].as_u64());
                assert!(start.is_some() && start < end, "4.2.5: two integers, not below 0: {selector}");
            }
            other => panic!("4.2: {other:?} is no selector of ours"),
        }
    }
}

/// 3.3.1, 3.3.2: who and when.
fn stamp(of: &Value) {
    if let Some(agent) = of.get("creator") {
        assert!(is_iri(&agent["id"]) && is_of(agent, "Person") && agent["name"].is_string(), "3.3.1: {agent}");
    }
    for key in ["created", "modified", "generated"] {
        of.get(key).into_iter().for_each(moment);
    }
}

/// `xsd:dateTime` with the zone UTC written as `Z`.
fn moment(at: &Value) {
    let at = at.as_str().unwrap();
    let (day, time) = at.strip_suffix('Z').expect("UTC").split_once('T').expect("a day and a time");
    let numbers = |text: &str, by: char| text.split(by).filter(|part| part.parse::<f64>().is_ok()).count();
    assert_eq!((numbers(day, '-'), numbers(time, ':'), day.len()), (3, 3, 10), "{at}");
}

fn keys(value: &Value) {
    for (key, inner) in value.as_object().into_iter().flatten() {
        assert!(KEYS.contains(&&**key), "{key} is not in the context");
        assert!(!inner.is_null(), "{key} is nothing");
        keys(inner);
    }
    value.as_array().into_iter().flatten().for_each(keys);
}

fn one_or_more(value: &Value) -> impl Iterator<Item = &Value> {
    let (one, more) = match value {
        Value::Null => (None, None),
        Value::Array(more) => (None, Some(more)),
        one => (Some(one), None),
    };
    one.into_iter().chain(more.into_iter().flatten())
}

fn is_of(value: &Value, class: &str) -> bool {
    one_or_more(&value["type"]).any(|name| name == class)
}

fn is_iri(value: &Value) -> bool {
    value.as_str().is_some_and(|iri| Url::parse(iri).is_ok() && !iri.contains(char::is_whitespace))
}

fn is_motivation(value: &Value) -> bool {
    value.as_str().is_some_and(|name| MOTIVATIONS.contains(&name))
}
