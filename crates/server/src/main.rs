//! The binary `promptgrimoire`.

fn main() {}
