//! The content of one ChatGPT message as Markdown. What cannot be shown leaves a visible trace in brackets.

use std::collections::HashMap;

use serde_json::Value;

use crate::import::accept::normalised;
use crate::import::fence::fenced;
use crate::import::pieces::{bracketed, joined, quoted};

use super::citations::without_marks;

/// A message's content.
pub(super) struct Rendered {
    pub markdown: String,
    /// Citations that were left out.
    pub citations: usize,
}

/// The content and the attached files of a message, of which explained citations take no more than `room`.
pub(super) fn render(message: &Value, room: &mut usize) -> Rendered {
    let content = message.get("content").unwrap_or(&Value::Null);
    let (markdown, citations) = without_marks(&body(content), &references(message), room);
    let files = attachments(message).into_iter();
    let markdown = joined(std::iter::once(markdown).chain(files));
    Rendered { markdown: normalised(&markdown).into_owned(), citations }
}

/// Whether there is anything to read in a message.
pub(super) fn has_words(message: &Value) -> bool {
    !render(message, &mut 0).markdown.trim().is_empty()
}

/// Whether a picture is part of the content: what image tools answer.
pub(super) fn has_image(message: &Value) -> bool {
    let parts = message.get("content").and_then(|content| content.get("parts")).and_then(Value::as_array);
    parts.into_iter().flatten().any(is_image)
}

fn is_image(part: &Value) -> bool {
    part.get("content_type").and_then(Value::as_str) == Some("image_asset_pointer")
}

fn body(content: &Value) -> String {
    if let Some(text) = content.as_str() {
        return text.to_owned();
    }
    let text = |key| content.get(key).and_then(Value::as_str).unwrap_or_default();
    match text("content_type") {
        "code" if !text("text").trim().is_empty() => {
            let language = Some(text("language")).filter(|&language| language != "unknown").unwrap_or_default();
            fenced(language, text("text"))
        }
        "execution_output" if !text("text").trim().is_empty() => fenced("", text("text")),
        "code" | "execution_output" => String::new(),
        "user_editable_context" => joined([text("user_profile").to_owned(), text("user_instructions").to_owned()]),
        "tether_quote" => joined([quoted(text("text")), text("title").to_owned(), text("url").to_owned()]),
        "system_error" => bracketed("error", text("text")),
        kind => match parts(content) {
            Some(parts) => parts,
            None if !text("text").is_empty() => text("text").to_owned(),
            None if matches!(kind, "" | "text" | "multimodal_text") => String::new(),
            None => bracketed(kind, ""),
        },
    }
}

fn parts(content: &Value) -> Option<String> {
    match content.get("parts")? {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => Some(joined(parts.iter().map(part))),
        _ => None,
    }
}

fn part(part: &Value) -> String {
    if let Some(text) = part.as_str() {
        return text.to_owned();
    }
    let kind = part.get("content_type").and_then(Value::as_str).unwrap_or_default();
    let text = part.get("text").and_then(Value::as_str).unwrap_or_default();
    match kind {
        "image_asset_pointer" => "[image]".to_owned(),
        _ if !text.trim().is_empty() => text.to_owned(),
        "audio_asset_pointer" | "real_time_user_audio_video_asset_pointer" => "[audio]".to_owned(),
        "video_container_asset_pointer" => "[video]".to_owned(),
        _ if part.is_object() => "[attachment]".to_owned(),
        _ => String::new(),
    }
}

/// A line for each file that the person attached; pictures are among the parts already.
fn attachments(message: &Value) -> Vec<String> {
    let files = message.get("metadata").and_then(|metadata| metadata.get("attachments")).and_then(Value::as_array);
    let shown = has_image(message);
    let is_shown = |file: &&Value| {
        let mime = file.get("mime_type").and_then(Value::as_str).unwrap_or_default();
        !(shown && mime.starts_with("image/"))
    };
    let line = |file: &Value| file.get("name").and_then(Value::as_str).map(|name| bracketed("file", name));
    files.into_iter().flatten().filter(is_shown).filter_map(line).collect()
}

/// The Markdown that the export itself gives for a citation.
fn references(message: &Value) -> HashMap<&str, &str> {
    let references =
        message.get("metadata").and_then(|metadata| metadata.get("content_references")).and_then(Value::as_array);
    references.into_iter().flatten().filter_map(reference).collect()
}

fn reference(reference: &Value) -> Option<(&str, &str)> {
    let words = reference.get("alt")?.as_str().filter(|words| !words.trim().is_empty())?;
    Some((reference.get("matched_text")?.as_str()?, words))
}
