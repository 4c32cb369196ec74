//! PDFs: one that a browser printed, and what is made of lines.

use proptest::prelude::*;

use super::{fixture, pages::shown};
use crate::import::pdf::tests::{line, pages, read};

#[test]
fn a_printed_page_has_its_headings_paragraphs_and_items() {
    let shown = shown(&read("ferries.pdf", &fixture("pdf/ferries.pdf")).unwrap());
    if std::env::var_os("PROMPTGRIMOIRE_GOLDEN").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../end2end/fixtures/import/pdf/ferries.golden.md");
        std::fs::write(path, &shown).unwrap();
    }
    assert_eq!(shown, String::from_utf8(fixture("pdf/ferries.golden.md")).unwrap());
}

#[test]
fn a_pdf_of_pictures_says_that_it_is_one() {
    let error = read("scan.pdf", &fixture("pdf/picture.pdf")).unwrap_err();
    assert_eq!(error.code(), "no_text");
    assert!(error.to_string().starts_with("scan.pdf holds pictures of pages, and no text"), "{error}");
}

#[test]
fn what_is_no_pdf_says_so() {
    let whole = fixture("pdf/ferries.pdf");
    for bytes in [&b"%PDF-1.7"[..], b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj", &whole[..whole.len() / 2]] {
        assert_eq!(read("a.pdf", bytes).unwrap_err().code(), "broken_document");
    }
}

fn markdown(lines: Vec<crate::import::pdf::Line>) -> String {
    pages(vec![lines]).messages[0].markdown.clone()
}

#[test]
fn words_that_a_line_parts_are_whole_again() {
    let two = |first: &str, second: &str| {
        markdown(vec![line(first, 10.0, 0.0, 100.0, 10.0), line(second, 22.0, 0.0, 90.0, 10.0)])
    };
    assert_eq!(two("an unforget-", "table day"), "an unforgettable day");
    assert_eq!(two("an unforget\u{ad}", "table day"), "an unforgettable day");
    assert_eq!(two("the Jean-", "Luc of old"), "the Jean-Luc of old");
    assert_eq!(two("from 3 -", "to 4"), "from 3 - to 4");
    assert_eq!(two("渡し", "船です"), "渡し船です");
    assert_eq!(two("渡し", "boats"), "渡し boats");
}

#[test]
fn paragraphs_end_where_space_is_left() {
    let lines = vec![
        line("A title", 10.0, 0.0, 60.0, 20.0),
        line("One line of words that", 40.0, 0.0, 100.0, 10.0),
        line("goes on here.", 52.0, 0.0, 60.0, 10.0),
        line("A second begins far", 64.0, 0.0, 98.0, 10.0),
        line("without a space.", 76.0, 0.0, 100.0, 10.0),
        line("A third stands lower", 100.0, 0.0, 100.0, 10.0),
        line("and 1. is no list", 112.0, 0.0, 100.0, 10.0),
        line("• an item that is", 130.0, 5.0, 100.0, 10.0),
        line("long", 142.0, 12.0, 40.0, 10.0),
        line("• another", 154.0, 5.0, 60.0, 10.0),
    ];
    assert_eq!(
        markdown(lines),
        "# A title\n\nOne line of words that goes on here.\n\nA second begins far without a space.\n\nA third stands lower and 1. is no list\n\n- an item that is long\n- another"
    );
}

#[test]
fn numbers_and_lines_of_each_page_are_left_out() {
    let page = |number: usize, words: &str| {
        vec![
            line("The lake, vol. 3", 5.0, 0.0, 60.0, 10.0),
            line(words, 30.0, 0.0, 100.0, 10.0),
            line(&format!("– {number} –"), 200.0, 40.0, 60.0, 10.0),
        ]
    };
    let read = pages(vec![page(1, "The boat was"), page(2, "late again. It rained"), page(3, "A new day.")]);
    assert_eq!(read.messages[0].markdown, "The boat was late again. It rained\n\nA new day.");
    assert!(read.notes.iter().any(|note| note.starts_with("6 lines at the edges of pages")), "{:?}", read.notes);
}

#[test]
fn text_from_right_to_left_is_in_the_order_in_which_it_is_read() {
    for file in ["right-to-left.pdf", "right-to-left-writer.pdf"] {
        let read = read(file, &fixture(&format!("pdf/{file}"))).unwrap();
        let paragraphs: Vec<&str> = read.messages[0].markdown.split("\n\n").collect();
        assert_eq!(
            paragraphs[..4],
            [
                "السفينة تنقل الركاب عبر النهر كل يوم. ولكن في الشتاء لا تعمل السفينة إلا مرتين في الأسبوع لأن الجليد (كما يقول الملاح) يسد الطريق.",
                "המעבורת מפליגה בשעה 10:30 מן הרציף של Waterloo Bridge, ורק ב־3 ימים (לא בשבת) היא חוזרת. כל נוסע משלם 25 שקלים.",
                "שלום עולם",
                "The word שלום עולם means hello (peace) in Hebrew.",
            ],
            "{file}"
        );
        let note = "Text from right to left was put in order by the places of its letters: look whether it is right.";
        assert!(read.notes.iter().any(|said| said == note), "{file}: {:?}", read.notes);
    }
    let forwards = read("ferries.pdf", &fixture("pdf/ferries.pdf")).unwrap();
    assert!(!forwards.notes.iter().any(|said| said.contains("right to left")), "{:?}", forwards.notes);
}

#[test]
fn labelled_turns_of_a_pdf_are_turns() {
    let lines = vec![
        line("User: why?", 10.0, 0.0, 50.0, 10.0),
        line("Assistant: because the words", 22.0, 0.0, 100.0, 10.0),
        line("go on", 34.0, 0.0, 30.0, 10.0),
    ];
    let said: Vec<_> = pages(vec![lines]).messages.into_iter().map(|m| (m.role.as_str(), m.markdown)).collect();
    assert_eq!(said, [("user", "why?".to_owned()), ("assistant", "because the words go on".to_owned())]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn a_damaged_pdf_never_panics(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20)) {
        let mut bytes = fixture("pdf/ferries.pdf");
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read("a.pdf", &bytes);
    }
}
