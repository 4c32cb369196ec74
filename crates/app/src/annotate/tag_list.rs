use std::sync::Arc;

use leptos::prelude::*;
use shared::document::Tag;

use super::desk::Desk;

/// Draws each tag, in order, and again when its name or its colour changes. All lists of tags are this one: each further
/// `<For>` is a few kilobytes more to load.
pub fn for_each_tag(desk: Desk, draw: impl Fn(Tag) -> AnyView + Send + Sync + 'static) -> AnyView {
    each(desk, Arc::new(draw))
}

fn each(desk: Desk, draw: Arc<dyn Fn(Tag) -> AnyView + Send + Sync>) -> AnyView {
    view! {
        <For each=move || desk.tags.get() key=|tag| (tag.id, tag.name.clone(), tag.colour.clone()) let:tag>
            {draw(tag)}
        </For>
    }
    .into_any()
}
