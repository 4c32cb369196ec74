//! `GET /api`: `openapi.json` for people.

use std::sync::Arc;

use app::pages::{ApiAnswer, ApiArea, ApiBody, ApiDescription, ApiField, ApiOperation, ApiPage, ApiSchema, ApiWord};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use leptos::prelude::*;
use serde_json::{Map, Value};
use shared::{prose, text};

use super::Site;
use crate::router::DESCRIPTION;
use app::shell::PageKind;

/// Objects within objects are told this deep.
const MAX_DEPTH: usize = 3;

/// Methods in the order in which they are shown.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// `GET /api`, for everybody: it tells nothing of anybody.
pub(super) async fn show(State(site): State<Site>, headers: HeaderMap) -> Response {
    let reader = site.reader(&headers).await;
    let (visitor, api) = (reader.visitor(), site.description.clone());
    let page = move || view! { <ApiPage visitor=visitor.clone() api=ApiDescription::clone(&api) /> };
    site.render(StatusCode::OK, "API".into(), PageKind::Plain, reader, page).await
}

/// Reads the description, once.
///
/// # Panics
/// It is no JSON: it is compiled in, and tests read it.
pub(super) fn read() -> Arc<ApiDescription> {
    let document: Value = serde_json::from_str(DESCRIPTION).expect("the description of the API is JSON");
    let areas = list(&document["tags"]).iter().map(|tag| ApiArea {
        name: string(&tag["name"]),
        about: prose::html(&string(&tag["description"])),
        operations: operations(&document, &tag["name"]),
    });
    let schemas = entries(&document["components"]["schemas"]).map(|(name, schema)| ApiSchema {
        name: name.clone(),
        kind: kind(schema),
        about: about(schema),
        fields: fields(schema),
    });
    Arc::new(ApiDescription {
        guide: guide(&string(&document["info"]["description"])),
        areas: areas.collect(),
        schemas: schemas.collect(),
    })
}

/// Under headings of the page's own: those in a message stand lower, below the message's.
fn guide(markdown: &str) -> String {
    let mut parts = markdown.split("\n## ");
    let first = text::render(parts.next().unwrap_or_default()).html;
    let titled = parts.map(|part| {
        let (title, words) = part.split_once('\n').unwrap_or((part, ""));
        format!("<h2>{title}</h2>{}", text::render(words).html)
    });
    first + &titled.collect::<Vec<_>>().concat()
}

/// Those of one area.
fn operations(document: &Value, area: &Value) -> Vec<ApiOperation> {
    let mut found = Vec::new();
    for (path, methods) in entries(&document["paths"]) {
        // As they are thought of, not by the letter.
        let methods = METHODS.iter().map(|method| (*method, &methods[*method]));
        for (method, operation) in methods.filter(|(_, operation)| list(&operation["tags"]).contains(area)) {
            let answers = entries(&operation["responses"]).map(|(status, answer)| {
                let answer = resolved(document, answer);
                ApiAnswer {
                    status: status.clone(),
                    about: prose::html(&string(&answer["description"])),
                    bodies: bodies(answer),
                }
            });
            found.push(ApiOperation {
                id: string(&operation["operationId"]),
                method: method.to_uppercase(),
                path: path.clone(),
                summary: inline(&string(&operation["summary"])),
                notes: operation["description"].as_str().map(prose::html),
                parameters: list(&operation["parameters"]).iter().map(parameter).collect(),
                bodies: bodies(&operation["requestBody"]),
                answers: answers.collect(),
            });
        }
    }
    found
}

/// What an answer that many have stands for.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

fn parameter(parameter: &Value) -> ApiField {
    let place = match parameter["in"].as_str() {
        Some("query") => "in the query",
        Some("header") => "a header",
        _ => "in the path",
    };
    let mut kind = kind(&parameter["schema"]);
    kind.push(ApiWord::Text(format!(", {place}")));
    let own = parameter["description"].as_str().map(prose::html).unwrap_or_default();
    ApiField {
        name: string(&parameter["name"]),
        kind,
        is_optional: parameter["required"] != true,
        about: own + &about(&parameter["schema"]),
    }
}

fn bodies(of: &Value) -> Vec<ApiBody> {
    // That errors are problems is said once, for all.
    let content = entries(&of["content"]).filter(|(media, _)| *media != "application/problem+json");
    let bodies = content.map(|(media, content)| ApiBody {
        media: media.clone(),
        kind: kind(&content["schema"]),
        fields: fields(&content["schema"]),
    });
    bodies.collect()
}

/// What an object holds, and what the objects in it hold that have no names of their own.
fn fields(schema: &Value) -> Vec<ApiField> {
    let mut found = Vec::new();
    push_fields(&mut found, "", schema, 0);
    found
}

fn push_fields(found: &mut Vec<ApiField>, within: &str, schema: &Value, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    for (name, field) in entries(&schema["properties"]) {
        let is_optional = !list(&schema["required"]).iter().any(|required| required == name);
        let name = format!("{within}{name}");
        found.push(ApiField { name: name.clone(), kind: kind(field), is_optional, about: about(field) });
        push_fields(found, &format!("{name}."), field, depth + 1);
        push_fields(found, &format!("{name}[]."), &field["items"], depth + 1);
    }
    if within.is_empty() {
        push_fields(found, "[].", &schema["items"], depth + 1);
    }
}

/// In words, with the names of schemas.
fn kind(schema: &Value) -> Vec<ApiWord> {
    let text = |words: &str| vec![ApiWord::Text(words.to_owned())];
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return vec![ApiWord::Schema(name.to_owned())];
    }
    let choices = list(&schema["oneOf"]).iter().chain(list(&schema["anyOf"]));
    let choices: Vec<_> = choices.map(kind).collect();
    if !choices.is_empty() {
        return choices.join(&ApiWord::Text(" or ".to_owned()));
    }
    if let Some(values) = schema["enum"].as_array() {
        return text(&values.iter().map(Value::to_string).collect::<Vec<_>>().join(" or "));
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(string).collect(),
        Value::String(one) => vec![one.clone()],
        _ => return Vec::new(),
    };
    if let ([one], Some(items)) = (&kinds[..], schema.get("items")) {
        debug_assert_eq!(one, "array");
        return [text("list of "), kind(items)].concat();
    }
    let words = kinds.iter().map(|kind| match (kind.as_str(), schema["format"].as_str()) {
        ("string", Some("date-time")) => "moment (RFC 3339)",
        ("string", Some("uuid")) => "UUID",
        ("string", Some("binary")) => "file",
        ("string", _) => "text",
        ("integer", _) => "whole number",
        ("boolean", _) => "true or false",
        (other, _) => other,
    });
    text(&words.collect::<Vec<_>>().join(" or "))
}

/// The limits of a value and what it means.
fn about(schema: &Value) -> String {
    let mut limits = Vec::new();
    let number = |name: &str| schema[name].as_i64();
    for (least, most, noun) in
        [("minimum", "maximum", ""), ("minLength", "maxLength", " characters"), ("minItems", "maxItems", " of them")]
    {
        match (number(least), number(most)) {
            (Some(least), Some(most)) => limits.push(format!("{least} to {most}{noun}.")),
            (Some(least), None) => limits.push(format!("At least {least}{noun}.")),
            (None, Some(most)) => limits.push(format!("At most {most}{noun}.")),
            (None, None) => {}
        }
    }
    if let Some(default) = schema.get("default") {
        limits.push(format!("`{default}` where it is missing."));
    }
    limits.extend(schema["description"].as_str().map(|words| format!("{}.", words.trim_end_matches('.'))));
    prose::html(&limits.join(" "))
}

/// One line, without a paragraph around it: a summary is part of another.
fn inline(markdown: &str) -> String {
    let html = prose::html(markdown);
    html.strip_prefix("<p>").and_then(|html| html.strip_suffix("</p>")).map(str::to_owned).unwrap_or(html)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
