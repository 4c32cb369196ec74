use shared::access::Access;

/// Why an update is not taken; told to the client by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// For programs.
    pub(super) code: &'static str,
    /// For people.
    pub(super) why: &'static str,
}

/// The document would be too large.
pub(super) const FULL: Refusal =
    Refusal { code: "full", why: "This conversation's annotations have reached their limit." };

/// The update builds on something that never arrived.
pub(super) const GAP: Refusal = Refusal { code: "gap", why: "Something that this edit builds on has not arrived." };

/// The update builds on one that was refused.
pub(super) const BEHIND_REFUSAL: Refusal =
    Refusal { code: "behind_refusal", why: "This edit builds on one that was not taken." };

const READ_ONLY: Refusal = Refusal { code: "read_only", why: "You can read this conversation, not change it." };

/// Judges an update that would change the document. (Who may change what in it comes with the table of rules; it
/// will be asked here, with the update's structs and the state after them.)
pub(super) fn check(access: Access) -> Result<(), Refusal> {
    if access.may_annotate() { Ok(()) } else { Err(READ_ONLY) }
}
