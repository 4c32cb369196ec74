use std::sync::Arc;

use leptos::prelude::*;
use shared::document::Tag;

use super::desk::Desk;

/// Draws each tag, in order, and again when its name or its colour changes. All lists of tags are this one: each further
/// `<For>` is a few kilobytes more to load.
pub fn for_each_tag(desk: Desk, draw: impl Fn(Tag) -> AnyView + Send + Sync + 'static) -> AnyView {
    each(Arc::new(move || desk.tags.get()), Arc::new(draw))
}

/// The same, of some tags.
pub fn for_each_of(tags: Memo<Vec<Tag>>, draw: impl Fn(Tag) -> AnyView + Send + Sync + 'static) -> AnyView {
    each(Arc::new(move || tags.get()), Arc::new(draw))
}

fn each(tags: Arc<dyn Fn() -> Vec<Tag> + Send + Sync>, draw: Arc<dyn Fn(Tag) -> AnyView + Send + Sync>) -> AnyView {
    view! {
        <For each=move || tags() key=|tag| (tag.id, tag.name.clone(), tag.colour.clone()) let:tag>
            {draw(tag)}
        </For>
    }
    .into_any()
}
