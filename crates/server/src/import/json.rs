//! JSON of exports: where each conversation is, and one of them as a value.
//!
//! An export of 200 MiB as one tree of values would take gigabytes. So the file is first cut into the raw texts of its
//! conversations, which costs two numbers each, and only the one that is needed is parsed.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Deserializer, Value};

use super::error::{grouped, unit};
use super::limits::{CONVERSATION_BYTES, CONVERSATION_VALUES, CONVERSATIONS};
use super::{ImportError, Tool};

/// Where the conversations of `text` are, in bytes: the items of an array or of its `conversations`, or the whole.
pub(super) fn split(file: &str, text: &str) -> Result<Vec<Range<usize>>, ImportError> {
    let top: Top = parse(text).map_err(|e| broken(file, &e))?;
    let list = match top {
        Top::List(list) => list,
        Top::Object { conversations: Some(raw), .. } => {
            let Top::List(list) = parse(raw.get()).map_err(|e| broken(file, &e))? else {
                let seen = "what it calls conversations is not a list".to_owned();
                return Err(ImportError::UnknownFormat { file: file.to_owned(), seen });
            };
            list
        }
        Top::Object { keys, .. } => {
            if tool(text).is_some() {
                return Ok(std::iter::once(0..text.len()).collect());
            }
            let seen = if keys.is_empty() {
                "it is an empty object".to_owned()
            } else {
                format!("it has {}", keys.join(", "))
            };
            return Err(ImportError::UnknownFormat { file: file.to_owned(), seen });
        }
        Top::Other => {
            let seen = "it is a single value, not a list of conversations".to_owned();
            return Err(ImportError::UnknownFormat { file: file.to_owned(), seen });
        }
    };
    if list.more {
        return Err(ImportError::TooManyConversations { file: file.to_owned(), limit: CONVERSATIONS });
    }
    Ok(list.items.into_iter().map(|raw| span(text, raw)).collect())
}

/// Where the conversations of a list are that is broken somewhere: those before that place.
pub(super) fn before_break(text: &str) -> Vec<Range<usize>> {
    let Some(mut at) = text.find('[').filter(|at| text[..*at].trim().is_empty()).map(|at| at + 1) else {
        return Vec::new();
    };
    let mut whole = Vec::new();
    while whole.len() < CONVERSATIONS {
        let mut rest = Deserializer::from_str(&text[at..]).into_iter::<&RawValue>();
        let Some(Ok(raw)) = rest.next() else { break };
        whole.push(span(text, raw));
        at += rest.byte_offset();
        let after = text[at..].trim_start();
        let Some(next) = after.strip_prefix(',') else { break };
        at = text.len() - next.len();
    }
    whole
}

/// Whether `text` is JSON with conversations of a tool that is known.
pub(super) fn holds_conversations(text: &str) -> bool {
    split("", text).is_ok_and(|spans| spans.into_iter().any(|span| tool(&text[span]).is_some()))
}

/// The tool whose conversation this is, by the keys that only its exports have.
pub(super) fn tool(conversation: &str) -> Option<Tool> {
    /// Read without building anything; null counts as missing.
    #[derive(Deserialize)]
    struct Keys {
        mapping: Option<IgnoredAny>,
        current_node: Option<IgnoredAny>,
        chat_messages: Option<IgnoredAny>,
    }
    // A list would be read as the fields in order.
    if !conversation.trim_start().starts_with('{') {
        return None;
    }
    let keys: Keys = serde_json::from_str(conversation).ok()?;
    match keys {
        Keys { chat_messages: Some(_), .. } => Some(Tool::Claude),
        Keys { mapping: Some(_), .. } | Keys { current_node: Some(_), .. } => Some(Tool::ChatGpt),
        _ => None,
    }
}

/// One conversation as a value, within the limits of size, number of values and nesting.
pub(super) fn value(what: &str, conversation: &str) -> Result<Value, ImportError> {
    let too_large = |limit, unit: &'static str| ImportError::ConversationTooLarge {
        what: what.to_owned(),
        limit,
        unit: unit.into(),
    };
    if conversation.len() > CONVERSATION_BYTES {
        return Err(too_large(unit(CONVERSATION_BYTES), "of JSON"));
    }
    if values(conversation) > CONVERSATION_VALUES {
        return Err(too_large(grouped(CONVERSATION_VALUES), "JSON values"));
    }
    serde_json::from_str(conversation)
        .or_else(|error| match with_whole_characters(conversation) {
            Some(mended) => serde_json::from_str(&mended),
            None => Err(error),
        })
        .map_err(|e| broken(what, &e))
}

/// The same with a replacement character for each half of one (`\ud83d` without its `\ude00`), as programs write it that cut texts by
/// UTF-16 units; `None` where there is none.
fn with_whole_characters(json: &str) -> Option<String> {
    let unit = |at: usize| {
        let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let (mut mended, mut kept, mut at) = (String::new(), 0, 0);
    while let Some(found) = json[at..].find('\\') {
        at += found;
        match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at += 12,
            (Some(0xd800..=0xdfff), _) => {
                mended.push_str(&json[kept..at]);
                mended.push_str("\\ufffd");
                at += 6;
                kept = at;
            }
            (Some(_), _) => at += 6,
            // The backslash and what it is for: one byte, or the sentence is no JSON.
            (None, _) => at += 1 + json[at + 1..].chars().next().map_or(0, char::len_utf8),
        }
    }
    mended.push_str(&json[kept..]);
    (kept > 0).then_some(mended)
}

/// About how many values a JSON text holds, keys counted: the marks that come before one, outside strings.
fn values(json: &str) -> usize {
    let (mut count, mut in_string, mut escaped) = (1, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b',' | b':' | b'[' | b'{' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

pub(super) fn broken(what: &str, error: &serde_json::Error) -> ImportError {
    // serde_json has no kind for this; its wording is checked by a test.
    if error.to_string().starts_with("recursion limit exceeded") {
        return ImportError::TooDeep(what.to_owned());
    }
    let reason = if error.is_eof() { "it ends there, as if it was cut off" } else { "this is not JSON" };
    ImportError::BrokenJson { file: what.to_owned(), line: error.line(), column: error.column(), reason: reason.into() }
}

/// Where `raw` is in `text`, which it was borrowed from: its address tells.
fn span(text: &str, raw: &RawValue) -> Range<usize> {
    let start = raw.get().as_ptr().addr() - text.as_ptr().addr();
    start..start + raw.get().len()
}

fn parse(text: &str) -> serde_json::Result<Top<'_>> {
    let mut json = Deserializer::from_str(text);
    let top = Top::deserialize(&mut json)?;
    json.end()?;
    Ok(top)
}

enum Top<'a> {
    List(List<'a>),
    Object {
        conversations: Option<&'a RawValue>,
        /// The first few, for an error.
        keys: Vec<String>,
    },
    Other,
}

struct List<'a> {
    items: Vec<&'a RawValue>,
    /// There are more than are taken.
    more: bool,
}

impl<'de: 'a, 'a> Deserialize<'de> for Top<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(TopVisitor)
    }
}

struct TopVisitor;

impl<'de> Visitor<'de> for TopVisitor {
    type Value = Top<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Top<'de>, A::Error> {
        let mut items = Vec::new();
        while items.len() < CONVERSATIONS {
            let Some(item) = seq.next_element::<&RawValue>()? else {
                return Ok(Top::List(List { items, more: false }));
            };
            items.push(item);
        }
        let mut more = false;
        while seq.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        Ok(Top::List(List { items, more }))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Top<'de>, A::Error> {
        let mut conversations = None;
        let mut keys = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == "conversations" {
                conversations = Some(map.next_value::<&RawValue>()?);
                continue;
            }
            map.next_value::<IgnoredAny>()?;
            if keys.len() < 5 {
                keys.push(format!("“{}”", key.chars().filter(|c| !c.is_control()).take(40).collect::<String>()));
            }
        }
        Ok(Top::Object { conversations, keys })
    }

    fn visit_unit<E>(self) -> Result<Top<'de>, E> {
        Ok(Top::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Top<'de>, E> {
        Ok(Top::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Top<'de>, E> {
        Ok(Top::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Top<'de>, E> {
        Ok(Top::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Top<'de>, E> {
        Ok(Top::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Top<'de>, E> {
        Ok(Top::Other)
    }
}
