//! Memory in proportion: a few bytes must not make the process take megabytes.

use std::alloc::System;

use cap::Cap;

/// libFuzzer's own limit (`-malloc_limit_mb`) needs a sanitizer's runtime, and an allocator that fails at a limit would
/// hide what `try_reserve` asks for.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// What a piece of work may take whatever its input, in bytes. Seeded documents are a few kilobytes.
const BASE: usize = 128 << 10;

/// Does `work`, and panics if it has allocated more than `factor` bytes for each byte of input. Counted is all that was
/// asked for, whether it was given back or not, so that what was held at once is less.
pub fn within<T>(factor: usize, input: &[u8], work: impl FnOnce() -> T) -> T {
    let before = ALLOCATOR.total_allocated();
    let result = work();
    let taken = ALLOCATOR.total_allocated() - before;
    let allowed = BASE + factor * input.len();
    assert!(taken <= allowed, "{taken} bytes were allocated for an input of {}, {allowed} are allowed", input.len());
    result
}
