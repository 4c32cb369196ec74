//! A web page with what belongs to it in one file (MHTML, RFC 2557), as Chrome and Edge save one: of its parts the page itself is
//! read, as one that was saved alone.

use encoding_rs::Encoding as Charset;
use mail_parser::{
    Message, MessageParser, MessagePart, MimeHeaders,
    decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode},
};

use super::{ImportError, ImportedConversation, notes::Notes, page};

/// Reads the page in `bytes`, which errors call `file`.
pub(super) fn conversation(file: &str, bytes: &[u8], title: Option<&str>) -> Result<ImportedConversation, ImportError> {
    let broken = |reason: &str| ImportError::BrokenDocument { file: file.to_owned(), reason: reason.to_owned() };
    let parsed = MessageParser::new().with_mime_headers().parse(bytes).ok_or_else(|| broken("it is no web archive"))?;
    let part = root(&parsed).ok_or_else(|| broken("there is no web page in it"))?;
    let mut body = bytes.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default().to_vec();
    // By its header: the parser takes what it cannot read to the end for plain.
    let encoding = part.content_transfer_encoding().unwrap_or("8bit").trim().to_ascii_lowercase();
    let mut notes = Notes::default();
    if part.is_encoding_problem {
        notes.say("The file is cut off or damaged: the end of the page may be missing.");
        body = whole_units(&encoding, &body);
    }
    // As bytes: how they are text the page itself may have to say.
    let decoded = match &*encoding {
        "7bit" | "8bit" | "binary" => Some(body),
        "quoted-printable" => quoted_printable_decode(&body),
        "base64" => base64_decode(&body),
        _ => return Err(broken("nobody can tell how its page is encoded")),
    };
    let html = decoded.ok_or_else(|| broken("its page is damaged"))?;
    let charset = part.content_type().and_then(|kind| kind.attribute("charset"));
    page::with_charset(file, &html, charset.and_then(|label| Charset::for_label(label.as_bytes())), title, notes)
}

/// Without what no longer stands for a byte at the end of a part that is cut off.
fn whole_units(encoding: &str, body: &[u8]) -> Vec<u8> {
    match encoding {
        "quoted-printable" => {
            let last = body.len().saturating_sub(2);
            let cut = body[last..].iter().position(|byte| *byte == b'=').map_or(body.len(), |at| last + at);
            body[..cut].to_vec()
        }
        "base64" => {
            let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
            let letters = body.iter().filter(|byte| !byte.is_ascii_whitespace()).take_while(|byte| is_letter(byte));
            let mut letters: Vec<u8> = letters.copied().collect();
            letters.truncate(letters.len() / 4 * 4);
            letters
        }
        _ => body.to_vec(),
    }
}

/// The page: the part that the file calls its start, else the first that is one. Frames stand behind it.
fn root<'x>(parsed: &'x Message<'x>) -> Option<&'x MessagePart<'x>> {
    let start = parsed.content_type().and_then(|kind| kind.attribute("start"));
    let start = start.map(|id| id.trim_matches(['<', '>']));
    let mut pages = parsed.parts.iter().filter(|part| is_page(part));
    let named = |part: &&MessagePart<'_>| start.is_some() && part.content_id() == start;
    pages.clone().find(named).or_else(|| pages.next())
}

fn is_page(part: &MessagePart<'_>) -> bool {
    part.content_type().is_some_and(|kind| match (kind.ctype(), kind.subtype()) {
        (main, Some(sub)) if main.eq_ignore_ascii_case("text") => sub.eq_ignore_ascii_case("html"),
        (_, Some(sub)) => sub.eq_ignore_ascii_case("xhtml+xml"),
        _ => false,
    })
}
