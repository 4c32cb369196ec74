//! Updates made by edits, with a few bytes changed.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::rich::check(bytes));
