use shared::document::Command;

use super::{board::Board, desk::Desk};

pub fn run(_: Desk, _: Command) -> bool {
    false
}

pub fn step_back(_: Desk, _: bool) -> bool {
    false
}

pub fn take_back(_: Desk, _: Command) -> bool {
    false
}

pub fn leave_selection() {}

pub fn come_into_sight(_: Desk, _: Option<f64>) {}

pub fn is_pressed(_: &leptos::ev::FocusEvent) -> bool {
    false
}

pub fn put_begun_aside(_: Desk) {}

pub fn in_time(_: f64) -> String {
    String::new()
}

pub fn show_in_text(_: Desk, _: shared::ids::HighlightId) {}

pub fn paragraphs(_: shared::ids::HighlightId) -> Option<String> {
    None
}

pub fn bind(_: shared::document::Root, _: leptos::prelude::NodeRef<leptos::html::Textarea>) {}

pub fn show_in_box(
    _: Desk,
    _: leptos::prelude::NodeRef<leptos::html::Textarea>,
    _: leptos::prelude::RwSignal<bool>,
    _: super::sought::Sought,
) {
}

pub fn show_in_response(
    _: Desk,
    _: leptos::prelude::NodeRef<leptos::html::Details>,
    _: bool,
    _: super::sought::Sought,
) {
}

pub fn text_of(_: shared::document::Root) -> String {
    String::new()
}

pub fn responses(_: Desk) -> Vec<(shared::ids::UserId, String)> {
    Vec::new()
}

pub fn number_of(_: shared::ids::MessageId) -> Option<usize> {
    None
}

pub fn words_of(_: &super::whereabouts::Passage) -> Option<String> {
    None
}

pub fn watch_nearness(
    _: Desk,
    _: shared::ids::HighlightId,
    _: leptos::prelude::NodeRef<leptos::html::Article>,
    _: leptos::prelude::RwSignal<bool>,
) {
}

pub fn forget_nearness(_: shared::ids::HighlightId) {}

pub fn count_words(_: &str) -> usize {
    0
}

pub fn insert_quote(_: Desk, _: leptos::prelude::NodeRef<leptos::html::Textarea>) {}

pub fn focus(_: &str) {}

pub fn time_ago(_: i64) -> String {
    String::new()
}

pub fn show_modal(_: &leptos::web_sys::HtmlDialogElement) {}

pub fn move_focus(_: &str, _: i32) {}

pub fn lay_out(_: Desk) {}

pub fn focus_on(_: &str) {}

pub fn fit(_: &leptos::web_sys::HtmlTextAreaElement) {}

pub fn leaves(_: &leptos::ev::FocusEvent) -> bool {
    false
}

/// Nobody takes anything away from a server this way.
pub fn download(_: Desk) {}

pub fn save_text(_: &str, _: &str) {}

pub fn copy(_: Desk, _: String, _: &'static str) {}

pub fn copy_link(_: Desk, _: shared::ids::HighlightId, _: Option<shared::ids::CommentId>) {}

pub fn confirm(_: Desk, _: shared::ids::HighlightId) -> bool {
    false
}

pub fn draft(_: Desk, _: &str) -> String {
    String::new()
}

pub fn keep_draft(_: Desk, _: &str, _: &str) {}

pub fn forget_words(_: Desk, _: &shared::document::Highlight) {}

pub fn in_boxes(_: shared::ids::HighlightId) -> Vec<String> {
    Vec::new()
}

pub fn put_by(_: Desk, _: &shared::document::Highlight) -> Vec<String> {
    Vec::new()
}

pub fn let_go(_: Desk, _: shared::ids::HighlightId) {}

pub fn focus_at_end(_: &leptos::web_sys::HtmlTextAreaElement) {}

pub fn know_people(_: Desk, _: Vec<shared::ids::UserId>) {}

pub fn root_of(_: &super::away::Aside) -> Option<shared::document::Root> {
    None
}

pub fn may_be_tried(_: &super::away::Aside) -> bool {
    false
}

pub fn try_again(_: Desk, _: Vec<super::away::Aside>) {}

pub fn add_words(_: Desk, _: shared::document::Root, _: &super::away::Aside) {}

pub fn discard(_: Desk, _: Vec<String>) {}

pub fn watch_drags(_: Board, _: leptos::prelude::NodeRef<leptos::html::Div>) {}

pub fn keep_at_start(_: leptos::prelude::NodeRef<leptos::html::Div>) {}

pub fn half_written() -> Vec<shared::ids::HighlightId> {
    Vec::new()
}

pub fn step_highlight(_: Desk, _: bool, _: bool) {}
pub fn keep_shortcuts(_: Desk) {}

pub fn note_focus(_: &leptos::ev::FocusEvent) {}

pub fn forget_focus() {}

pub fn hold_focus() {}

pub fn capture(_: &leptos::ev::PointerEvent) {}

pub fn row_beside<Id: std::str::FromStr>(_: &str, _: &str, _: f64) -> Option<(Id, bool)> {
    None
}

pub fn list_conversations(_: leptos::prelude::RwSignal<Option<Result<Vec<shared::api::ConversationSummary>, String>>>) {
}

pub fn copy_tags(_: Desk, _: shared::ids::ConversationId) {}

pub fn close_people(_: Desk) {}

pub fn mention(_: Desk, _: shared::ids::UserId) {}

pub fn mention_key(_: Desk, _: &leptos::ev::KeyboardEvent) -> bool {
    false
}

pub fn mentions_to_body(_: Desk, text: &str) -> String {
    text.to_owned()
}

pub fn mentions_to_text(_: Desk, body: &str) -> String {
    body.to_owned()
}

pub fn offer_people(_: Desk, _: &leptos::web_sys::HtmlTextAreaElement) {}
