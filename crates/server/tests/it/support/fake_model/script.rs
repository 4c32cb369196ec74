//! What an API writes.

use serde_json::{Value, json};

use super::Act;

/// What an API writes, event by event.
pub struct Script {
    is_chat: bool,
    model: Value,
    number: u64,
    text: String,
    refused: bool,
}

impl Script {
    pub fn new(path: &str, body: &Value) -> Self {
        Self { is_chat: path == "chat", model: body["model"].clone(), number: 0, text: String::new(), refused: false }
    }

    fn event(&mut self, kind: &str, mut payload: Value) -> String {
        payload["type"] = json!(kind);
        payload["sequence_number"] = json!(self.number);
        self.number += 1;
        format!("event: {kind}\ndata: {payload}\n\n")
    }

    fn response(&self, status: &str) -> Value {
        let part = if self.refused {
            json!({"type": "refusal", "refusal": self.text})
        } else {
            json!({"type": "output_text", "text": self.text, "annotations": [], "logprobs": []})
        };
        let item = json!({
            "type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part],
        });
        let is_over = status != "in_progress";
        json!({
            "id": "resp_1", "object": "response", "created_at": 1_790_000_000, "model": self.model, "status": status,
            "output": if is_over && !self.text.is_empty() { json!([item]) } else { json!([]) },
            "parallel_tool_calls": true, "tools": [], "tool_choice": "auto",
            "error": if status == "failed" { json!({"code": "server_error", "message": "It broke."}) } else { Value::Null },
            "incomplete_details": if status == "incomplete" { json!({"reason": "max_output_tokens"}) } else { Value::Null },
            "usage": if is_over && status != "failed" { usage(&self.text) } else { Value::Null },
        })
    }

    fn chunk(&self, delta: &Value, finish: &Value) -> String {
        let chunk = json!({
            "id": "chatcmpl_1", "object": "chat.completion.chunk", "created": 1_790_000_000, "model": self.model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": null}], "usage": null,
        });
        format!("data: {chunk}\n\n")
    }

    /// What comes before the first word.
    pub fn start(&mut self) -> String {
        if self.is_chat {
            return self.chunk(&json!({"role": "assistant", "content": ""}), &Value::Null);
        }
        let response = json!({"response": self.response("in_progress")});
        let created = self.event("response.created", response.clone());
        let item =
            json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "in_progress", "content": []});
        let part = json!({"type": "output_text", "text": "", "annotations": [], "logprobs": []});
        let place = json!({"item_id": "msg_1", "output_index": 0, "content_index": 0, "part": part});
        created
            + &self.event("response.in_progress", response)
            + &self.event("response.output_item.added", json!({"output_index": 0, "item": item}))
            + &self.event("response.content_part.added", place)
    }

    /// The events of an act.
    pub fn events(&mut self, act: &Act) -> String {
        match act {
            Act::Text(text) => self.delta("response.output_text.delta", "content", text),
            Act::Refusal(text) => {
                self.refused = true;
                self.delta("response.refusal.delta", "refusal", text)
            }
            Act::Raw(raw) => (*raw).to_owned(),
            Act::FlatError if !self.is_chat => {
                self.event("error", json!({"code": "rate_limit_exceeded", "message": "m", "param": null}))
            }
            Act::FlatError | Act::NestedError => {
                let error =
                    json!({"type": "rate_limit_error", "code": "rate_limit_exceeded", "message": "m", "param": null});
                if self.is_chat {
                    format!("data: {}\n\n", json!({"error": error}))
                } else {
                    self.event("error", json!({"error": error}))
                }
            }
            Act::Whole(text) => {
                self.text.clone_from(text);
                let words =
                    if self.is_chat { self.chunk(&json!({"content": text}), &Value::Null) } else { String::new() };
                words + &self.end("completed", "stop")
            }
            Act::Failed => self.end("failed", "error"),
            Act::Incomplete => self.end("incomplete", "length"),
            Act::End => self.end("completed", "stop"),
            Act::Gate | Act::Pause(_) | Act::Hang => String::new(),
        }
    }

    fn delta(&mut self, kind: &str, key: &str, text: &str) -> String {
        self.text += text;
        if self.is_chat {
            return self.chunk(&json!({ key: text }), &Value::Null);
        }
        let mut place = json!({"item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": text});
        if key == "content" {
            place["logprobs"] = json!([]);
        }
        self.event(kind, place)
    }

    fn end(&mut self, status: &str, finish: &str) -> String {
        if !self.is_chat {
            let response = json!({"response": self.response(status)});
            return self.event(&format!("response.{status}"), response);
        }
        if finish == "error" {
            return format!(
                "data: {}\n\n",
                json!({"error": {"message": "It broke.", "type": "server_error", "code": null}})
            );
        }
        let counted = usage(&self.text);
        let counted = json!({
            "id": "chatcmpl_1", "object": "chat.completion.chunk", "created": 1_790_000_000, "model": self.model,
            "choices": [], "usage": {
                "prompt_tokens": counted["input_tokens"], "completion_tokens": counted["output_tokens"],
                "total_tokens": counted["total_tokens"],
            },
        });
        self.chunk(&json!({}), &json!(finish)) + &format!("data: {counted}\n\ndata: [DONE]\n\n")
    }
}

/// Ten tokens in, and one for each word out.
fn usage(text: &str) -> Value {
    let output = text.split_whitespace().count();
    json!({
        "input_tokens": 10, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": output, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 10 + output,
    })
}
