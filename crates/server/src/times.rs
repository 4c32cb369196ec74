//! Moments, as the API and the command line write them.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// RFC 3339, in UTC as the database tells it. No moment that the database holds is beyond what it can say.
pub fn rfc3339(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// A moment of somebody's clock, in milliseconds since 1970; none if that is no year people write.
pub fn moment(at: i64) -> Option<String> {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000).ok()?;
    (at.year() >= 0).then(|| rfc3339(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_far_off_says_no_moment() {
        assert_eq!(moment(1_700_000_000_123).as_deref(), Some("2023-11-14T22:13:20.123Z"));
        assert_eq!((moment(i64::MAX), moment(i64::MIN), moment(-62_200_000_000_000)), (None, None, None));
    }
}
