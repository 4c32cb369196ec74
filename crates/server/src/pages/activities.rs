//! Pages of activities.

use app::{
    pages::{ActivitiesPage, ActivityPage, ActivitySettingsPage, NewActivityPage, OverviewPage},
    parts::Visitor,
};
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use leptos::prelude::*;
use shared::api::{
    Activity, ActivitySummary, Class, GetActivity, GetClass, GetOverview, Group, ListActivities, ListTemplates,
    Overview, Problem, Template,
};

use super::{Site, classes::id};
use crate::error::Error;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/classes/{id}/activities", get(list))
        .route("/classes/{id}/activities/new", get(new))
        .route("/activities/{id}", get(activity))
        .route("/activities/{id}/settings", get(settings))
        .route("/activities/{id}/overview", get(overview))
}

async fn list(State(site): State<Site>, headers: HeaderMap, Path(class): Path<String>) -> Response {
    let asking = async {
        let class = site.call(&headers, &GetClass { class: id(&class)? }).await?;
        let activities = site.call(&headers, &ListActivities { class: class.id }).await?;
        Ok((class, activities))
    };
    let page = |visitor: Visitor, (class, activities): (Class, Vec<ActivitySummary>)| {
        let title = format!("Activities · {}", class.name);
        let page = move || {
            view! { <ActivitiesPage visitor=visitor.clone() class=class.clone() activities=activities.clone() /> }
        };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/classes/{class}/activities"), asking, page).await
}

async fn new(State(site): State<Site>, headers: HeaderMap, Path(class): Path<String>) -> Response {
    let asking = async {
        let class = site.call(&headers, &GetClass { class: id(&class)? }).await?;
        if class.archived {
            return Err(Error::archived().problem());
        }
        let templates = site.call(&headers, &ListTemplates { class: class.id }).await?;
        Ok((class, templates))
    };
    let page = |visitor: Visitor, (class, templates): (Class, Vec<Template>)| {
        let page = move || {
            view! { <NewActivityPage visitor=visitor.clone() class=class.clone() templates=templates.clone() /> }
        };
        (StatusCode::OK, "New activity".to_owned(), page)
    };
    site.show(&headers, &format!("/classes/{class}/activities/new"), asking, page).await
}

async fn activity(State(site): State<Site>, headers: HeaderMap, Path(one): Path<String>) -> Response {
    let asking = async { site.call(&headers, &GetActivity { activity: id(&one)? }).await };
    let page = |visitor: Visitor, activity: Activity| {
        let title = activity.summary.title.clone();
        let page = move || view! { <ActivityPage visitor=visitor.clone() activity=activity.clone() /> };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/activities/{one}"), asking, page).await
}

async fn settings(State(site): State<Site>, headers: HeaderMap, Path(one): Path<String>) -> Response {
    let asking = async {
        let activity = site.call(&headers, &GetActivity { activity: id(&one)? }).await?;
        let templates = site.call(&headers, &ListTemplates { class: activity.class }).await?;
        Ok((activity, templates))
    };
    let page = |visitor: Visitor, (activity, templates): (Activity, Vec<Template>)| {
        let title = format!("Settings · {}", activity.summary.title);
        let page = move || {
            let (visitor, activity, templates) = (visitor.clone(), activity.clone(), templates.clone());
            view! { <ActivitySettingsPage visitor=visitor activity=activity templates=templates /> }
        };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/activities/{one}/settings"), asking, page).await
}

async fn overview(State(site): State<Site>, headers: HeaderMap, Path(one): Path<String>) -> Response {
    let asking = async {
        let activity = site.call(&headers, &GetActivity { activity: id(&one)? }).await?;
        let overview = site.call(&headers, &GetOverview { activity: activity.summary.id }).await?;
        let class = site.call(&headers, &GetClass { class: activity.class }).await?;
        Ok::<_, Problem>((activity, overview, class.groups))
    };
    let page = |visitor: Visitor, (activity, overview, groups): (Activity, Overview, Vec<Group>)| {
        let title = format!("Overview · {}", activity.summary.title);
        let page = move || {
            let (visitor, activity, overview, groups) =
                (visitor.clone(), activity.clone(), overview.clone(), groups.clone());
            view! { <OverviewPage visitor=visitor activity=activity overview=overview groups=groups /> }
        };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/activities/{one}/overview"), asking, page).await
}
