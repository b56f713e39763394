//! The two sides of a session: what each may send and receive, and when.
//!
//! Leaves out what records hold besides the mode. Follows [MC-NMF] 3.1.1.2, 3.1.4, 3.2 and 3.3.

use super::{
    Event,
    Event::{Received, Sent},
    Mode, Open, SideState, Symbol, Unexpected,
    open::Moved,
};

/// Makes the machine of one side. The grammar is one for both: what one sends, the other receives.
macro_rules! side {
    (
        $(#[$about:meta])*
        $State:ident, $role:ident,
        $Initiator:ident is what the initiator sends, $Receiver:ident is what the receiver sends,
        $open:ident
    ) => {
        $(#[$about])*
        ///
        /// The document has a grammar and, of state, Send Allowed and Receive Allowed (3.1.1); the names say what comes
        /// next.
        ///
        /// ```text
        /// VersionRecord, ModeRecord, ViaRecord, EncodingRecord
        ///    ▼                          (Singleton-Sized: ExpectOctets)
        /// ExpectPreambleEndRecord ──UpgradeRequestRecord──▶ ExpectUpgradeResponseRecord
        ///    │      ▲                                          │ UpgradeResponseRecord
        ///    │      └──────────────Upgraded──────────────── UpgradeInProgress
        ///    ▼ PreambleEndRecord
        /// ExpectPreambleAckRecord ──PreambleAckRecord──▶ Open ──both sent EndRecord──▶ Closed
        ///                           (Simplex: at once)     └──FaultRecord──▶ Faulted
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub enum $State {
            /// The session has not begun.
            #[default]
            ExpectVersionRecord,
            /// The version is known.
            ExpectModeRecord,
            /// The mode is known.
            ExpectViaRecord(Mode),
            /// The Via is known.
            ExpectEncodingRecord(Mode),
            /// The Preamble Message is whole. Where the receiver takes part, an Upgrade Request Record may come first.
            ExpectPreambleEndRecord(Mode),
            /// The initiator has asked for an upgrade.
            ExpectUpgradeResponseRecord(Mode),
            /// The receiver has accepted the upgrade, which has the stream to itself until it is through.
            UpgradeInProgress(Mode),
            /// The preamble has ended.
            ExpectPreambleAckRecord(Mode),
            /// Messages travel.
            Open(Open),
            /// The mode is Singleton-Sized: what follows is the message, until the transport ends it.
            ExpectOctets,
            /// Both sides have ended. Another session may begin on the connection ([MS-NMFTB] 3.2.6.1, 3.3.6.1).
            Closed,
            /// A fault ended the session. Another may begin likewise.
            Faulted,
        }

        impl $State {
            /// Where an event leads.
            ///
            /// # Errors
            /// Where the event may not happen in this state.
            pub fn next(self, event: Event) -> Result<Self, Unexpected> {
                self.after(event).ok_or_else(|| Unexpected {
                    state: SideState::$role(self),
                    expected: self.expected(),
                    got: event,
                })
            }

            /// What may happen in this state.
            pub fn expected(self) -> Vec<Event> {
                Event::all().filter(|event| self.after(*event).is_some()).collect()
            }

            /// Send Allowed of 3.1.1: whether this side may send a message.
            pub fn send_allowed(self) -> bool {
                match self {
                    Self::Open(open) => open.send.allows_message(),
                    Self::ExpectOctets => self.after(Sent(Symbol::Octets)).is_some(),
                    _ => false,
                }
            }

            /// Receive Allowed of 3.1.1: whether a message may come from the other side.
            pub fn receive_allowed(self) -> bool {
                match self {
                    Self::Open(open) => open.receive.allows_message(),
                    Self::ExpectOctets => self.after(Received(Symbol::Octets)).is_some(),
                    _ => false,
                }
            }

            fn after(self, event: Event) -> Option<Self> {
                Some(match (self, event) {
                    // The Preamble Message (2.2.6, 3.2.4.2, 3.3.4.2).
                    (
                        Self::ExpectVersionRecord | Self::Closed | Self::Faulted,
                        $Initiator(Symbol::VersionRecord),
                    ) => Self::ExpectModeRecord,
                    (Self::ExpectModeRecord, $Initiator(Symbol::ModeRecord(mode))) => Self::ExpectViaRecord(mode),
                    (Self::ExpectViaRecord(mode), $Initiator(Symbol::ViaRecord)) => Self::ExpectEncodingRecord(mode),
                    (Self::ExpectEncodingRecord(mode), $Initiator(Symbol::EncodingRecord)) => match mode {
                        Mode::SingletonSized => Self::ExpectOctets,
                        mode => Self::ExpectPreambleEndRecord(mode),
                    },
                    (Self::ExpectOctets, $Initiator(Symbol::Octets)) => self,

                    // Any number of upgrades, where the receiver takes part (1.3.3).
                    (Self::ExpectPreambleEndRecord(mode), $Initiator(Symbol::UpgradeRequestRecord))
                        if mode.has_active_receiver() =>
                    {
                        Self::ExpectUpgradeResponseRecord(mode)
                    }
                    (Self::ExpectUpgradeResponseRecord(mode), $Receiver(Symbol::UpgradeResponseRecord)) => {
                        Self::UpgradeInProgress(mode)
                    }
                    (Self::UpgradeInProgress(_), Sent(Symbol::Octets) | Received(Symbol::Octets)) => self,
                    (Self::UpgradeInProgress(mode), Event::Upgraded) => Self::ExpectPreambleEndRecord(mode),

                    // The end of the preamble, which a receiver that takes part acknowledges (3.1.4.9).
                    (Self::ExpectPreambleEndRecord(mode), $Initiator(Symbol::PreambleEndRecord)) => {
                        if mode.has_active_receiver() {
                            Self::ExpectPreambleAckRecord(mode)
                        } else {
                            Self::Open(Open::$open(mode))
                        }
                    }
                    (Self::ExpectPreambleAckRecord(mode), $Receiver(Symbol::PreambleAckRecord)) => {
                        Self::Open(Open::$open(mode))
                    }

                    (Self::Open(open), event) => match open.next(event)? {
                        Moved::Open(open) => Self::Open(open),
                        Moved::Closed => Self::Closed,
                        Moved::Faulted => Self::Faulted,
                    },

                    (Self::UpgradeInProgress(_) | Self::Closed | Self::Faulted, _) => return None,
                    // The receiver may refuse at any time, also a mode in which it takes no part ([MS-NMFTB] product
                    // notes 3 and 4).
                    (_, $Receiver(Symbol::FaultRecord)) => Self::Faulted,
                    // The initiator may refuse what it reads (3.1.4, 3.1.4.2), though the grammar has no fault of it.
                    (
                        Self::ExpectUpgradeResponseRecord(_) | Self::ExpectPreambleAckRecord(_),
                        $Initiator(Symbol::FaultRecord),
                    ) => Self::Faulted,
                    _ => return None,
                })
            }
        }
    };
}

side! {
    /// Where a session stands, as the initiator has it (3.2).
    InitiatorState, Initiator,
    Sent is what the initiator sends, Received is what the receiver sends,
    initiator
}

side! {
    /// Where a session stands, as the receiver has it (3.3).
    ReceiverState, Receiver,
    Received is what the initiator sends, Sent is what the receiver sends,
    receiver
}
