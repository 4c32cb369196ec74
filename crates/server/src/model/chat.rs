//! Chunks of chat completions. After the one that gives a reason to end, one may come that counts the tokens, and then
//! `[DONE]`; either may be missing.

use std::collections::VecDeque;

use serde_json::Value;

use super::{
    Failure,
    event_stream::Event,
    reply::{Heard, Step, reason, usage},
};

pub(super) fn read(heard: &mut Heard, event: &Event, value: &Value, steps: &mut VecDeque<Step>) -> Result<(), Failure> {
    if event.data.trim() == "[DONE]" {
        let reason = heard.done.take().flatten();
        steps.push_back(heard.end(reason));
        return Ok(());
    }
    if event.name == "error" || value.get("error").is_some_and(|error| !error.is_null()) {
        return Err(Failure::of_event(value));
    }
    if let Some(counted) = usage(value.get("usage"), "prompt_tokens", "completion_tokens") {
        heard.usage = Some(counted);
    }
    let Some(choice) = value.pointer("/choices/0") else { return Ok(()) };
    let words = |key: &str| choice.get("delta").and_then(|delta| delta.get(key)).and_then(Value::as_str);
    if let Some(refusal) = words("refusal").filter(|refusal| !refusal.is_empty()) {
        steps.extend(heard.refusal(refusal));
    }
    steps.extend(words("content").and_then(|text| heard.text(text)));
    if let Some(word) = choice.get("finish_reason").and_then(Value::as_str) {
        heard.done = Some(reason(word));
    }
    Ok(())
}
