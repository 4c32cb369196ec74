//! Values as text, to be compared.

use yrs::Any;

/// A value in words, the keys of its maps in order. A number that is none is equal to itself here.
pub fn of(value: &Any) -> String {
    match value {
        Any::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().map(|(key, value)| (key, of(value))).collect();
            entries.sort();
            format!("{entries:?}")
        }
        Any::Array(values) => format!("{:?}", values.iter().map(of).collect::<Vec<_>>()),
        // Inside a text values are JSON, and the last digit of a number is lost.
        Any::Number(number) => number.as_f64().map_or_else(|| format!("{number:?}"), |number| format!("{number:.9e}")),
        other => format!("{other:?}"),
    }
}
