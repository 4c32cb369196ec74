//! Moments, as the API and the command line write them, and the clocks that people live by.

use jiff::{Timestamp, tz::TimeZoneDatabase};
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339};

/// RFC 3339, in UTC as the database tells it. No moment that the database holds is beyond what it can say.
pub fn rfc3339(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// A moment of somebody's clock, in milliseconds since 1970; none if that is no year people write.
pub fn moment(at: i64) -> Option<String> {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000).ok()?;
    (at.year() >= 0).then(|| rfc3339(at))
}

/// A time zone by its name, as the IANA database spells that.
pub fn zone(name: &str) -> Option<String> {
    // What is no place (`posixrules`) browsers do not know.
    let known = TimeZoneDatabase::bundled().get(name).ok()?;
    known.iana_name().filter(|name| is_offered(name)).map(str::to_owned)
}

/// The time zones that one can choose from, in the order of their names.
pub fn zones() -> Vec<String> {
    let all = TimeZoneDatabase::bundled();
    let mut names: Vec<String> = all.available().map(|name| name.as_str().to_owned()).collect();
    names.retain(|name| is_offered(name));
    names.sort_unstable();
    names
}

/// Those of places, and UTC: all browsers know these.
fn is_offered(name: &str) -> bool {
    const REGIONS: [&str; 10] =
        ["Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];
    name == "UTC" || name.split_once('/').is_some_and(|(region, _)| REGIONS.contains(&region))
}

/// The day that a moment is in a time zone, in UTC where that is not known.
pub fn day_in(at: OffsetDateTime, zone: Option<&str>) -> Date {
    let there = || {
        let zone = TimeZoneDatabase::bundled().get(zone?).ok()?;
        let day = Timestamp::from_second(at.unix_timestamp()).ok()?.to_zoned(zone).date();
        let month = u8::try_from(day.month()).ok()?.try_into().ok()?;
        Date::from_calendar_date(day.year().into(), month, u8::try_from(day.day()).ok()?).ok()
    };
    there().unwrap_or_else(|| at.to_utc().date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_far_off_says_no_moment() {
        assert_eq!(moment(1_700_000_000_123).as_deref(), Some("2023-11-14T22:13:20.123Z"));
        assert_eq!((moment(i64::MAX), moment(i64::MIN), moment(-62_200_000_000_000)), (None, None, None));
    }

    #[test]
    fn a_time_zone_is_a_place_of_the_iana_database() {
        assert_eq!(zone("Australia/Melbourne").as_deref(), Some("Australia/Melbourne"));
        assert_eq!(zone("europe/berlin").as_deref(), Some("Europe/Berlin"), "spelt as all know it");
        assert_eq!(zone("UTC").as_deref(), Some("UTC"));
        for none in ["", "Mars/Olympus", "EST5EDT", "+02:00", "Etc/GMT+5", "posixrules", "../etc/passwd", "a\0b"] {
            assert_eq!(zone(none), None, "{none:?}");
        }
        let all = zones();
        assert!(all.len() > 400 && all.is_sorted() && all.iter().all(|name| zone(name).as_ref() == Some(name)));
    }

    fn read(text: &str) -> OffsetDateTime {
        OffsetDateTime::parse(text, &Rfc3339).unwrap()
    }

    #[test]
    fn a_day_is_that_of_the_place() {
        let at = read("2026-11-03T15:30:00Z");
        assert_eq!(day_in(at, None).day(), 3);
        assert_eq!(day_in(at, Some("Australia/Melbourne")).day(), 4);
        assert_eq!(day_in(read("2026-11-01T02:00:00Z"), Some("America/New_York")).to_string(), "2026-10-31");
        assert_eq!(day_in(at, Some("Mars/Olympus")).day(), 3);
    }
}
