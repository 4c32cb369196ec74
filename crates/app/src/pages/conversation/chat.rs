//! What is below the messages of a chat: the box that one writes in, or why there is none.

use leptos::{nonce::use_nonce, prelude::*};
use shared::api::{ChatOf, FileSummary, ModelList};

use super::super::home::counted;
use crate::local_times::LocalTime;

/// Sends, stops, edits, and shows replies while they come.
const SCRIPT: &str = concat!(
    include_str!("chat/ask.js"),
    include_str!("chat/page.js"),
    include_str!("chat/replies.js"),
    include_str!("chat/acts.js"),
    include_str!("chat/composer.js"),
);

/// The end of a chat's messages.
#[component]
pub(super) fn Chat(chat: ChatOf, models: ModelList, files: Vec<FileSummary>) -> impl IntoView {
    let acts = may_act(&chat, &models);
    let below = match (chat.may_send, models.configured) {
        (true, true) => view! { <Composer models=models files=files /> }.into_any(),
        (true, false) => view! { <NoModel /> }.into_any(),
        (false, _) => {
            view! { <p class="hint">"You read along. Messages are sent by those who may edit this chat."</p> }
                .into_any()
        }
    };
    view! {
        <div class="chat" data-messages-end>
            <p class="visually-hidden" role="status" data-chat-status></p>
            {below}
            {acts.then(|| view! { <Below /> })}
            {acts.then(|| view! { <EditBox /> })}
        </div>
        <script type="module" nonce=use_nonce() inner_html=SCRIPT></script>
    }
    .into_any()
}

/// Whether the reader can have replies written here.
pub(super) fn may_act(chat: &ChatOf, models: &ModelList) -> bool {
    chat.may_send && models.configured
}

/// Where the box is out of sight while a reply is being written: the way to both.
#[component]
fn Below() -> impl IntoView {
    view! { <button class="button chat-below" type="button" data-below hidden>"To the newest"</button> }.into_any()
}

/// What a message is edited in, for the script to take copies of.
#[component]
fn EditBox() -> impl IntoView {
    view! {
        <template data-edit>
            <form class="chat-form chat-edit">
                <textarea
                    class="field chat-box"
                    aria-label="Edited message"
                    rows="2"
                    maxlength="1048576"
                    dir="auto"
                ></textarea>
                <p class="alert" role="alert" hidden></p>
                <div class="chat-actions">
                    <span class="hint">"The message stays as it was, with its annotations, beside this version of it."</span>
                    <span class="bar-grow"></span>
                    <button class="button quiet" type="button" data-cancel>"Cancel"</button>
                    <button class="button primary" type="submit">"Send again"</button>
                </div>
            </form>
        </template>
    }
    .into_any()
}

#[component]
fn NoModel() -> impl IntoView {
    view! {
        <div class="remark" role="note">
            <p><strong>"No model is configured on this server."</strong></p>
            <p>
                "What is here can be read and annotated; nobody answers yet. Whoever runs the server sets one with "
                <code>"OPENAI_MODEL"</code> ", and " <code>"OPENAI_API_KEY"</code> " for OpenAI or " <code>"OPENAI_BASE_URL"</code>
                " for a server of their own: OpenAI, Ollama, vLLM and llama.cpp stand in " <code>"docs/MODELS.md"</code> "."
            </p>
        </div>
    }
    .into_any()
}

#[component]
fn Composer(models: ModelList, files: Vec<FileSummary>) -> impl IntoView {
    let quota = models.quota.map(|quota| {
        let left = counted((quota.tokens - quota.used).max(0), "token");
        view! { <span class="hint" data-quota>{left} " left until " <LocalTime at=quota.resets_at.clone() /></span> }
    });
    let choice = (models.models.len() > 1).then(|| {
        let options = models.models.iter().map(|name| view! { <option value=name.clone()>{name.clone()}</option> });
        view! { <select class="field chat-model" name="model" aria-label="Model">{options.collect_view()}</select> }
    });
    let only = match &models.models[..] {
        [one] => Some(view! { <span class="hint">{one.clone()}</span> }),
        _ => None,
    };
    view! {
        <form class="chat-form" data-chat aria-label="Write to the model">
            <ul class="message-files" role="list" aria-label="Files to be sent along" data-chat-files hidden></ul>
            <label class="visually-hidden" for="chat-message">"Message"</label>
            <textarea
                class="field chat-box"
                id="chat-message"
                name="message"
                rows="2"
                maxlength="1048576"
                dir="auto"
                placeholder="Write to the model"
                aria-describedby="chat-keys"
            ></textarea>
            <p class="alert" role="alert" data-chat-alert hidden></p>
            <div class="chat-actions">
                <Attach files=files />
                <span data-models>{choice} {only}</span>
                <span class="bar-grow"></span>
                <button class="button quiet" type="button" data-regenerate hidden>"Regenerate"</button>
                <button class="button" type="button" data-stop hidden>"Stop"</button>
                <button class="button primary" type="submit">"Send"</button>
            </div>
            <div class="chat-foot">
                <p class="hint" id="chat-keys">"Enter sends, Shift and Enter break the line. Models make mistakes: check what matters."</p>
                {quota}
            </div>
        </form>
    }
    .into_any()
}

/// Files of the writer's device; and those of the project, where it has any.
#[component]
fn Attach(files: Vec<FileSummary>) -> impl IntoView {
    let upload = |name: &'static str| {
        view! {
            <label class="button quiet chat-attach">
                {name} <input class="visually-hidden" type="file" multiple />
            </label>
        }
    };
    if files.is_empty() {
        return upload("Attach files").into_any();
    }
    let lines = files.into_iter().map(|file| {
        view! {
            <li>
                <label><input type="checkbox" data-project-file value=file.id.to_string() /> <span dir="auto">{file.name}</span></label>
            </li>
        }
    });
    view! {
        <details class="chat-attach-more">
            <summary class="button quiet">"Attach files"</summary>
            <div class="chat-attach-choice">
                <fieldset>
                    <legend>"Files of the project"</legend>
                    <ul role="list">{lines.collect_view()}</ul>
                </fieldset>
                {upload("Upload new files")}
            </div>
        </details>
    }
    .into_any()
}
