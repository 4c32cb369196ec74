//! The stand-ins for those whom the server asks, for journeys in a browser: says where they are, one line each, and ends
//! when nobody holds its standard input any more.
#![allow(clippy::unwrap_used, missing_docs, reason = "a part of the tests")]

use tokio::io::AsyncReadExt;

/// A model that does what it is told by a word with a `#` in the message that is sent: `#slow` (40 ms a word), `#gated` (half of a
/// reply, and the rest after a `POST` to `/stand-in/release` of its address), `#table`, `#refusal`, `#cut`, `#hang`, `#account`, …:
/// all stand in `plan` there. Without one it says `You said: …`. Servers are told of it by the variables that are printed; it
/// takes no other key.
#[path = "../tests/it/support/fake_model.rs"]
#[allow(dead_code, unused_imports, reason = "more of it is used elsewhere")]
mod fake_model;
#[path = "../tests/it/support/fake_oidc.rs"]
#[allow(dead_code, reason = "more of it is used elsewhere")]
mod fake_oidc;
#[path = "../tests/it/support/fake_stytch.rs"]
#[allow(dead_code, reason = "more of it is used elsewhere")]
mod fake_stytch;

#[tokio::main]
async fn main() {
    let (stytch, oidc, model) =
        tokio::join!(fake_stytch::FakeStytch::start(), fake_oidc::FakeOidc::start(), fake_model::FakeModel::start());
    println!("STYTCH_BASE_URL={}", stytch.url());
    println!("STYTCH_PROJECT_ID={}", fake_stytch::PROJECT);
    println!("STYTCH_SECRET={}", fake_stytch::SECRET);
    println!("OIDC_ISSUER={}", oidc.issuer);
    println!("OIDC_CLIENT_ID={}", fake_oidc::CLIENT);
    println!("OIDC_CLIENT_SECRET={}", fake_oidc::SECRET);
    println!("OPENAI_BASE_URL={}", model.url());
    println!("OPENAI_API_KEY={}", fake_model::KEY);
    println!("OPENAI_MODEL={}", fake_model::MODELS);
    println!("ready");
    let mut nothing = Vec::new();
    // An error is an end, too.
    let _ = tokio::io::stdin().read_to_end(&mut nothing).await;
}
