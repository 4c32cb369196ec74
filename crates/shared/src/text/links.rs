//! Inlines: emphasis, code spans, links, and images, which are links too: a page that loads nothing from elsewhere tells
//! nobody who reads it.

use pulldown_cmark::{LinkType, Tag};

use super::{
    MAX_INLINE_DEPTH,
    output::Mark,
    writer::{Kind, Writer},
};

/// A link or an image that is open.
pub(super) struct Label {
    mark: Mark,
    /// Shown where there are no words: an image without a description, a link without a text.
    url: Option<String>,
    /// Whether it has its `<a>`: links do not nest.
    linked: bool,
}

impl Writer<'_> {
    pub(super) fn start_inline(&mut self, tag: Tag<'_>) {
        self.expect_text();
        match tag {
            Tag::Emphasis => self.inline("<em>", "</em>"),
            Tag::Strong => self.inline("<strong>", "</strong>"),
            Tag::Strikethrough => self.inline("<del>", "</del>"),
            Tag::Link { link_type, dest_url, .. } => self.start_label(link_type, &dest_url),
            Tag::Image { dest_url, .. } => self.start_label(LinkType::Inline, &dest_url),
            // Of extensions that are not enabled.
            _ => self.push(Kind::Inline, ""),
        }
    }

    pub(super) fn code_span(&mut self, code: &str) {
        self.expect_text();
        self.out.markup("<code>");
        self.text(code);
        self.out.markup("</code>");
    }

    pub(super) fn end_label(&mut self) {
        let (Some(open), Some(label)) = (self.open.pop(), self.labels.pop()) else { return };
        if let Some(url) = label.url
            && self.out.is_blank_since(label.mark)
        {
            self.out.text(&url);
        }
        self.inline_depth -= usize::from(label.linked);
        self.out.markup(open.close);
    }

    fn inline(&mut self, html: &str, close: &'static str) {
        if self.inline_depth >= MAX_INLINE_DEPTH {
            return self.push(Kind::Inline, "");
        }
        self.inline_depth += 1;
        self.push(Kind::Inline, close);
        self.out.markup(html);
    }

    fn start_label(&mut self, link_type: LinkType, destination: &str) {
        let url = self.source.reveal_url(destination).and_then(|url| safe_url(link_type, &url));
        let nested = self.labels.iter().any(|label| label.linked);
        let linked = url.is_some() && !nested && self.inline_depth < MAX_INLINE_DEPTH;
        self.push(Kind::Inline, if linked { "</a>" } else { "" });
        if let (true, Some(url)) = (linked, &url) {
            self.inline_depth += 1;
            self.out.markup_with("<a href=\"", url, "\" rel=\"noopener noreferrer nofollow\">");
        }
        self.labels.push(Label { mark: self.out.mark(), url, linked });
    }
}

/// The address, if it leads to the web or to a mailbox. Everything else (scripts, data, this site's own paths) is not
/// what somebody who quotes a conversation wants clicked.
fn safe_url(link_type: LinkType, destination: &str) -> Option<String> {
    if link_type == LinkType::Email {
        return Some(format!("mailto:{destination}"));
    }
    let begins = |scheme: &str| destination.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let safe = ["https://", "http://", "mailto:"].into_iter().any(begins);
    // A control character in an address is no accident.
    (safe && !destination.chars().any(char::is_control)).then(|| destination.to_owned())
}
