//! What the process that reads a document may take.

/// Takes away from this process what it does not need; there is no way back.
#[cfg(unix)]
pub(super) fn limit() -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};

    /// Seconds of the processor.
    const SECONDS: u64 = 20;
    /// Bytes of memory.
    const MEMORY: u64 = 1 << 30;

    let set = |resource, most| setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    set(Resource::Cpu, SECONDS)?;
    set(Resource::As, MEMORY)?;
    set(Resource::Core, 0)?;
    // It writes no file.
    set(Resource::Fsize, 0)?;
    Ok(())
}

/// Other systems have other means: without them nothing is read.
#[cfg(not(unix))]
pub(super) fn limit() -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
