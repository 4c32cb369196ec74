use shared::{document::Comment, ids::UserId, order::sorted_by, prose};
use web_sys::HtmlElement;

use super::element;
use crate::annotate::{browser::session::Session, desk::Card, passages::Span};

/// What is printed of a highlight.
pub struct Note {
    /// It stands at the passage too.
    pub number: usize,
    /// Where it is marked, in order; nowhere, if it is lost.
    pub spans: Vec<Span>,
    /// The colour of its first tag.
    pub colour: String,
    head: String,
    author: String,
    /// What was marked, where that does not stand in the text as it is.
    quote: Option<String>,
    comments: Vec<(String, String, bool)>,
}

impl Note {
    /// The note of a card.
    pub fn of(session: &Session, number: usize, card: &Card) -> Self {
        let (desk, highlight) = (session.desk, &card.highlight);
        let name = |id: UserId| leptos::prelude::untrack(|| desk.name_of(id));
        let tags: Vec<_> =
            highlight.tags.iter().filter_map(|(tag, _)| leptos::prelude::untrack(|| desk.tag(*tag))).collect();
        let spans: Vec<Span> = highlight
            .targets
            .iter()
            .filter_map(|target| {
                let (message, anchor) = session.texts.resolve(target)?;
                let (start, end) = anchor.range()?;
                Some(message.span(start, end))
            })
            .collect();
        let spans = sorted_by(spans, Span::cmp);
        let stands = card.found.is_none() && !spans.is_empty();
        let quote = || highlight.targets.iter().map(|target| target.exact.as_str()).collect::<Vec<_>>().join(" […] ");
        let resolved = if highlight.resolved.is_some() { " · resolved" } else { "" };
        let comment = |comment: &Comment| (name(comment.author), prose::html(&comment.body), comment.parent.is_some());
        Self {
            number,
            colour: tags.first().map_or("#6a655b".to_owned(), |tag| tag.colour.clone()),
            head: tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>().join(", "),
            author: name(highlight.author) + resolved,
            quote: (!stands).then(quote),
            comments: highlight.comments.iter().filter(|comment| !comment.deleted).map(comment).collect(),
            spans,
        }
    }

    /// About so many letters, its lines counted as if they were full.
    pub fn letters(&self) -> usize {
        let comments = self.comments.iter().map(|(_, body, _)| 60 + body.len()).sum::<usize>();
        80 + self.quote.as_ref().map_or(0, String::len) + comments
    }

    /// As it is printed, with its number.
    pub fn element(&self, is_lost: bool) -> HtmlElement {
        let note = element("aside", "print-note tinted");
        let _ = note.style().set_property("--t", &self.colour);
        let add = |name: &str, class: &str, text: &str| {
            let part = element(name, class);
            part.set_text_content(Some(text));
            let _ = part.set_attribute("dir", "auto");
            let _ = note.append_child(&part);
        };
        add("b", "print-note-number", &self.number.to_string());
        add("span", "print-note-tags", &self.head);
        add("span", "print-note-author", &self.author);
        if let Some(quote) = &self.quote {
            add(
                "p",
                "print-note-was",
                if is_lost { "No longer in the text:" } else { "The text has changed. Marked was:" },
            );
            add("blockquote", "", quote);
        }
        for (author, body, is_answer) in &self.comments {
            let comment = element("div", "print-comment");
            let _ = comment.toggle_attribute_with_force("data-answer", *is_answer);
            let (who, said) = (element("b", ""), element("div", "comment-body"));
            who.set_text_content(Some(author));
            said.set_inner_html(body);
            let _ = said.set_attribute("dir", "auto");
            let _ = comment.append_child(&who);
            let _ = comment.append_child(&said);
            let _ = note.append_child(&comment);
        }
        note
    }
}
