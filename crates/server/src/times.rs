//! Moments, as the API and the command line write them.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// RFC 3339, in UTC as the database tells it. No moment that the database holds is beyond what it can say.
pub fn rfc3339(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
