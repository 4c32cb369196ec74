//! A web page with what belongs to it in one file (MHTML, RFC 2557), as Chrome and Edge save one: of its parts the page itself is
//! read, as one that was saved alone.

use encoding_rs::Encoding as Charset;
use mail_parser::{
    Encoding, Message, MessageParser, MessagePart, MimeHeaders,
    decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode},
};

use super::{ImportError, ImportedConversation, page};

/// Reads the page in `bytes`, which errors call `file`.
pub(super) fn conversation(file: &str, bytes: &[u8], title: Option<&str>) -> Result<ImportedConversation, ImportError> {
    let broken = |reason: &str| ImportError::BrokenDocument { file: file.to_owned(), reason: reason.to_owned() };
    let parsed = MessageParser::new().with_mime_headers().parse(bytes).ok_or_else(|| broken("it is no web archive"))?;
    let part = root(&parsed).ok_or_else(|| broken("there is no web page in it"))?;
    let body = bytes.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default();
    // As bytes: how they are text the page itself may have to say.
    let decoded = match part.encoding {
        Encoding::None => Some(body.to_vec()),
        Encoding::QuotedPrintable => quoted_printable_decode(body),
        Encoding::Base64 => base64_decode(body),
    };
    let html = decoded.ok_or_else(|| broken("its page is damaged"))?;
    let charset = part.content_type().and_then(|kind| kind.attribute("charset"));
    page::with_charset(file, &html, charset.and_then(|label| Charset::for_label(label.as_bytes())), title)
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
