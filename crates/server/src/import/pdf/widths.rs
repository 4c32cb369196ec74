//! The widths of letters, in the one form in which they are read rightly.

use pdf_extract::{Dictionary, Document, Object, ObjectId};

/// Letters of one font: as many as its codes of two bytes name.
const LETTERS: usize = 1 << 16;

/// A font may say "the letters from 4 to 9 are 600 wide", or list them. What reads PDFs takes the numbers of letters for
/// their widths in the first form, and all that stands on a line after such a letter is out of its place.
pub(super) fn listed(document: &mut Document) {
    let fonts: Vec<ObjectId> =
        document.objects.iter().filter(|(_, object)| object.as_dict().is_ok_and(is_font)).map(|(id, _)| *id).collect();
    for id in fonts {
        let widths = document.get_dictionary(id).and_then(|font| font.get(b"W")).and_then(|widths| match widths {
            Object::Reference(id) => document.get_object(*id),
            direct => Ok(direct),
        });
        let Some(list) = widths.ok().and_then(|widths| widths.as_array().ok()).and_then(|widths| list(widths)) else {
            continue;
        };
        if let Ok(font) = document.get_dictionary_mut(id) {
            font.set("W", list);
        }
    }
}

fn is_font(dictionary: &Dictionary) -> bool {
    let kind = dictionary.get(b"Subtype").and_then(Object::as_name);
    kind.is_ok_and(|kind| matches!(kind, b"CIDFontType0" | b"CIDFontType2"))
}

/// The same widths, each in a list; `None` where they are not as they should be.
fn list(widths: &[Object]) -> Option<Vec<Object>> {
    let mut listed = Vec::with_capacity(widths.len());
    let (mut rest, mut letters) = (widths, 0);
    while let Some((first, after)) = rest.split_first() {
        let (list, after) = match after {
            [Object::Array(list), after @ ..] => (list.clone(), after),
            [last, width, after @ ..] => {
                let count = last.as_i64().ok()?.checked_sub(first.as_i64().ok()?)?.checked_add(1)?;
                let count = usize::try_from(count).ok().filter(|count| *count <= LETTERS)?;
                (vec![width.clone(); count], after)
            }
            _ => return None,
        };
        letters += list.len();
        if letters > LETTERS {
            return None;
        }
        listed.extend([first.clone(), Object::Array(list)]);
        rest = after;
    }
    Some(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_letters_become_lists() {
        let listing = |widths: &[i64]| Object::Array(widths.iter().map(|width| Object::Integer(*width)).collect());
        let [one, three, four, six, wide] = [1, 3, 4, 6, 600].map(Object::Integer);
        let widths =
            [one.clone(), listing(&[500, 510]), four.clone(), six, wide.clone(), three.clone(), three.clone(), wide];
        let expected =
            [one, listing(&[500, 510]), four.clone(), listing(&[600, 600, 600]), three.clone(), listing(&[600])];
        assert_eq!(list(&widths), Some(expected.to_vec()));
        for wrong in
            [&[three.clone()][..], &[three.clone(), four.clone()], &[four, three.clone(), three.clone(), three.clone()]]
        {
            assert_eq!(list(wrong), None, "{wrong:?}");
        }
        assert_eq!(list(&[three.clone(), Object::Integer(i64::MAX), three]), None);
    }
}
