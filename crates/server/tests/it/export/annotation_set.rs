//! The zip of EPUB Annotations: what the draft demands of it, and that positions and fragments lead to the quotes.

use std::{
    collections::BTreeSet,
    io::{Cursor, Read},
};

use serde_json::Value;
use shared::document::Command;
use url::Url;
use zip::{CompressionMethod, ZipArchive};

use super::{ADDRESS, Scene, TEXT, docx::file};

/// The properties of each class in the draft, and no others.
fn keys(value: &Value, allowed: &[&str], required: &[&str]) {
    let keys: BTreeSet<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    assert!(keys.is_subset(&allowed.iter().copied().collect()), "{value}");
    assert!(required.iter().all(|key| keys.contains(key)), "{value}");
}

fn decoded(value: &str) -> String {
    let query = format!("urn:x?v={}", value.strip_prefix(":~:text=").unwrap().replace('+', "%2B"));
    Url::parse(&query).unwrap().query_pairs().next().unwrap().1.into_owned()
}

pub(super) async fn set(scene: &Scene) -> Value {
    let bytes = file(&scene.owner, &scene.talk, "annotations").await;
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    assert_eq!(zip.len(), 1, "the set is all that it holds");
    let mut part = zip.by_index(0).unwrap();
    assert_eq!(part.name().unwrap(), "annotations.json");
    // ISO/IEC 21320-1 allows these two.
    assert!([CompressionMethod::Stored, CompressionMethod::Deflated].contains(&part.compression()));
    let mut json = String::new();
    part.read_to_string(&mut json).unwrap();
    serde_json::from_str(&json).unwrap()
}

#[tokio::test]
async fn each_passage_and_each_comment_is_an_annotation_of_the_draft() {
    let mut scene = Scene::new("Whales", TEXT).await;
    let whales = scene.mark(0, "whales 🐋 sing <b>so").await;
    let deep = scene.mark(1, "深い 海で歌う。 👩🏽‍🚀 listens & waits.").await;
    let first = scene.comment(whales, "Says **who**?", None).await;
    let answer = scene.comment(whales, "I do.", Some(first)).await;
    let gone = scene.comment(deep, "Gone.", None).await;
    scene.run(Command::DeleteComment { highlight: deep, id: gone }).await;
    let set = set(&scene).await;
    keys(
        &set,
        &["@context", "id", "type", "generator", "generated", "about", "items"],
        &["id", "type", "about", "items"],
    );
    assert_eq!(
        (&set["@context"], &set["type"]),
        (&"https://www.w3.org/ns/epub-anno.jsonld".into(), &"AnnotationSet".into())
    );
    assert_eq!(set["about"]["dc:title"], "Whales");
    keys(&set["generator"], &["id", "type", "name", "homepage"], &["id", "type", "name"]);

    let all = scene.owner.get(&format!("{ADDRESS}/{}", scene.talk)).await.json();
    let items = set["items"].as_array().unwrap();
    let ids: Vec<&str> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        [whales.to_string(), first.to_string(), answer.to_string(), deep.to_string()]
            .map(|id| format!("urn:uuid:{id}"))
    );
    for item in items {
        let all_of_it = ["id", "type", "motivation", "created", "modified", "creator", "target", "body"];
        keys(item, &all_of_it, &["id", "type", "created", "target"]);
        assert_eq!(item["type"], "Annotation");
        keys(&item["creator"], &["id", "type", "name"], &["id", "type"]);
        let body = &item["body"];
        keys(body, &["type", "format", "value", "color", "highlight", "tags"], &["type", "value"]);
        assert_eq!((&body["type"], &body["format"]), (&"TextualBody".into(), &"text/plain".into()));
        assert!(["pink", "orange", "yellow", "green", "blue", "purple"].contains(&body["color"].as_str().unwrap()));
        assert_eq!(body["tags"].as_array().unwrap().len(), 1);
        assert_eq!(item["motivation"] == "commenting", body["value"] != "", "{item}");
        keys(&item["target"], &["source", "selector", "meta"], &["source"]);
        let [position, fragment] = &item["target"]["selector"].as_array().unwrap()[..] else { panic!("{item}") };
        assert_eq!(
            (&position["type"], &fragment["type"]),
            (&"TextPositionSelector".into(), &"FragmentSelector".into())
        );
        assert_eq!(fragment["conformsTo"], "https://wicg.github.io/scroll-to-text-fragment/");
        let is_it =
            |message: &&Value| item["target"]["source"].as_str().unwrap().ends_with(message["id"].as_str().unwrap());
        let text = all["messages"].as_array().unwrap().iter().find(is_it).unwrap()["text"].as_str().unwrap();
        let at = |key: &str| position[key].as_u64().unwrap() as usize;
        let found: String = text.chars().skip(at("start")).take(at("end") - at("start")).collect();
        assert_eq!(decoded(fragment["value"].as_str().unwrap()), found);
    }
    let values: Vec<&str> = items.iter().map(|item| item["body"]["value"].as_str().unwrap()).collect();
    assert_eq!(values, ["", "Says who?", "I do.", ""]);
}
