//! Two branches of a chat side by side.

use leptos::{nonce::use_nonce, prelude::*};
use shared::{
    api::{Carried, Comparison, Message, Passage, Person},
    ids::{ConversationId, MessageId},
    text::{self, Formulas, OffsetMap, Rendered, Utf16Offset},
};

use super::{
    super::{Bar, formulas::Formulas, home::counted},
    article::{Around, MessageArticle},
};
use crate::parts::Visitor;

/// Paints the passages, and goes to them; comes again when a reply that is still written is there.
const SCRIPT: &str = include_str!("compare/compare.js");

/// Two branches from where they part, with the annotations of the one looked for in the other.
#[component]
pub fn ComparePage(
    /// Who is signed in.
    visitor: Visitor,
    /// Of which conversation.
    conversation: ConversationId,
    /// What is shown.
    comparison: Comparison,
    /// Everybody whose name may stand on it.
    people: Vec<Person>,
) -> impl IntoView {
    let Comparison { title, may_copy, project, common, original, other, carried } = comparison;
    let around = Around::new(conversation, false, project, &people);
    let protected = (!may_copy).then_some("");
    let swapped = original.first().zip(other.first()).map(|(one, two)| address(conversation, two.id, one.id));
    let places = Places::of(&original, &other);
    let list =
        carried.into_iter().map(|carried| view! { <Annotation places=&places carried=carried /> }).collect_view();
    let is_empty = list.is_empty();
    let branch = move |name: &'static str, id: &'static str, messages: Vec<Message>| {
        view! { <Branch around=around.clone() name=name id=id first=common + 1 messages=messages /> }
    };
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page compare" id="main" data-protected=protected>
            <p class="page-crumb"><a href=format!("/c/{conversation}") dir="auto">{title}</a></p>
            <header class="page-head">
                <h1 class="page-title">"Side by side"</h1>
                <a class="button" href=swapped>"Swap"</a>
            </header>
            <section class="compare-carried" aria-labelledby="carried-title">
                <h2 id="carried-title">"Annotations of the original, carried over"</h2>
                {if is_empty {
                    view! { <p class="hint">"Nothing is marked in the original from here on."</p> }.into_any()
                } else {
                    view! { <ul class="compare-list" role="list">{list}</ul> }.into_any()
                }}
            </section>
            <Formulas />
            <div class="compare-columns">
                {branch("Original", "original", original)}
                {branch("Fork", "fork", other)}
            </div>
        </main>
        <script type="module" nonce=use_nonce() inner_html=SCRIPT></script>
    }
    .into_any()
}

/// Where two branches are compared.
pub(super) fn address(conversation: ConversationId, original: MessageId, other: MessageId) -> String {
    format!("/c/{conversation}/compare?original={original}&other={other}")
}

#[component]
fn Branch(around: Around, name: &'static str, id: &'static str, first: usize, messages: Vec<Message>) -> impl IntoView {
    let open = messages.first().map(|message| format!("/c/{}?branch={}", around.conversation, message.id));
    let articles = (first..).zip(messages).map(move |(number, mut message)| {
        message.siblings.clear();
        view! { <MessageArticle around=around.clone() number=number message=message /> }
    });
    let title = format!("{id}-title");
    view! {
        <section class="compare-branch" id=id aria-labelledby=title>
            <header class="compare-head">
                <h2 id=title.clone()>{name}</h2>
                <a href=open aria-label=format!("Open the {} in the conversation", name.to_lowercase())>"Open"</a>
            </header>
            {articles.collect_view()}
        </section>
    }
    .into_any()
}

#[component]
fn Annotation<'places>(places: &'places Places, carried: Carried) -> impl IntoView {
    let words = match carried.anchor.as_str() {
        "exact" => "Exact: the same words at the same place",
        "moved" => "Moved: most likely here",
        _ => "Lost: not in the fork",
    };
    let more = match carried.comments {
        0 => String::new(),
        count => format!(" · {}", counted(count as i64, "comment")),
    };
    let shows = carried.original.is_some() || carried.other.is_some();
    let show = shows.then(|| view! { <button class="text-button" type="button">"Show"</button> });
    view! {
        <li
            class="compare-annotation"
            data-highlight-id=carried.highlight.to_string()
            data-anchor=carried.anchor
            data-original=carried.original.and_then(|passage| places.nodes(passage))
            data-other=carried.other.and_then(|passage| places.nodes(passage))
        >
            <blockquote data-quote dir="auto">{carried.exact}</blockquote>
            <p><strong>{words}</strong> " · " {carried.tags.join(", ")} {more} " " {show}</p>
        </li>
    }
    .into_any()
}

/// The way from canonical texts to text nodes.
struct Places(Vec<(MessageId, Rendered, OffsetMap)>);

impl Places {
    fn of(original: &[Message], other: &[Message]) -> Self {
        let place = |message: &Message| {
            let rendered = text::render(&message.markdown);
            let map = OffsetMap::new(&rendered.text);
            (message.id, rendered, map)
        };
        Self(original.iter().chain(other).map(place).collect())
    }

    /// A passage as the script reads it: the message, and from where to where in its text nodes, one after the other.
    fn nodes(&self, passage: Passage) -> Option<String> {
        let (id, rendered, map) = self.0.iter().find(|(id, ..)| *id == passage.message)?;
        let (start, end) = map.char_to_utf16(passage.start).zip(map.char_to_utf16(passage.end))?;
        let (start, end) = Formulas::of(&rendered.runs).whole(start, end);
        Some(format!("{id} {} {}", in_nodes(rendered, start), in_nodes(rendered, end)))
    }
}

/// An offset of the canonical text in UTF-16 units of the text nodes alone: separators lie in none of them.
fn in_nodes(rendered: &Rendered, Utf16Offset(at): Utf16Offset) -> u32 {
    let (mut text, mut nodes) = (0, 0);
    for run in &rendered.runs {
        text += run.before.as_str().len() as u32;
        if at <= text + run.len.0 {
            return nodes + at.saturating_sub(text);
        }
        text += run.len.0;
        nodes += run.len.0;
    }
    nodes
}

#[cfg(test)]
mod tests {
    use shared::text::CharOffset;

    use super::*;

    #[test]
    fn separators_lie_in_no_text_node() {
        let rendered = text::render("a **b** 🐝\n\n| c | d |\n|-|-|\n");
        assert_eq!(rendered.text, "a b 🐝\nc\td");
        let map = OffsetMap::new(&rendered.text);
        let at = |offset| in_nodes(&rendered, map.char_to_utf16(CharOffset(offset)).unwrap());
        assert_eq!([0, 2, 4, 5, 6, 7, 8, 9].map(at), [0, 2, 4, 6, 6, 7, 7, 8]);
    }
}
