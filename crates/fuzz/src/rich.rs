use std::ops::ControlFlow;

use arbitrary::{Arbitrary, Unstructured};
use shared::sync::prescan::prescan;
use yrs::{
    Any, Array, ArrayPrelim, ArrayRef, Doc, Map, MapPrelim, MapRef, ReadTxn, Text, TextPrelim, TextRef, Transact,
    TransactionMut, WriteTxn, Xml, XmlElementPrelim, XmlFragment, XmlFragmentRef, XmlOut, XmlTextPrelim,
};

use crate::{changes, seeded, update};

const MAX_STEPS: u32 = 24;
const TEXTS: [&str; 6] = ["a", "", "é😀", "longer than a few letters", "1", "\u{0}\n"];

/// Makes documents by the edits that the bytes spell, and takes what yrs writes of them: never refused, without gaps. Then
/// changes a few bytes of it, and takes that as [`update::check`] does.
pub fn check(bytes: &[u8]) {
    let mut bytes = Unstructured::new(bytes);
    // When the bytes are used up, zeros follow: the shortest edits.
    let Ok(mut made) = make(&mut bytes) else { return };
    match changes::make(&mut made, &mut bytes) {
        Ok(0) | Err(_) => update::check_made(&made),
        Ok(_) => update::check(&made),
    }
}

/// Two people who edit the document, each on their own or after they have met.
fn make(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
    let people = [seeded::document(1 << 52), seeded::document(200)];
    let seed = people[0].transact().state_vector();
    bytes.arbitrary_loop(None, Some(MAX_STEPS), |bytes| {
        let doc = &people[usize::from(bool::arbitrary(bytes)?)];
        if bytes.ratio(1, 8)? {
            meet(&people);
        } else {
            let before = doc.transact().state_vector();
            edit(doc, Step::arbitrary(bytes)?);
            let update = doc.transact().encode_diff_v1(&before);
            let outline = prescan(&update).expect("what yrs writes is never refused");
            assert_eq!(outline.gap(|client| before.get(&yrs::ClientID::new(client))), None);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    meet(&people);
    let doc = &people[0];
    Ok(if bool::arbitrary(bytes)? { seeded::whole(doc) } else { doc.transact().encode_diff_v1(&seed) })
}

fn meet([left, right]: &[Doc; 2]) {
    for (from, to) in [(left, right), (right, left)] {
        let known = to.transact().state_vector();
        let news = from.transact().encode_diff_v1(&known);
        seeded::take(to, &news);
    }
}

#[derive(Debug, Arbitrary)]
struct Step {
    kind: u8,
    at: u8,
    text: u8,
    value: u8,
}

fn edit(doc: &Doc, step: Step) {
    let text = TEXTS[usize::from(step.text) % TEXTS.len()];
    let mut txn = doc.transact_mut();
    match step.kind % 4 {
        0 => in_text(&txn.get_or_insert_text("notes"), &mut txn, &step, text),
        1 => in_map(&txn.get_or_insert_map("highlights"), &mut txn, &step, text),
        2 => in_list(&txn.get_or_insert_array("list"), &mut txn, &step, text),
        _ => in_xml(&txn.get_or_insert_xml_fragment("xml"), &mut txn, &step, text),
    }
}

fn in_text(notes: &TextRef, txn: &mut TransactionMut<'_>, step: &Step, text: &str) {
    let length = notes.len(txn);
    let at = u32::from(step.at) % (length + 1);
    let rest = (length - at).min(u32::from(step.value) / 16);
    match step.value % 5 {
        0 => notes.insert(txn, at, text),
        1 => notes.remove_range(txn, at, rest),
        2 => notes.format(txn, at, rest, [(text.into(), value(step.value))].into()),
        3 => drop(notes.insert_embed(txn, at, value(step.value))),
        _ => drop(notes.insert_embed(txn, at, MapPrelim::from([(text, 1)]))),
    }
}

fn in_map(map: &MapRef, txn: &mut TransactionMut<'_>, step: &Step, text: &str) {
    match step.value % 6 {
        0 => drop(map.insert(txn, text, value(step.at))),
        1 => drop(map.insert(txn, text, MapPrelim::from([("k", text)]))),
        2 => drop(map.insert(txn, text, TextPrelim::new(text))),
        3 => drop(map.remove(txn, text)),
        4 => map.clear(txn),
        _ => {
            let inner = map.iter(txn).find_map(|(_, value)| value.cast::<MapRef>().ok());
            if let Some(inner) = inner {
                inner.insert(txn, text, value(step.at));
            }
        }
    }
}

fn in_list(list: &ArrayRef, txn: &mut TransactionMut<'_>, step: &Step, text: &str) {
    let length = list.len(txn);
    let at = u32::from(step.at) % (length + 1);
    match step.value % 6 {
        0 => drop(list.insert(txn, at, value(step.text))),
        1 => list.insert_range(txn, at, [Any::from(text), value(step.text), Any::Null]),
        2 => drop(list.insert(txn, at, ArrayPrelim::from([text]))),
        3 => drop(list.insert(txn, at, TextPrelim::new(text))),
        4 => list.remove_range(txn, at, (length - at).min(2)),
        _ => {
            let inner = list.iter(txn).find_map(|value| value.cast::<TextRef>().ok());
            if let Some(inner) = inner {
                inner.push(txn, text);
            }
        }
    }
}

fn in_xml(xml: &XmlFragmentRef, txn: &mut TransactionMut<'_>, step: &Step, text: &str) {
    let length = xml.len(txn);
    let at = u32::from(step.at) % (length + 1);
    match step.value % 4 {
        0 => drop(xml.insert(txn, at, XmlElementPrelim::empty(text))),
        1 => drop(xml.insert(txn, at, XmlTextPrelim::new(text))),
        2 if at < length => xml.remove_range(txn, at, 1),
        _ => match xml.get(txn, at) {
            Some(XmlOut::Element(element)) => drop(element.insert_attribute(txn, text, text)),
            Some(XmlOut::Text(inner)) => inner.push(txn, text),
            _ => {}
        },
    }
}

fn value(number: u8) -> Any {
    match number % 10 {
        0 => Any::Null,
        1 => Any::Undefined,
        2 => true.into(),
        3 => i64::from(number).into(),
        4 => (i64::from(number) << 44).into(),
        5 => 0.1.into(),
        6 => TEXTS[2].into(),
        7 => vec![number; 3].into(),
        8 => Any::Array([Any::Null, (f64::from(number) * 1e300).into()].into()),
        _ => Any::from(std::collections::HashMap::from([("k".to_owned(), Any::Array([].into()))])),
    }
}
