use std::fmt;

/// Why the server closes a connection. Codes from 4400 to 4499 stop a stock Yjs client for good, the others make it
/// try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// 4400: a frame, an update or an id that breaks the protocol.
    Malformed,
    /// 4401: nobody is signed in.
    SignedOut,
    /// 4403: access was taken away, or a stock client's update broke a rule.
    Denied,
    /// 4404: there is no such conversation, or no access to it.
    NotFound,
    /// 4409: the client holds another generation of the document.
    WrongEpoch,
    /// 4413: a frame beyond the limits.
    TooLarge,
    /// 1012: the server restarts, or the room reloads.
    Restarting,
    /// 1013: a queue is full, or the store is down.
    TryLater,
}

impl CloseCode {
    /// All codes.
    pub const ALL: [Self; 8] = [
        Self::Malformed,
        Self::SignedOut,
        Self::Denied,
        Self::NotFound,
        Self::WrongEpoch,
        Self::TooLarge,
        Self::Restarting,
        Self::TryLater,
    ];

    /// As the WebSocket carries it.
    pub const fn code(self) -> u16 {
        match self {
            Self::Malformed => 4400,
            Self::SignedOut => 4401,
            Self::Denied => 4403,
            Self::NotFound => 4404,
            Self::WrongEpoch => 4409,
            Self::TooLarge => 4413,
            Self::Restarting => 1012,
            Self::TryLater => 1013,
        }
    }

    /// The code of a close frame, if it is one of ours.
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// In words, for the close frame (at most 123 bytes).
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "malformed: this client does not speak the protocol",
            Self::SignedOut => "signed out",
            Self::Denied => "not allowed",
            Self::NotFound => "no such conversation",
            Self::WrongEpoch => "the document was replaced: take the new one",
            Self::TooLarge => "too large",
            Self::Restarting => "restarting: connect again",
            Self::TryLater => "busy: connect again later",
        }
    }

    /// Whether connecting again is useless.
    pub const fn is_permanent(self) -> bool {
        self.code() >= 4400
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code(), self.reason())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_survive_the_wire_and_reasons_fit_a_close_frame() {
        for code in CloseCode::ALL {
            assert_eq!(CloseCode::from_code(code.code()), Some(code));
            assert!(code.reason().len() <= 123);
        }
        assert_eq!(CloseCode::from_code(1000), None);
    }

    #[test]
    fn only_a_restart_and_a_full_queue_are_worth_another_try() {
        let again: Vec<_> = CloseCode::ALL.into_iter().filter(|code| !code.is_permanent()).collect();
        assert_eq!(again, [CloseCode::Restarting, CloseCode::TryLater]);
    }
}
