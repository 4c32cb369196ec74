use leptos::prelude::*;

use super::Bar;
use crate::parts::Visitor;

/// The API, as `/api/openapi.json` describes it. What is called HTML was made of Markdown by us and is safe.
#[derive(Debug, Clone)]
pub struct ApiDescription {
    /// What holds for all of it, HTML.
    pub guide: String,
    /// Its parts, in the order of the description.
    pub areas: Vec<ApiArea>,
    /// What answers and bodies are made of, by name.
    pub schemas: Vec<ApiSchema>,
}

/// One part of the API.
#[derive(Debug, Clone)]
pub struct ApiArea {
    /// What it is called.
    pub name: String,
    /// What it is about, HTML.
    pub about: String,
    /// What can be done there.
    pub operations: Vec<ApiOperation>,
}

/// One method of one path.
#[derive(Debug, Clone)]
pub struct ApiOperation {
    /// Names it, also on the page.
    pub id: String,
    /// As HTTP spells it.
    pub method: String,
    /// With the names of parameters in braces.
    pub path: String,
    /// What it does, HTML.
    pub summary: String,
    /// More of that, HTML.
    pub notes: Option<String>,
    /// In the path, the query and the headers.
    pub parameters: Vec<ApiField>,
    /// What may be sent, by media type.
    pub bodies: Vec<ApiBody>,
    /// What is answered, by status.
    pub answers: Vec<ApiAnswer>,
}

/// Something that is sent or answered.
#[derive(Debug, Clone)]
pub struct ApiBody {
    /// Its media type.
    pub media: String,
    /// What it is.
    pub kind: Vec<ApiWord>,
    /// What it holds, where that has no name.
    pub fields: Vec<ApiField>,
}

/// What is answered with one status.
#[derive(Debug, Clone)]
pub struct ApiAnswer {
    /// The status.
    pub status: String,
    /// What it means, HTML.
    pub about: String,
    /// With what.
    pub bodies: Vec<ApiBody>,
}

/// A value with a name.
#[derive(Debug, Clone)]
pub struct ApiField {
    /// Its name; of what stands in an inner object, with dots.
    pub name: String,
    /// What it is.
    pub kind: Vec<ApiWord>,
    /// Whether it may be left out.
    pub is_optional: bool,
    /// Its limits and what it means, HTML.
    pub about: String,
}

/// A piece of what says what a value is.
#[derive(Debug, Clone)]
pub enum ApiWord {
    /// Words.
    Text(String),
    /// The name of a schema.
    Schema(String),
}

/// A schema with a name.
#[derive(Debug, Clone)]
pub struct ApiSchema {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Vec<ApiWord>,
    /// What it means, HTML.
    pub about: String,
    /// What it holds.
    pub fields: Vec<ApiField>,
}

/// The API for people: how to come in, and all that can be asked.
#[component]
pub fn ApiPage(
    /// Who is signed in, if somebody is.
    visitor: Option<Visitor>,
    /// What it shows.
    api: ApiDescription,
) -> impl IntoView {
    let ApiDescription { guide, areas, schemas } = api;
    let links = areas.iter().map(|area| (format!("#{}", anchor(&area.name)), area.name.clone()));
    let links = links.chain([("#schemas".to_owned(), "What is sent and answered".to_owned())]);
    let links = links.map(|(to, name)| view! { <li><a href=to>{name}</a></li> }).collect_view();
    view! {
        <Bar visitor=visitor />
        <main class="page api-page" id="main">
            <h1 class="page-title">"API"</h1>
            <p class="lead">"For programs of your own, with " <a href="/account">"a token of your account"</a> ". The same for machines: " <a href="/api/openapi.json">"openapi.json"</a> "."</p>
            <div class="api-guide" inner_html=guide></div>
            <nav aria-label="Parts of the API"><ul class="api-parts" role="list">{links}</ul></nav>
            {areas.into_iter().map(|area| view! { <Area area=area /> }).collect_view()}
            <section class="api-area" id="schemas" aria-labelledby="schemas-title">
                <h2 id="schemas-title">"What is sent and answered"</h2>
                {schemas.into_iter().map(|schema| view! { <Schema schema=schema /> }).collect_view()}
            </section>
        </main>
    }
    .into_any()
}

/// As an address spells it.
fn anchor(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

#[component]
fn Area(area: ApiArea) -> impl IntoView {
    let ApiArea { name, about, operations } = area;
    let id = anchor(&name);
    let title = format!("{id}-title");
    view! {
        <section class="api-area" id=id aria-labelledby=title.clone()>
            <h2 id=title.clone()>{name}</h2>
            <div class="api-about" inner_html=about></div>
            {operations.into_iter().map(|operation| view! { <Operation operation=operation /> }).collect_view()}
        </section>
    }
    .into_any()
}

#[component]
fn Operation(operation: ApiOperation) -> impl IntoView {
    let ApiOperation { id, method, path, summary, notes, parameters, bodies, answers } = operation;
    let parameters = (!parameters.is_empty()).then(|| view! { <h3>"Parameters"</h3><Fields fields=parameters /> });
    let bodies = (!bodies.is_empty()).then(|| view! { <h3>"Body"</h3><Bodies bodies=bodies /> });
    let answers = answers.into_iter().map(|answer| view! { <Answer answer=answer /> }).collect_view();
    view! {
        <details class="api-operation" id=id>
            <summary>
                <span class="api-method" data-method=method.clone()>{method.clone()}</span>
                <code class="api-path">{breakable(&path)}</code>
                <span class="api-about" inner_html=summary></span>
            </summary>
            <div class="api-inside">
                {notes.map(|notes| view! { <div class="api-about" inner_html=notes></div> })}
                {parameters}
                {bodies}
                <h3>"Answers"</h3>
                <dl class="api-answers">{answers}</dl>
            </div>
        </details>
    }
    .into_any()
}

#[component]
fn Answer(answer: ApiAnswer) -> impl IntoView {
    let ApiAnswer { status, about, bodies } = answer;
    view! {
        <dt><span class="badge">{status}</span></dt>
        <dd><div class="api-about" inner_html=about></div><Bodies bodies=bodies /></dd>
    }
    .into_any()
}

#[component]
fn Bodies(bodies: Vec<ApiBody>) -> impl IntoView {
    bodies
        .into_iter()
        .map(|ApiBody { media, kind, fields }| {
            view! {
                <p class="api-body"><code>{media}</code> " " <Kind words=kind /></p>
                <Fields fields=fields />
            }
        })
        .collect_view()
        .into_any()
}

#[component]
fn Schema(schema: ApiSchema) -> impl IntoView {
    let ApiSchema { name, kind, about, fields } = schema;
    view! {
        // A link that leads into what is closed opens it, one that leads to it does not.
        <details class="api-operation">
            <summary><code class="api-path">{name.clone()}</code></summary>
            <div class="api-inside" id=format!("schema-{name}")>
                <div class="api-about" inner_html=about></div>
                <p class="api-body"><Kind words=kind /></p>
                <Fields fields=fields />
            </div>
        </details>
    }
    .into_any()
}

#[component]
fn Fields(fields: Vec<ApiField>) -> impl IntoView {
    (!fields.is_empty())
        .then(|| {
            let fields = fields.into_iter().map(|ApiField { name, kind, is_optional, about }| {
                let optional = is_optional.then(|| view! { " " <span class="badge">"optional"</span> });
                view! {
                    <li>
                        <code>{name}</code> " " <Kind words=kind /> {optional}
                        <div class="api-about" inner_html=about></div>
                    </li>
                }
            });
            view! { <ul class="api-fields" role="list">{fields.collect_view()}</ul> }
        })
        .into_any()
}

#[component]
fn Kind(words: Vec<ApiWord>) -> impl IntoView {
    let words = words.into_iter().map(|word| match word {
        ApiWord::Text(text) => text.into_any(),
        ApiWord::Schema(name) => view! { <a href=format!("#schema-{name}")>{name.clone()}</a> }.into_any(),
    });
    view! { <span class="api-kind">{words.collect_view()}</span> }.into_any()
}

/// A path may go on in the next line before each of its slashes.
fn breakable(path: &str) -> impl IntoView + use<> {
    let parts: Vec<_> = path.split_inclusive('/').map(|part| view! { {part.to_owned()} <wbr /> }).collect();
    parts.into_any()
}
