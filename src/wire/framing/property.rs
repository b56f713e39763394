//! The values that Property Records hold: the mode, the encoding, the upgrade.
//!
//! Leaves out their records. Follows [MC-NMF] 2.2.3 and [MS-NMFTB] 3.1.1.

use std::fmt;

/// The version that this protocol has, major and minor (2.2.3.1).
pub const VERSION: (u8, u8) = (1, 0);

/// The upgrade to NegotiateStream (2.2.3.5).
pub const NEGOTIATE: &str = "application/negotiate";

/// The upgrade to TLS (2.2.3.5).
pub const SSL_TLS: &str = "application/ssl-tls";

/// How the two sides communicate (2.2.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One message of chunks, or one and its reply.
    SingletonUnsized,
    /// Any number of messages both ways.
    Duplex,
    /// Any number of messages one way; nobody answers.
    Simplex,
    /// One message whose size the transport knows; nobody answers.
    SingletonSized,
}

impl Mode {
    /// The modes, in the order of their octets from 1.
    pub const ALL: [Self; 4] = [Self::SingletonUnsized, Self::Duplex, Self::Simplex, Self::SingletonSized];

    /// The mode of an octet.
    pub fn from_octet(octet: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.octet() == octet)
    }

    /// The octet.
    pub fn octet(self) -> u8 {
        match self {
            Self::SingletonUnsized => 1,
            Self::Duplex => 2,
            Self::Simplex => 3,
            Self::SingletonSized => 4,
        }
    }

    /// Whether the receiver takes part: it accepts upgrades, acknowledges the preamble and ends its stream (1.3.2).
    pub fn has_active_receiver(self) -> bool {
        matches!(self, Self::SingletonUnsized | Self::Duplex)
    }

    /// Whether net.tcp has this mode with this encoding ([MS-NMFTB] 3.1.1): a session has the in-band dictionary, what
    /// is no session has not.
    pub fn takes_over_tcp(self, encoding: KnownEncoding) -> bool {
        match self {
            Self::SingletonUnsized => encoding != KnownEncoding::BinarySession,
            Self::Duplex => encoding != KnownEncoding::BinarySessionless,
            Self::Simplex | Self::SingletonSized => false,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SingletonUnsized => "Singleton-Unsized",
            Self::Duplex => "Duplex",
            Self::Simplex => "Simplex",
            Self::SingletonSized => "Singleton-Sized",
        })
    }
}

/// How envelopes are encoded, where an octet says it (2.2.3.4.1). The names are those of the grammar in 3.1.1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownEncoding {
    /// SOAP 1.1 in UTF-8.
    Soap11Utf8,
    /// SOAP 1.1 in UTF-16.
    Soap11Utf16,
    /// SOAP 1.1 in "Unicode little-endian", which the grammar calls `UnicodeFFFE`.
    Soap11UnicodeFFFE,
    /// SOAP 1.2 in UTF-8.
    Soap12Utf8,
    /// SOAP 1.2 in UTF-16.
    Soap12Utf16,
    /// SOAP 1.2 in "Unicode little-endian", which the grammar calls `UnicodeFFFE`.
    Soap12UnicodeFFFE,
    /// MTOM.
    Mtom,
    /// Binary, [MC-NBFS].
    BinarySessionless,
    /// Binary with in-band dictionary, [MC-NBFSE].
    BinarySession,
}

impl KnownEncoding {
    /// The encodings, in the order of their octets from 0.
    pub const ALL: [Self; 9] = [
        Self::Soap11Utf8,
        Self::Soap11Utf16,
        Self::Soap11UnicodeFFFE,
        Self::Soap12Utf8,
        Self::Soap12Utf16,
        Self::Soap12UnicodeFFFE,
        Self::Mtom,
        Self::BinarySessionless,
        Self::BinarySession,
    ];

    /// The encoding of an octet.
    pub fn from_octet(octet: u8) -> Option<Self> {
        Self::ALL.get(usize::from(octet)).copied()
    }

    /// The octet.
    pub fn octet(self) -> u8 {
        self.row().0
    }

    /// The content type that Windows gives messages of this encoding; the specification has none.
    pub fn content_type(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> (u8, &'static str) {
        match self {
            Self::Soap11Utf8 => (0, "text/xml; charset=utf-8"),
            Self::Soap11Utf16 => (1, "text/xml; charset=utf16"),
            Self::Soap11UnicodeFFFE => (2, "text/xml; charset=unicodeFFFE"),
            Self::Soap12Utf8 => (3, "application/soap+xml; charset=utf-8"),
            Self::Soap12Utf16 => (4, "application/soap+xml; charset=utf16"),
            Self::Soap12UnicodeFFFE => (5, "application/soap+xml; charset=unicodeFFFE"),
            Self::Mtom => (6, "multipart/related"),
            Self::BinarySessionless => (7, "application/soap+msbin1"),
            Self::BinarySession => (8, "application/soap+msbinsession1"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_and_values_are_one_to_one() {
        for octet in 0..=u8::MAX {
            assert_eq!(Mode::from_octet(octet).map(Mode::octet), (1..=4).contains(&octet).then_some(octet));
            assert_eq!(KnownEncoding::from_octet(octet).map(KnownEncoding::octet), (octet < 9).then_some(octet));
        }
    }

    #[test]
    fn net_tcp_pairs_sessions_with_the_in_band_dictionary() {
        use KnownEncoding::{BinarySession, BinarySessionless, Soap12Utf8};
        for mode in Mode::ALL {
            assert_eq!(mode.takes_over_tcp(Soap12Utf8), mode.has_active_receiver(), "{mode}");
            assert_eq!(mode.takes_over_tcp(BinarySession), mode == Mode::Duplex, "{mode}");
            assert_eq!(mode.takes_over_tcp(BinarySessionless), mode == Mode::SingletonUnsized, "{mode}");
        }
    }
}
