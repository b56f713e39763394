//! The states of a stream on both sides: what each may meet, and where it leads.
//!
//! Leaves out messages and tokens. Follows [MS-NNS] 3.1.1.2, 3.1.4, 3.1.5, 3.1.7 and the same of 3.2.

use std::fmt;

/// What happens to a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The application asks for a stream, and credentials were had (3.1.4.1, 3.2.4.1).
    Invoked,
    /// The mechanism asks for another token: GSS_S_CONTINUE_NEEDED.
    ContinueNeeded,
    /// The mechanism is through, and grants what is required: GSS_S_COMPLETE.
    Complete,
    /// The mechanism is through, and grants less than is required.
    Insufficient,
    /// The mechanism fails.
    Failed,
    /// A HandshakeInProgress message came.
    HandshakeInProgress,
    /// A HandshakeDone message came.
    HandshakeDone,
    /// A HandshakeError message came.
    HandshakeError,
    /// What came is no handshake message.
    Invalid,
    /// Either side closes (3.1.4.3, 3.1.7, 3.2.4.3, 3.2.7).
    Closed,
}

impl Event {
    /// All that there are.
    pub const ALL: [Self; 10] = [
        Self::Invoked,
        Self::ContinueNeeded,
        Self::Complete,
        Self::Insufficient,
        Self::Failed,
        Self::HandshakeInProgress,
        Self::HandshakeDone,
        Self::HandshakeError,
        Self::Invalid,
        Self::Closed,
    ];
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invoked => "the application's call",
            Self::ContinueNeeded => "a mechanism that goes on",
            Self::Complete => "a mechanism that is through",
            Self::Insufficient => "a mechanism that grants less than is required",
            Self::Failed => "a mechanism that fails",
            Self::HandshakeInProgress => "HandshakeInProgress",
            Self::HandshakeDone => "HandshakeDone",
            Self::HandshakeError => "HandshakeError",
            Self::Invalid => "what is no handshake message",
            Self::Closed => "the end",
        })
    }
}

/// An event that a state does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{got} came in the state {state}, which has {}", shown(.expected))]
pub struct Unexpected {
    /// The name of the state.
    pub state: &'static str,
    /// What it has.
    pub expected: Vec<Event>,
    /// What came.
    pub got: Event,
}

fn shown(events: &[Event]) -> String {
    match events.iter().map(Event::to_string).collect::<Vec<_>>() {
        none if none.is_empty() => "nothing".to_owned(),
        some => some.join(", "),
    }
}

/// Stream State of the client (3.1.1.2).
///
/// ```text
/// Uninitialized ──Invoked──▶ CreatingSecurityToken ──ContinueNeeded──▶ WaitingForHandshakeMessage
///                             │   ▲                                      │            │
///                    Complete │   └──────────HandshakeInProgress─────────┘            │ HandshakeDone
///                             ▼                                                       ▼
///               WaitingForHandshakeDone ──HandshakeDone──▶ Authenticated ◀──Complete── ProcessingFinalToken
/// ```
///
/// A mechanism that fails leads back to Uninitialized; a HandshakeError and what is no message to Closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are the specification's; the diagram says what comes in each")]
pub enum ClientStreamState {
    #[default]
    Uninitialized,
    CreatingSecurityToken,
    WaitingForHandshakeMessage,
    ProcessingFinalToken,
    WaitingForHandshakeDone,
    Authenticated,
    Closed,
}

impl ClientStreamState {
    /// All that there are.
    pub const ALL: [Self; 7] = [
        Self::Uninitialized,
        Self::CreatingSecurityToken,
        Self::WaitingForHandshakeMessage,
        Self::ProcessingFinalToken,
        Self::WaitingForHandshakeDone,
        Self::Authenticated,
        Self::Closed,
    ];

    /// The name, as the document spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uninitialized => "Uninitialized",
            Self::CreatingSecurityToken => "CreatingSecurityToken",
            Self::WaitingForHandshakeMessage => "WaitingForHandshakeMessage",
            Self::ProcessingFinalToken => "ProcessingFinalToken",
            Self::WaitingForHandshakeDone => "WaitingForHandshakeDone",
            Self::Authenticated => "Authenticated",
            Self::Closed => "Closed",
        }
    }

    /// Where an event leads.
    ///
    /// # Errors
    /// Where the event may not happen in this state.
    pub fn next(self, event: Event) -> Result<Self, Unexpected> {
        self.after(event).ok_or_else(|| Unexpected { state: self.name(), expected: self.expected(), got: event })
    }

    /// What may happen in this state.
    pub fn expected(self) -> Vec<Event> {
        Event::ALL.into_iter().filter(|event| self.after(*event).is_some()).collect()
    }

    #[expect(clippy::match_same_arms, reason = "the arms are in the order of the document's sections")]
    fn after(self, event: Event) -> Option<Self> {
        Some(match (self, event) {
            // 3.1.4.1
            (Self::Uninitialized, Event::Invoked) => Self::CreatingSecurityToken,

            // 3.1.5.1
            (Self::CreatingSecurityToken, Event::Complete) => Self::WaitingForHandshakeDone,
            (Self::CreatingSecurityToken, Event::ContinueNeeded) => Self::WaitingForHandshakeMessage,
            (Self::CreatingSecurityToken, Event::Insufficient | Event::Failed) => Self::Uninitialized,

            // 3.1.5.2
            (Self::WaitingForHandshakeMessage, Event::HandshakeInProgress) => Self::CreatingSecurityToken,
            (Self::WaitingForHandshakeMessage, Event::HandshakeDone) => Self::ProcessingFinalToken,
            (Self::WaitingForHandshakeMessage, Event::HandshakeError | Event::Invalid) => Self::Closed,

            // 3.1.5.3: any other status is a failure, also one that goes on.
            (Self::ProcessingFinalToken, Event::Complete) => Self::Authenticated,
            (Self::ProcessingFinalToken, Event::ContinueNeeded | Event::Insufficient | Event::Failed) => {
                Self::Uninitialized
            }

            // 3.1.5.4: HandshakeInProgress is invalid here.
            (Self::WaitingForHandshakeDone, Event::HandshakeDone) => Self::Authenticated,
            (
                Self::WaitingForHandshakeDone,
                Event::HandshakeError | Event::HandshakeInProgress | Event::Invalid,
            )
            // 3.1.4.3, 3.1.7
            | (_, Event::Closed) => Self::Closed,
            _ => return None,
        })
    }
}

/// Stream State of the server (3.2.1.2). 3.2.5.1 calls ProcessingFinalToken by another name, ProcessingLastToken.
///
/// ```text
/// Uninitialized ──Invoked──▶ WaitingForHandshakeMessage ──HandshakeDone──▶ ProcessingFinalToken
///                             │   ▲                                               │ Complete
///         HandshakeInProgress ▼   │ ContinueNeeded                                ▼
///                       CreatingSecurityToken ──────────────Complete──────▶ Authenticated
/// ```
///
/// A mechanism that fails leads back to Uninitialized; a HandshakeError and what is no message to Closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are the specification's; the diagram says what comes in each")]
pub enum ServerStreamState {
    #[default]
    Uninitialized,
    CreatingSecurityToken,
    WaitingForHandshakeMessage,
    ProcessingFinalToken,
    Authenticated,
    Closed,
}

impl ServerStreamState {
    /// All that there are.
    pub const ALL: [Self; 6] = [
        Self::Uninitialized,
        Self::CreatingSecurityToken,
        Self::WaitingForHandshakeMessage,
        Self::ProcessingFinalToken,
        Self::Authenticated,
        Self::Closed,
    ];

    /// The name, as the document spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uninitialized => "Uninitialized",
            Self::CreatingSecurityToken => "CreatingSecurityToken",
            Self::WaitingForHandshakeMessage => "WaitingForHandshakeMessage",
            Self::ProcessingFinalToken => "ProcessingFinalToken",
            Self::Authenticated => "Authenticated",
            Self::Closed => "Closed",
        }
    }

    /// Where an event leads.
    ///
    /// # Errors
    /// Where the event may not happen in this state.
    pub fn next(self, event: Event) -> Result<Self, Unexpected> {
        self.after(event).ok_or_else(|| Unexpected { state: self.name(), expected: self.expected(), got: event })
    }

    /// What may happen in this state.
    pub fn expected(self) -> Vec<Event> {
        Event::ALL.into_iter().filter(|event| self.after(*event).is_some()).collect()
    }

    #[expect(clippy::match_same_arms, reason = "the arms are in the order of the document's sections")]
    fn after(self, event: Event) -> Option<Self> {
        Some(match (self, event) {
            // 3.2.4.1
            (Self::Uninitialized, Event::Invoked)
            // 3.2.5.2
            | (Self::CreatingSecurityToken, Event::ContinueNeeded) => Self::WaitingForHandshakeMessage,

            // 3.2.5.1
            (Self::WaitingForHandshakeMessage, Event::HandshakeInProgress) => Self::CreatingSecurityToken,
            (Self::WaitingForHandshakeMessage, Event::HandshakeDone) => Self::ProcessingFinalToken,
            (Self::WaitingForHandshakeMessage, Event::HandshakeError | Event::Invalid) => Self::Closed,

            // 3.2.5.2, 3.2.5.3: behind the final token any other status is a failure.
            (Self::CreatingSecurityToken | Self::ProcessingFinalToken, Event::Complete) => Self::Authenticated,
            (Self::CreatingSecurityToken | Self::ProcessingFinalToken, Event::Insufficient | Event::Failed)
            | (Self::ProcessingFinalToken, Event::ContinueNeeded) => Self::Uninitialized,

            // 3.2.4.3, 3.2.7
            (_, Event::Closed) => Self::Closed,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every state with every event that it has; all others are unexpected.
    #[test]
    fn the_client_goes_where_the_document_says() {
        use ClientStreamState as C;
        use Event::*;
        let client = [
            (C::Uninitialized, Invoked, C::CreatingSecurityToken),
            (C::CreatingSecurityToken, ContinueNeeded, C::WaitingForHandshakeMessage),
            (C::CreatingSecurityToken, Complete, C::WaitingForHandshakeDone),
            (C::CreatingSecurityToken, Insufficient, C::Uninitialized),
            (C::CreatingSecurityToken, Failed, C::Uninitialized),
            (C::WaitingForHandshakeMessage, HandshakeInProgress, C::CreatingSecurityToken),
            (C::WaitingForHandshakeMessage, HandshakeDone, C::ProcessingFinalToken),
            (C::WaitingForHandshakeMessage, HandshakeError, C::Closed),
            (C::WaitingForHandshakeMessage, Invalid, C::Closed),
            (C::ProcessingFinalToken, Complete, C::Authenticated),
            (C::ProcessingFinalToken, ContinueNeeded, C::Uninitialized),
            (C::ProcessingFinalToken, Insufficient, C::Uninitialized),
            (C::ProcessingFinalToken, Failed, C::Uninitialized),
            (C::WaitingForHandshakeDone, HandshakeDone, C::Authenticated),
            (C::WaitingForHandshakeDone, HandshakeInProgress, C::Closed),
            (C::WaitingForHandshakeDone, HandshakeError, C::Closed),
            (C::WaitingForHandshakeDone, Invalid, C::Closed),
        ];
        for (state, event) in C::ALL.into_iter().flat_map(|state| Event::ALL.map(|event| (state, event))) {
            let leads = client.iter().find(|(from, on, _)| (*from, *on) == (state, event)).map(|(_, _, to)| *to);
            let leads = if event == Closed { Some(C::Closed) } else { leads };
            assert_eq!(state.next(event).ok(), leads, "{state:?} {event:?}");
        }
    }

    #[test]
    fn the_server_goes_where_the_document_says() {
        use Event::*;
        use ServerStreamState as S;
        let server = [
            (S::Uninitialized, Invoked, S::WaitingForHandshakeMessage),
            (S::WaitingForHandshakeMessage, HandshakeInProgress, S::CreatingSecurityToken),
            (S::WaitingForHandshakeMessage, HandshakeDone, S::ProcessingFinalToken),
            (S::WaitingForHandshakeMessage, HandshakeError, S::Closed),
            (S::WaitingForHandshakeMessage, Invalid, S::Closed),
            (S::CreatingSecurityToken, ContinueNeeded, S::WaitingForHandshakeMessage),
            (S::CreatingSecurityToken, Complete, S::Authenticated),
            (S::CreatingSecurityToken, Insufficient, S::Uninitialized),
            (S::CreatingSecurityToken, Failed, S::Uninitialized),
            (S::ProcessingFinalToken, Complete, S::Authenticated),
            (S::ProcessingFinalToken, ContinueNeeded, S::Uninitialized),
            (S::ProcessingFinalToken, Insufficient, S::Uninitialized),
            (S::ProcessingFinalToken, Failed, S::Uninitialized),
        ];
        for (state, event) in S::ALL.into_iter().flat_map(|state| Event::ALL.map(|event| (state, event))) {
            let leads = server.iter().find(|(from, on, _)| (*from, *on) == (state, event)).map(|(_, _, to)| *to);
            let leads = if event == Closed { Some(S::Closed) } else { leads };
            assert_eq!(state.next(event).ok(), leads, "{state:?} {event:?}");
        }
    }

    #[test]
    fn what_is_unexpected_says_what_was_expected() {
        let unexpected = ClientStreamState::Uninitialized.next(Event::HandshakeDone).unwrap_err();
        assert_eq!(
            unexpected.to_string(),
            "HandshakeDone came in the state Uninitialized, which has the application's call, the end"
        );
    }
}
