use leptos::prelude::*;
use shared::{
    agreement::rounded,
    api::{Agreement, Coder, DisputedPassage, MAX_DISPUTED_CHARS, PairAgreement, TagAgreement},
    ids::{ConversationId, MessageId, TagId, UserId},
};
use std::{collections::HashMap, sync::Arc};

use super::{Bar, home::counted};
use crate::parts::Visitor;

/// Pairs that are shown of a tag: those that agree least. The table that one takes away holds them all.
const MAX_PAIRS_SHOWN: usize = 200;

/// How far people agree in a conversation.
#[component]
pub fn AgreementPage(
    /// Who is signed in.
    visitor: Visitor,
    /// Of which conversation.
    conversation: ConversationId,
    /// Which branch was asked for.
    branch: Option<MessageId>,
    /// What is shown.
    agreement: Agreement,
    /// The tag whose pairs and passages are shown.
    tag: Option<TagId>,
) -> impl IntoView {
    let (title, protected) = (agreement.title.clone(), (!agreement.may_copy).then_some(""));
    let back = format!("/c/{conversation}");
    let of_branch = branch.map(|branch| format!("branch={branch}"));
    let file = format!("/api/v1/conversations/{conversation}/agreement.csv");
    let addresses = Addresses { page: format!("{back}/agreement"), file, of_branch };
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page page-wide agreement" id="main" data-protected=protected>
            <p class="page-crumb"><a href=back dir="auto">{title}</a></p>
            <header class="page-head">
                <h1 class="page-title">"Agreement"</h1>
            </header>
            <Figures agreement=agreement tag=tag addresses=addresses rooms=false />
        </main>
    }
    .into_any()
}

/// Where the same is to be had with other choices.
#[derive(Clone)]
pub(super) struct Addresses {
    pub(super) page: String,
    pub(super) file: String,
    pub(super) of_branch: Option<String>,
}

impl Addresses {
    fn of_tag(&self, tag: TagId) -> String {
        let branch = self.of_branch.iter().map(|branch| format!("&{branch}")).collect::<String>();
        format!("{}?tag={tag}{branch}", self.page)
    }

    fn of_file(&self) -> String {
        let branch = self.of_branch.iter().map(|branch| format!("?{branch}")).collect::<String>();
        format!("{}{branch}", self.file)
    }
}

/// What people are called.
#[derive(Clone)]
struct Names(Arc<HashMap<UserId, String>>);

impl Names {
    fn of(&self, id: UserId) -> String {
        self.0.get(&id).cloned().unwrap_or_default()
    }
}

/// The figures, what they mean, and where people differ.
#[component]
pub(super) fn Figures(
    agreement: Agreement,
    tag: Option<TagId>,
    addresses: Addresses,
    /// Whether people worked in rooms, where they see what others mark.
    rooms: bool,
) -> impl IntoView {
    let Agreement { coders, alpha, without_place, people, tags, may_copy, .. } = agreement;
    let lost = (without_place > 0).then(|| {
        let what = counted(without_place as i64, "highlight");
        let verb = if without_place == 1 { "has" } else { "have" };
        view! { <p class="hint">{format!("{what} {verb} no place in this text and {} not counted.", if without_place == 1 { "is" } else { "are" })}</p> }
    });
    if coders < 2 {
        let who = people.into_iter().next().map(|coder| coder.person.name);
        return view! { <Nobody who=who /> {lost} }.into_any();
    }
    let chosen = tag.and_then(|tag| tags.iter().find(|one| one.id == tag).cloned());
    let names: HashMap<UserId, String> =
        people.iter().map(|Coder { person, .. }| (person.id, person.name.clone())).collect();
    let names = Names(Arc::new(names));
    let compared = people.len();
    let of_all = format!("{} marked something here.", counted_people(coders));
    let fewer = (compared < coders).then(|| format!(" The {compared} who marked the most are compared in pairs."));
    let file = may_copy.then(|| {
        view! { <a class="button" href=addresses.of_file() download>"Export CSV"</a> }
    });
    view! {
        <section class="class-section agreement-tags" aria-labelledby="tags-title">
            <div class="section-head">
                <h2 id="tags-title">"Tags"</h2>
                {file}
            </div>
            <p class="hint">{of_all} {fewer} " A tag that somebody did not use counts as passages that they left unmarked."</p>
            <Meaning rooms=rooms />
            {lost}
            <Tags tags=tags alpha=alpha chosen=tag addresses=addresses />
        </section>
        {chosen.map(|tag| view! { <OfTag tag=tag names=names coders=coders /> })}
    }
    .into_any()
}

fn counted_people(count: usize) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

/// There is nobody to agree with.
#[component]
fn Nobody(who: Option<String>) -> impl IntoView {
    let (heading, words) = match who {
        Some(_) => {
            ("One person has marked something", " There is nobody to agree with yet: figures come with the second.")
        }
        None => (
            "Nobody has marked anything yet",
            "Agreement can be reckoned as soon as two people have marked passages with tags.",
        ),
    };
    let who = who.map(|name| view! { "So far it is " <bdi>{name}</bdi> "." });
    view! {
        <div class="empty">
            <h2>{heading}</h2>
            <p>{who} {words}</p>
        </div>
    }
    .into_any()
}

/// What the figures say.
#[component]
fn Meaning(rooms: bool) -> impl IntoView {
    let rooms = rooms.then_some(
        " People who see one another’s marks often leave what is marked already: here that counts as disagreement.",
    );
    view! {
        <details class="agreement-meaning">
            <summary>"What the figures mean"</summary>
            <dl>
                <div>
                    <dt>"Alpha"</dt>
                    <dd>
                        "Krippendorff’s alpha for passages in a text. 1: all marked the very same passages. 0: they agree no more than by chance. Below 0: less than that, they mark different things." {rooms}
                    </dd>
                </div>
                <div>
                    <dt>"Overlap (F1)"</dt>
                    <dd>"How much of what two people marked is the same text: 1 is all of it, 0 nothing. Chance is not taken into account."</dd>
                </div>
            </dl>
        </details>
    }
    .into_any()
}

#[component]
fn Tags(tags: Vec<TagAgreement>, alpha: Option<f64>, chosen: Option<TagId>, addresses: Addresses) -> impl IntoView {
    let units: usize = tags.iter().map(|tag| tag.units).sum();
    let rows = tags.into_iter().map(|tag| {
        let here = (chosen == Some(tag.id)).then_some("true");
        let (words, used) = (if tag.units == 0 { NOBODY } else { TOO_LITTLE }, tag.units > 0);
        let name = match used {
            true => view! { <a href=addresses.of_tag(tag.id) aria-current=here>{tag.name}</a> }.into_any(),
            false => tag.name.into_any(),
        };
        view! {
            <tr data-chosen=here.map(|_| "")>
                <th scope="row" dir="auto">{name}</th>
                <Figure of=tag.alpha words=words />
                <td class="count">{tag.units}</td>
                <td class="count">{tag.coders}</td>
            </tr>
        }
    });
    view! {
        <div class="table-place" role="region" aria-label="Agreement on each tag" tabindex="0">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Tag"</th>
                        <th scope="col" class="figure">"Alpha"</th>
                        <th scope="col" class="count">"Passages"</th>
                        <th scope="col" class="count">"People"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
                <tfoot>
                    <tr>
                        <th scope="row">"All tags together"</th>
                        <Figure of=alpha words=NOBODY />
                        <td class="count">{units}</td>
                        <td class="count"></td>
                    </tr>
                </tfoot>
            </table>
        </div>
    }
    .into_any()
}

/// Why there is no figure.
const NOBODY: &str = "Nobody marked anything";
const NEITHER: &str = "Neither marked anything";
const TOO_LITTLE: &str = "Too little text";

/// A figure with two digits and a bar beside it, or why there is none.
#[component]
fn Figure(of: Option<f64>, words: &'static str) -> impl IntoView {
    match of {
        Some(figure) => {
            let state = if figure < 0.0 { "less" } else { "more" };
            // A tenth is a step of the bar: style attributes are not allowed.
            let steps = (figure.clamp(0.0, 1.0) * 10.0).round();
            view! { <td class="figure" data-is=state data-steps=steps.to_string()>{rounded(figure)}</td> }.into_any()
        }
        None => view! { <td class="figure none">{words}</td> }.into_any(),
    }
}

/// Pairs of one tag, and where people differ.
#[component]
fn OfTag(tag: TagAgreement, names: Names, coders: usize) -> impl IntoView {
    let TagAgreement { name, pairs, passages, .. } = tag;
    let again = name.clone();
    view! {
        <section class="class-section" aria-labelledby="pairs-title">
            <h2 id="pairs-title">"Pairs on " <bdi>{name}</bdi></h2>
            <Pairs pairs=pairs names=names.clone() />
        </section>
        <section class="class-section" aria-labelledby="passages-title">
            <h2 id="passages-title">"Where people differ most on " <bdi>{again}</bdi></h2>
            <Passages passages=passages names=names coders=coders />
        </section>
    }
    .into_any()
}

#[component]
fn Pairs(mut pairs: Vec<PairAgreement>, names: Names) -> impl IntoView {
    let all = pairs.len();
    PairAgreement::least_first(&mut pairs);
    let left_out = (all > MAX_PAIRS_SHOWN).then(|| {
        view! { <p class="hint">{format!("The {MAX_PAIRS_SHOWN} that agree least, of {}. The table to export has all of them.", counted(all as i64, "pair"))}</p> }
    });
    let rows = pairs.into_iter().take(MAX_PAIRS_SHOWN).map(|pair| {
        let [one, other] = pair.people.map(|id| names.of(id));
        let [mine, theirs] = pair.units;
        view! {
            <tr>
                <th scope="row"><bdi>{one}</bdi> " and " <bdi>{other}</bdi></th>
                <Figure of=pair.alpha words=NEITHER />
                <Figure of=pair.f1 words=NEITHER />
                <td class="count">{format!("{mine} and {theirs}")}</td>
            </tr>
        }
    });
    view! {
        {left_out}
        <div class="table-place" role="region" aria-label="Agreement of each pair" tabindex="0">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Pair"</th>
                        <th scope="col" class="figure">"Alpha"</th>
                        <th scope="col" class="figure">"Overlap (F1)"</th>
                        <th scope="col" class="count">"Passages of each"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Passages(passages: Vec<DisputedPassage>, names: Names, coders: usize) -> impl IntoView {
    if passages.is_empty() {
        return view! { <p class="hint">"Nowhere: whatever one marked with this tag, all marked."</p> }.into_any();
    }
    let lines =
        passages.into_iter().map(|passage| view! { <Passage passage=passage names=names.clone() coders=coders /> });
    view! {
        <p class="hint">"A name leads to what that person marked there."</p>
        <ol class="agreement-passages" role="list">{lines.collect_view()}</ol>
    }
    .into_any()
}

#[component]
fn Passage(passage: DisputedPassage, names: Names, coders: usize) -> impl IntoView {
    let DisputedPassage { number, start, end, quote, marked, marked_by, not_marked_by, .. } = passage;
    let cut = (end.0 - start.0) as usize > MAX_DISPUTED_CHARS;
    let mut markers = Vec::new();
    for marker in marked_by {
        let (name, address) = (names.of(marker.person), format!("/c/{}#h={}", marker.conversation, marker.highlight));
        markers.push(view! { <li><a href=address dir="auto">{name}</a></li> });
    }
    let others: Vec<_> = not_marked_by.into_iter().map(|id| view! { <li><bdi>{names.of(id)}</bdi></li> }).collect();
    let not = match others.is_empty() {
        true => view! { <p class="hint">"Each of them marked a part of it, and not the same."</p> }.into_any(),
        false => view! {
            <div class="agreement-who">
                <span>"Not by"</span>
                <ul role="list" aria-label="Not marked by">{others}</ul>
            </div>
        }
        .into_any(),
    };
    let shares = format!("Message {number} · marked by {marked} of {coders}");
    view! {
        <li>
            <blockquote data-quote dir="auto">{quote} {cut.then_some("…")}</blockquote>
            <p class="hint">{shares}</p>
            <div class="agreement-who">
                <span>"Marked by"</span>
                <ul role="list" aria-label="Marked by">{markers}</ul>
            </div>
            {not}
        </li>
    }
    .into_any()
}
