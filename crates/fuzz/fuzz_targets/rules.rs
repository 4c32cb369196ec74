//! What somebody makes of another's annotations.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::rules::check(bytes));
