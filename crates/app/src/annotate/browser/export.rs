//! Takes the conversation away as one Markdown file: its text, and below each message what was marked and said there.

use std::fmt::Write;

use leptos::prelude::*;
use shared::document::Root;
use wasm_bindgen::JsCast;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

use super::{dom, session::Session};
use crate::annotate::{
    away::name_of,
    desk::{Card, Desk},
};

/// Offers the file as a download.
pub fn download(desk: Desk) {
    let Some(session) = super::session() else { return };
    if !desk.rights.get_untracked().may_copy {
        return super::protection::say(desk);
    }
    let title = dom::all(".reading-title").first().and_then(|heading| heading.text_content()).unwrap_or_default();
    let text = markdown(desk, &session, &title);
    save_text(&format!("{}.md", file_name(&title)), &text);
}

/// Offers a text as a file.
pub fn save_text(name: &str, text: &str) {
    let parts = js_sys::Array::of1(&text.into());
    let options = BlobPropertyBag::new();
    options.set_type(if name.ends_with(".md") { "text/markdown;charset=utf-8" } else { "text/plain;charset=utf-8" });
    let Ok(blob) = Blob::new_with_str_sequence_and_options(&parts, &options) else { return };
    let Ok(url) = Url::create_object_url_with_blob(&blob) else { return };
    let Some(link) = document().create_element("a").ok().and_then(|link| link.dyn_into::<HtmlAnchorElement>().ok())
    else {
        return;
    };
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // The download has begun; fails for an address that is none.
    let _ = Url::revoke_object_url(&url);
}

fn file_name(title: &str) -> String {
    let name: String =
        title.chars().map(|letter| if letter.is_alphanumeric() { letter } else { ' ' }).take(80).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join("-");
    if name.is_empty() { "conversation".to_owned() } else { name }
}

fn markdown(desk: Desk, session: &Session, title: &str) -> String {
    let mut file = format!("# {title}\n");
    let cards: Vec<Card> = desk
        .order
        .get_untracked()
        .into_iter()
        .filter_map(|id| desk.card(id))
        .map(|card| card.get_untracked())
        .collect();
    for (number, (message, speaker)) in (1..).zip(session.texts.all().iter().zip(dom::all(".message-speaker"))) {
        let speaker = speaker.text_content().unwrap_or_default();
        // Writing into a String cannot fail.
        let _ = write!(file, "\n## {number}. {}\n\n{}\n", speaker.trim(), message.text().trim_end());
        // Where it ends: once, also if it began in a message before.
        let here = |card: &&Card| card.highlight.targets.last().is_some_and(|target| target.message == message.id);
        for card in cards.iter().filter(here) {
            append(&mut file, desk, card);
        }
    }
    for root in [Root::Notes, Root::Response] {
        let heading = name_of(root);
        let text = session.replica().read(root);
        if !text.trim().is_empty() {
            let _ = write!(file, "\n## {heading}\n\n{}\n", text.trim_end());
        }
    }
    file
}

fn append(file: &mut String, desk: Desk, card: &Card) {
    let name = |id| desk.names.with_untracked(|names| names.get(&id).cloned()).unwrap_or_else(|| "Somebody".to_owned());
    let tags: Vec<String> = desk.tags.with_untracked(|known| {
        let of = |id| known.iter().find(|tag| tag.id == id).map(|tag| tag.name.clone());
        card.highlight.tags.iter().filter_map(|(id, _)| of(*id)).collect()
    });
    let resolved = if card.highlight.resolved.is_some() { ", resolved" } else { "" };
    let quote: Vec<&str> = card.highlight.targets.iter().map(|target| target.exact.as_str()).collect();
    let _ = write!(
        file,
        "\n> {}\n\n**{}** ({}{resolved})\n",
        quote.join("\n").replace('\n', "\n> "),
        tags.join(", "),
        name(card.highlight.author)
    );
    for comment in card.highlight.comments.iter().filter(|comment| !comment.deleted) {
        let _ = write!(
            file,
            "\n- {}: {}\n",
            name(comment.author),
            super::mentions_to_text(desk, &comment.body).replace('\n', "\n  ")
        );
    }
}
