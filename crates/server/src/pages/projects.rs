//! The pages of projects.

use app::{
    pages::{ProjectPage, ProjectView, ProjectsPage},
    parts::Visitor,
};
use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use leptos::prelude::*;
use serde::Deserialize;
use shared::{
    api::{GetProject, ListChats, ListProjectFiles, ListProjects, ListPrompts},
    ids::ProjectId,
};

use super::{Site, classes::id};

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/projects", get(list)).route("/projects/{id}", get(project))
}

async fn list(State(site): State<Site>, headers: HeaderMap) -> Response {
    let asking = site.call(&headers, &ListProjects {});
    let page = |visitor: Visitor, projects| {
        let page = move || view! { <ProjectsPage visitor=visitor.clone() projects=Clone::clone(&projects) /> };
        (StatusCode::OK, "Projects".to_owned(), page)
    };
    site.show(&headers, "/projects", asking, page).await
}

#[derive(Deserialize)]
struct Draft {
    /// The version that the next one is written from.
    #[serde(default)]
    prompt: String,
}

async fn project(
    State(site): State<Site>,
    headers: HeaderMap,
    Path(address): Path<String>,
    Query(Draft { prompt }): Query<Draft>,
) -> Response {
    let asking = async {
        let project: ProjectId = id(&address)?;
        let found = site.call(&headers, &GetProject { project }).await?;
        Ok(ProjectView {
            project: found,
            chats: site.call(&headers, &ListChats { project }).await?,
            prompts: site.call(&headers, &ListPrompts { project }).await?,
            files: site.call(&headers, &ListProjectFiles { project }).await?,
            draft: prompt.parse().ok(),
        })
    };
    let page = |visitor: Visitor, shown: ProjectView| {
        let title = shown.project.name.clone();
        let page = move || view! { <ProjectPage visitor=visitor.clone() shown=shown.clone() /> };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/projects/{address}"), asking, page).await
}
