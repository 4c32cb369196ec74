//! What the values of the schema may be.

use yrs::{Any, encoding::serde::from_any};

use super::Refusal;
use crate::{
    document::{MAX_COMMENT_CHARS, MAX_TAG_NAME_CHARS, Stamp},
    selector::{CONTEXT_CHARS, MAX_EXACT_CHARS, Target, check_size},
};

/// A tag's description has at most this many characters.
pub const MAX_DESCRIPTION_CHARS: usize = 1_000;

pub(super) fn text(value: Option<&Any>, longest: usize) -> Result<&str, Refusal> {
    let Some(Any::String(text)) = value else { return Err(missing_or(value, Refusal::InvalidValue)) };
    // A character has at most four bytes, so most texts need not be counted.
    if text.len() > longest && text.chars().count() > longest { Err(Refusal::TooLong) } else { Ok(text) }
}

/// A field that must be there is incomplete without, and invalid with something else.
fn missing_or(value: Option<&Any>, otherwise: Refusal) -> Refusal {
    if value.is_none() { Refusal::Incomplete } else { otherwise }
}

pub(super) fn id<T: std::str::FromStr>(value: Option<&Any>) -> Result<T, Refusal> {
    text(value, 36)?.parse().map_err(|_| Refusal::InvalidId)
}

/// Missing and null are the same.
pub(super) fn optional_id<T: std::str::FromStr>(value: Option<&Any>) -> Result<Option<T>, Refusal> {
    if is_nothing(value) { Ok(None) } else { id(value).map(Some) }
}

pub(super) fn is_nothing(value: Option<&Any>) -> bool {
    matches!(value, None | Some(Any::Null | Any::Undefined))
}

/// A moment, in milliseconds since 1970.
pub(super) fn time(value: Option<&Any>) -> Result<i64, Refusal> {
    let time = number(value)?;
    // Numbers come as JavaScript has them: whole ones are exact up to 2^53.
    if time.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(&time) {
        Ok(time as i64)
    } else {
        Err(Refusal::InvalidValue)
    }
}

pub(super) fn number(value: Option<&Any>) -> Result<f64, Refusal> {
    match value {
        Some(Any::Number(number)) => number.as_f64().filter(|number| number.is_finite()).ok_or(Refusal::InvalidValue),
        _ => Err(missing_or(value, Refusal::InvalidValue)),
    }
}

/// Missing and null are false.
pub(super) fn flag(value: Option<&Any>) -> Result<bool, Refusal> {
    match value {
        Some(Any::Bool(flag)) => Ok(*flag),
        _ if is_nothing(value) => Ok(false),
        _ => Err(Refusal::InvalidValue),
    }
}

/// Who did something, and when; missing and null mean that nobody did.
pub(super) fn stamp(value: Option<&Any>) -> Result<Option<Stamp>, Refusal> {
    let Some(Any::Map(entries)) = value.filter(|_| !is_nothing(value)) else {
        return if is_nothing(value) { Ok(None) } else { Err(Refusal::InvalidValue) };
    };
    if entries.len() != 2 {
        return Err(Refusal::InvalidValue);
    }
    Ok(Some(Stamp { by: id(entries.get("by"))?, at: time(entries.get("at"))? }))
}

/// A tag's or group's name.
pub(super) fn name(value: Option<&Any>) -> Result<(), Refusal> {
    let name = text(value, MAX_TAG_NAME_CHARS)?;
    let is_readable = !name.trim().is_empty() && !name.chars().any(char::is_control);
    if is_readable { Ok(()) } else { Err(Refusal::InvalidValue) }
}

pub(super) fn colour(value: Option<&Any>) -> Result<(), Refusal> {
    let digits = text(value, 7)?.strip_prefix('#').ok_or(Refusal::InvalidValue)?;
    let is_colour = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_colour { Ok(()) } else { Err(Refusal::InvalidValue) }
}

/// A comment's words. A deleted one has none; another says something.
pub(super) fn body(value: Option<&Any>, is_deleted: bool) -> Result<(), Refusal> {
    let body = text(value, MAX_COMMENT_CHARS)?;
    if is_deleted || !body.trim().is_empty() { Ok(()) } else { Err(Refusal::InvalidValue) }
}

/// The targets of a highlight. `was` are those before: only an import makes targets without a place, and they may stay.
pub(super) fn targets(
    value: Option<&Any>,
    was: Option<&Any>,
    chars_of: impl Fn(crate::ids::MessageId) -> Option<u32>,
) -> Result<(), Refusal> {
    let targets = passages(value)?;
    let was: Vec<Target> = was.and_then(|was| from_any(was).ok()).unwrap_or_default();
    for target in &targets {
        let is_inside =
            target.start < target.end && chars_of(target.message).is_some_and(|chars| target.end.0 <= chars);
        let is_kept = target.lost && was.contains(target);
        if !(is_kept || is_inside && !target.lost) {
            return Err(Refusal::OutsideMessage);
        }
    }
    Ok(())
}

/// Targets as they may be wherever they lie.
pub(super) fn passages(value: Option<&Any>) -> Result<Vec<Target>, Refusal> {
    let any = value.ok_or(Refusal::Incomplete)?;
    let targets: Vec<Target> = from_any(any).map_err(|_| Refusal::InvalidValue)?;
    if targets.is_empty() {
        return Err(Refusal::InvalidValue);
    }
    check_size(&targets).map_err(|_| Refusal::TooLong)?;
    for target in &targets {
        if [&target.prefix, &target.suffix].iter().any(|context| context.chars().count() > CONTEXT_CHARS)
            || target.exact.chars().count() > MAX_EXACT_CHARS
        {
            return Err(Refusal::TooLong);
        }
        if target.exact.is_empty() {
            return Err(Refusal::InvalidValue);
        }
    }
    Ok(targets)
}
