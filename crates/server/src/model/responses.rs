//! Events of the Responses API. The list of events grows; what is not known here is skipped.

use std::collections::VecDeque;

use serde_json::Value;

use super::{
    Failure,
    event_stream::Event,
    reply::{Heard, Step, reason, usage},
};

pub(super) fn read(heard: &mut Heard, event: &Event, value: &Value, steps: &mut VecDeque<Step>) -> Result<(), Failure> {
    let kind = value.get("type").and_then(Value::as_str).unwrap_or(&event.name);
    let delta = value.get("delta").and_then(Value::as_str).unwrap_or_default();
    match kind {
        "response.output_text.delta" => steps.extend(heard.text(delta)),
        "response.refusal.delta" => steps.extend(heard.refusal(delta)),
        "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled" => {
            let response = value.get("response").unwrap_or(&Value::Null);
            steps.extend(end(heard, kind, response)?);
        }
        "error" => return Err(Failure::of_event(value)),
        _ => {}
    }
    Ok(())
}

/// The last event holds the whole response. Its status counts, whatever the event is called.
fn end(heard: &mut Heard, kind: &str, response: &Value) -> Result<Vec<Step>, Failure> {
    let named = kind.trim_start_matches("response.");
    match response.get("status").and_then(Value::as_str).unwrap_or(named) {
        "failed" => return Err(Failure::of_event(response)),
        "cancelled" => return Err(Failure::Cut),
        _ => {}
    }
    let mut steps = Vec::new();
    if !heard.any {
        // Some servers give short replies in one piece.
        let parts = list(response, "output").iter().flat_map(|item| list(item, "content"));
        for part in parts {
            if let Some(refusal) = part.get("refusal").and_then(Value::as_str) {
                steps.extend(heard.refusal(refusal));
            } else if let Some(text) = part.get("text").and_then(Value::as_str) {
                steps.extend(heard.text(text));
            }
        }
    }
    heard.usage = usage(response.get("usage"), "input_tokens", "output_tokens");
    let word = response.pointer("/incomplete_details/reason").and_then(Value::as_str);
    steps.push(heard.end(word.and_then(reason)));
    Ok(steps)
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
