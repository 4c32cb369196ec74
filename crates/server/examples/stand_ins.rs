//! The stand-ins for those whom the server asks, for journeys in a browser: says where they are, one line each, and ends
//! when nobody holds its standard input any more.
#![allow(clippy::unwrap_used, missing_docs, reason = "a part of the tests")]

use tokio::io::AsyncReadExt;

#[path = "../tests/it/support/fake_oidc.rs"]
#[allow(dead_code, reason = "more of it is used elsewhere")]
mod fake_oidc;
#[path = "../tests/it/support/fake_stytch.rs"]
#[allow(dead_code, reason = "more of it is used elsewhere")]
mod fake_stytch;

#[tokio::main]
async fn main() {
    let (stytch, oidc) = tokio::join!(fake_stytch::FakeStytch::start(), fake_oidc::FakeOidc::start());
    println!("STYTCH_BASE_URL={}", stytch.url());
    println!("STYTCH_PROJECT_ID={}", fake_stytch::PROJECT);
    println!("STYTCH_SECRET={}", fake_stytch::SECRET);
    println!("OIDC_ISSUER={}", oidc.issuer);
    println!("OIDC_CLIENT_ID={}", fake_oidc::CLIENT);
    println!("OIDC_CLIENT_SECRET={}", fake_oidc::SECRET);
    println!("ready");
    let mut nothing = Vec::new();
    // An error is an end, too.
    let _ = tokio::io::stdin().read_to_end(&mut nothing).await;
}
