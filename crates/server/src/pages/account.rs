//! One's own account: what one says of oneself, where one is signed in, tokens, webhooks.

use app::{
    pages::{AccountPage, End, SessionLine, TokenLine},
    shell::PageKind,
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use leptos::prelude::*;
use shared::api::{ListClasses, ListSessions, ListTokens, ListWebhooks, Problem};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Detour, Reader, Site};
use crate::times;

/// `GET /account`
pub(super) async fn show(State(site): State<Site>, headers: HeaderMap) -> Response {
    let visitor = match site.visitor(&headers, "/account").await {
        Ok(visitor) => visitor,
        Err(detour) => return site.detour(detour, Reader::Anybody).await,
    };
    let reader = Reader::Person(visitor.clone());
    let asked = async {
        let sessions = site.call(&headers, &ListSessions {}).await?;
        let tokens = site.call(&headers, &ListTokens {}).await?;
        let webhooks = site.call(&headers, &ListWebhooks {}).await?;
        let classes = site.call(&headers, &ListClasses {}).await?.classes;
        Ok::<_, Problem>((sessions, tokens, webhooks, classes))
    };
    let (sessions, tokens, webhooks, classes) = match asked.await {
        Ok(answers) => answers,
        Err(problem) => return site.detour(Detour::Problem(problem), reader).await,
    };
    let now = OffsetDateTime::now_utc();
    let zone = visitor.me.time_zone.clone();
    let day = |at: &str| day(at, zone.as_deref());
    let sessions: Vec<_> = sessions
        .into_iter()
        .map(|session| SessionLine { begun: day(&session.created_at), seen: ago(&session.last_seen_at, now), session })
        .collect();
    let tokens: Vec<_> = tokens
        .into_iter()
        .map(|token| TokenLine {
            made: day(&token.created_at),
            ends: token.expires_at.as_deref().map(|at| End { on: day(at), is_over: is_over(at, now) }),
            used: token.last_used_at.as_deref().map(|at| ago(at, now)),
            token,
        })
        .collect();
    let page = move || {
        let (visitor, sessions, tokens) = (visitor.clone(), sessions.clone(), tokens.clone());
        let (webhooks, classes, zones) = (webhooks.clone(), classes.clone(), times::zones());
        view! {
            <AccountPage
                visitor=visitor
                zones=zones
                now=times::rfc3339(now)
                sessions=sessions
                tokens=tokens
                webhooks=webhooks
                classes=classes
            />
        }
    };
    site.render(StatusCode::OK, "Account".into(), PageKind::Plain, reader, page).await
}

/// `3 November 2026`, where the reader is; in UTC where they did not say: of a day long ago nobody minds the zone.
fn day(at: &str, zone: Option<&str>) -> String {
    match OffsetDateTime::parse(at, &Rfc3339) {
        Ok(at) => {
            let day = times::day_in(at, zone);
            format!("{} {} {}", day.day(), day.month(), day.year())
        }
        Err(_) => String::new(),
    }
}

fn is_over(at: &str, now: OffsetDateTime) -> bool {
    OffsetDateTime::parse(at, &Rfc3339).is_ok_and(|at| at <= now)
}

/// How long ago, so that no zone has to be known. What is less than ten minutes ago is now: times of use are written down
/// every five.
fn ago(at: &str, now: OffsetDateTime) -> String {
    let Ok(at) = OffsetDateTime::parse(at, &Rfc3339) else { return String::new() };
    let counted = |count: i64, noun: &str| format!("{count} {noun}{} ago", if count == 1 { "" } else { "s" });
    match now - at {
        passed if passed < Duration::minutes(10) => "now".into(),
        passed if passed < Duration::hours(1) => counted(passed.whole_minutes(), "minute"),
        passed if passed < Duration::days(1) => counted(passed.whole_hours(), "hour"),
        passed => counted(passed.whole_days(), "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_without_a_zone() {
        let now = OffsetDateTime::parse("2026-11-21T12:00:00Z", &Rfc3339).unwrap();
        assert_eq!(ago("2026-11-21T11:55:00Z", now), "now");
        assert_eq!(ago("2026-11-21T11:15:00Z", now), "45 minutes ago");
        assert_eq!(ago("2026-11-21T10:59:00Z", now), "1 hour ago");
        assert_eq!(ago("2026-11-12T12:00:00Z", now), "9 days ago");
        assert_eq!(day("2026-11-03T10:59:00.123Z", None), "3 November 2026");
        assert_eq!(day("2026-11-03T13:59:00.123Z", Some("Australia/Melbourne")), "4 November 2026");
        assert_eq!(day("nonsense", None), "");
    }
}
