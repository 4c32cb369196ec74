//! Other pages of this browser with the same conversation and the same person: they show each other's edits at once,
//! with or without a network, and know whose changes in the journal belong to a page that is gone.

use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use leptos::prelude::*;
use shared::ids::{ConversationId, UserId};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{BroadcastChannel, MessageEvent};

use super::session::Session;

/// What pages tell each other.
pub enum Word {
    /// I made this change on the text of this number (none is told by older pages); the key is its place in the journal.
    Made(String, Vec<u8>, Option<i32>),
    /// These are committed.
    Committed(Vec<String>),
    /// Something of mine that you have is not in the journal any more, and was never committed: the server did not take it, or
    /// it was done again. Take the document afresh.
    Renew,
}

/// The other pages.
pub struct Tabs {
    /// Which one this is.
    pub id: String,
    scope: String,
    channel: Option<BroadcastChannel>,
}

impl Tabs {
    /// Joins the other pages.
    pub fn join(user: UserId, conversation: ConversationId) -> Self {
        let scope = format!("promptgrimoire/{user}/{conversation}");
        let id = uuid();
        hold(&format!("{scope}/{id}"));
        Self { channel: BroadcastChannel::new(&scope).ok(), id, scope }
    }

    /// Hears the others from now on.
    pub fn listen(&self, session: &Rc<Session>) {
        let Some(channel) = &self.channel else { return };
        let session = Rc::downgrade(session);
        let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let (Some(session), Some(word)) = (session.upgrade(), Word::read(&event.data())) {
                session.told(word);
            }
        });
        channel.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        // The page has one session for as long as it is open.
        heard.forget();
    }

    /// Tells the others.
    pub fn tell(&self, word: &Word) {
        if let Some(channel) = &self.channel {
            // Fails for what cannot be copied: bytes and strings can.
            let _ = channel.post_message(&word.write());
        }
    }

    /// Which pages are open, this one included; nothing if the browser cannot tell.
    pub async fn open(&self) -> Option<Vec<String>> {
        let query: Function = Reflect::get(&locks()?, &"query".into()).ok()?.dyn_into().ok()?;
        let asked: Promise = query.call0(&locks()?).ok()?.dyn_into().ok()?;
        let answer = JsFuture::from(asked).await.ok()?;
        let held: Array = Reflect::get(&answer, &"held".into()).ok()?.dyn_into().ok()?;
        let prefix = format!("{}/", self.scope);
        let name = |lock: JsValue| Reflect::get(&lock, &"name".into()).ok()?.as_string();
        Some(held.iter().filter_map(name).filter_map(|name| Some(name.strip_prefix(&prefix)?.to_owned())).collect())
    }
}

impl Word {
    fn write(&self) -> JsValue {
        let message = Object::new();
        // Own properties of a plain object: cannot fail.
        let set = |name: &str, value: &JsValue| drop(Reflect::set(&message, &name.into(), value));
        match self {
            Self::Made(key, update, revision) => {
                set("made", &key.as_str().into());
                set("revision", &revision.map_or(JsValue::UNDEFINED, Into::into));
                set("update", &Uint8Array::from(update.as_slice()));
            }
            Self::Committed(keys) => set("committed", &keys.iter().map(JsValue::from).collect::<Array>()),
            Self::Renew => set("renew", &true.into()),
        }
        message.into()
    }

    fn read(message: &JsValue) -> Option<Self> {
        let get = |name: &str| Reflect::get(message, &name.into()).ok().filter(|value| !value.is_undefined());
        if let Some(key) = get("made") {
            let update = get("update")?.dyn_into::<Uint8Array>().ok()?.to_vec();
            return Some(Self::Made(
                key.as_string()?,
                update,
                get("revision").and_then(|number| number.as_f64()).map(|number| number as i32),
            ));
        }
        if let Some(keys) = get("committed") {
            return Some(Self::Committed(
                keys.dyn_into::<Array>().ok()?.iter().filter_map(|key| key.as_string()).collect(),
            ));
        }
        get("renew").map(|_| Self::Renew)
    }
}

fn locks() -> Option<JsValue> {
    let locks = Reflect::get(&window().navigator(), &"locks".into()).ok()?;
    locks.is_object().then_some(locks)
}

/// Holds a lock for as long as the page lives, so that the others can see that it does.
fn hold(name: &str) {
    let request = || {
        let locks = locks()?;
        let request: Function = Reflect::get(&locks, &"request".into()).ok()?.dyn_into().ok()?;
        // It is let go when this is settled: never.
        let forever = Closure::once_into_js(|| JsValue::from(Promise::new(&mut |_, _| {})));
        request.call2(&locks, &name.into(), &forever).ok()
    };
    // Where there are no locks, nobody can tell which pages are open, and each sends what it finds.
    let _ = request();
}

fn uuid() -> String {
    shared::ids::HighlightId::new().to_string()
}
