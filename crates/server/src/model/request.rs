use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};
use shared::messages::MessageRole;

/// What a model is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// The model's name.
    pub model: String,
    /// The prompt.
    pub instructions: Option<String>,
    /// The branch so far, the last of it to be answered.
    pub turns: Vec<Turn>,
}

/// A message, as the model gets it.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Whose words it is.
    pub role: MessageRole,
    /// In order; never empty.
    pub parts: Vec<Part>,
}

/// A piece of a message.
#[derive(Debug, Clone)]
pub enum Part {
    /// Words, or a file of words.
    Text(String),
    /// A picture.
    Image {
        /// `image/png` and the like.
        media_type: String,
        /// As it was uploaded.
        bytes: Bytes,
    },
    /// A document that the model reads by itself.
    Pdf {
        /// What it is called.
        name: String,
        /// As it was uploaded.
        bytes: Bytes,
    },
}

/// English has four characters to a token.
pub const BYTES_A_TOKEN: i64 = 4;

/// What a file of this kind and size weighs beside words, in bytes of these. Files that no model can read weigh as much as
/// the words that say so.
pub fn weight(media_type: &str, size: i64) -> i64 {
    match media_type {
        "application/pdf" => size / 20,
        "application/json" => size,
        text if text.starts_with("text/") => size,
        picture if picture.starts_with("image/") => 4_000,
        _ => 100,
    }
}

fn length(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

impl Question {
    /// The body of `POST /responses`.
    pub(super) fn for_responses(&self) -> Value {
        let input: Vec<Value> = self.turns.iter().map(Turn::for_responses).collect();
        let mut body = json!({"model": self.model, "input": input, "stream": true, "store": false});
        if let Some(instructions) = &self.instructions {
            body["instructions"] = json!(instructions);
        }
        body
    }

    /// The body of `POST /chat/completions`.
    pub(super) fn for_chat(&self) -> Value {
        let prompt = self.instructions.iter().map(|text| json!({"role": "system", "content": text}));
        let messages: Vec<Value> = prompt.chain(self.turns.iter().map(Turn::for_chat)).collect();
        json!({
            "model": self.model, "messages": messages, "stream": true, "stream_options": {"include_usage": true},
        })
    }

    /// About how many tokens it is, where nobody counts them.
    pub fn estimate(&self) -> i64 {
        let parts = self.turns.iter().flat_map(|turn| &turn.parts);
        let bytes: i64 = parts
            .map(|part| match part {
                Part::Text(text) => length(text.len()),
                Part::Image { bytes, media_type } => weight(media_type, length(bytes.len())),
                Part::Pdf { bytes, .. } => weight("application/pdf", length(bytes.len())),
            })
            .sum();
        (bytes + length(self.instructions.as_ref().map_or(0, String::len))) / BYTES_A_TOKEN
    }
}

impl Turn {
    /// A text that is no turn is something that the person shows.
    fn role(&self) -> &'static str {
        match self.role {
            MessageRole::System => "system",
            MessageRole::User | MessageRole::Source => "user",
            MessageRole::Assistant => "assistant",
        }
    }

    /// The plain form where there is nothing but words: all servers have it.
    fn content(&self, of_part: fn(&Part) -> Value) -> Value {
        match &self.parts[..] {
            [Part::Text(text)] => json!(text),
            parts => parts.iter().map(of_part).collect(),
        }
    }

    fn for_responses(&self) -> Value {
        let content = self.content(|part| match part {
            Part::Text(text) => json!({"type": "input_text", "text": text}),
            Part::Image { media_type, bytes } => {
                json!({"type": "input_image", "detail": "auto", "image_url": data_url(media_type, bytes)})
            }
            Part::Pdf { name, bytes } => {
                json!({"type": "input_file", "filename": name, "file_data": data_url("application/pdf", bytes)})
            }
        });
        json!({"role": self.role(), "content": content})
    }

    fn for_chat(&self) -> Value {
        let content = self.content(|part| match part {
            Part::Text(text) => json!({"type": "text", "text": text}),
            Part::Image { media_type, bytes } => {
                json!({"type": "image_url", "image_url": {"url": data_url(media_type, bytes)}})
            }
            Part::Pdf { name, bytes } => {
                let file = json!({"filename": name, "file_data": data_url("application/pdf", bytes)});
                json!({"type": "file", "file": file})
            }
        });
        json!({"role": self.role(), "content": content})
    }
}

fn data_url(media_type: &str, bytes: &[u8]) -> String {
    format!("data:{media_type};base64,{}", BASE64_STANDARD.encode(bytes))
}
