//! A form with a file on its way: how much of it is sent, what has come of the answer, and the way to give it up. `fetch`
//! tells nothing of what is sent.

use std::rc::Rc;

use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{FormData, ProgressEvent, XmlHttpRequest};

use crate::call::CallError;

/// What is told while it goes on.
pub enum Told<'t> {
    /// This part of the form is sent, 0 to 1.
    Sent(f64),
    /// This has come of the answer so far.
    Heard(&'t str),
}

/// A request.
#[derive(Clone)]
pub struct Transfer(XmlHttpRequest);

/// An answer.
pub struct Answer {
    /// Whether it is one of success.
    pub is_ok: bool,
    /// All of it.
    pub text: String,
}

impl Transfer {
    /// One that is not sent yet.
    pub fn to(path: &str) -> Option<Self> {
        let request = XmlHttpRequest::new().ok()?;
        request.open_with_async("POST", path, true).ok()?;
        Some(Self(request))
    }

    /// Gives it up: whoever waits for the answer hears that there is none.
    pub fn cancel(&self) {
        // Fails for nothing that was opened.
        let _ = self.0.abort();
    }

    /// Sends the form and waits for the whole answer.
    ///
    /// # Errors
    /// There is none.
    pub async fn send(&self, form: &FormData, told: impl Fn(Told<'_>) + 'static) -> Result<Answer, CallError> {
        let request = &self.0;
        let told = Rc::new(told);
        let sent = {
            let told = told.clone();
            Closure::<dyn Fn(ProgressEvent)>::new(move |event: ProgressEvent| {
                if event.length_computable() && event.total() > 0.0 {
                    told(Told::Sent(event.loaded() / event.total()));
                }
            })
        };
        let heard = {
            let request = request.clone();
            Closure::<dyn Fn()>::new(move || {
                if let Ok(Some(text)) = request.response_text() {
                    told(Told::Heard(&text));
                }
            })
        };
        if let Ok(upload) = request.upload() {
            upload.set_onprogress(Some(sent.as_ref().unchecked_ref()));
        }
        request.set_onprogress(Some(heard.as_ref().unchecked_ref()));
        let ending = js_sys::Promise::new(&mut |resolve, _| request.set_onloadend(Some(&resolve)));
        request.send_with_opt_form_data(Some(form)).map_err(|_: JsValue| CallError::Unreachable)?;
        let ended = JsFuture::from(ending).await;
        request.set_onloadend(None);
        request.set_onprogress(None);
        ended.map_err(|_| CallError::Unreachable)?;
        let status = request.status().unwrap_or_default();
        if status == 0 {
            return Err(CallError::Unreachable);
        }
        let text = request.response_text().ok().flatten().unwrap_or_default();
        Ok(Answer { is_ok: (200..300).contains(&status), text })
    }
}
