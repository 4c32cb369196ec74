//! The stand-in for a model's server, and what the server asks of it, held against OpenAI's types as others have them.

use async_openai::types::{
    chat::{CreateChatCompletionRequest, CreateChatCompletionStreamResponse},
    responses::{CreateResponse, ResponseStreamEvent},
};
use serde_json::json;

use crate::support::{
    chats::Chat,
    fake_model::{Act, Script},
};

fn data(stream: &str) -> impl Iterator<Item = &str> {
    stream.lines().filter_map(|line| line.strip_prefix("data: "))
}

/// Everything that it says, as one stream.
fn stream(path: &str, last: &Act) -> String {
    let mut script = Script::new(path, &json!({"model": "m"}));
    let acts = [Act::Text("Some é words. ".into()), Act::Text("More.".into()), Act::Refusal("No.".into())];
    script.start() + &acts.iter().chain([last]).map(|act| script.events(act)).collect::<String>()
}

#[test]
fn the_stand_in_speaks_as_the_responses_api_does() {
    for last in [Act::End, Act::Failed, Act::Incomplete, Act::FlatError] {
        for event in data(&stream("responses", &last)) {
            let read = serde_json::from_str::<ResponseStreamEvent>(event);
            assert!(read.is_ok(), "{event}: {read:?}");
        }
    }
    // What OpenAI sends, and the types do not know.
    let nested = stream("responses", &Act::NestedError);
    assert!(serde_json::from_str::<ResponseStreamEvent>(data(&nested).last().unwrap()).is_err());
}

#[test]
fn the_stand_in_speaks_as_chat_completions_do() {
    for last in [Act::End, Act::Incomplete] {
        let stream = stream("chat", &last);
        let (done, chunks) = data(&stream).collect::<Vec<_>>().split_last().map(|(d, c)| (*d, c.to_vec())).unwrap();
        assert_eq!(done, "[DONE]");
        for chunk in chunks {
            let read = serde_json::from_str::<CreateChatCompletionStreamResponse>(chunk);
            assert!(read.is_ok(), "{chunk}: {read:?}");
        }
    }
}

#[tokio::test]
async fn what_is_asked_is_what_the_types_of_others_say() {
    let chat = Chat::begin().await;
    chat.ask("Hello").await;
    let asked = chat.model.asked().remove(0);
    assert_eq!(asked.path, "responses");
    let read: CreateResponse = serde_json::from_value(asked.body.clone()).unwrap();
    assert_eq!((read.store, read.stream), (Some(false), Some(true)));
    assert_eq!(asked.body["input"], json!([{"role": "user", "content": "Hello"}]));

    let chat = Chat::with(&["--llm-api=chat"]).await;
    chat.ask("Hello").await;
    let asked = chat.model.asked().remove(0);
    assert_eq!(asked.path, "chat");
    let read: CreateChatCompletionRequest = serde_json::from_value(asked.body.clone()).unwrap();
    assert_eq!((read.stream, read.messages.len()), (Some(true), 1));
}
