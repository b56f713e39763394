//! What an initiator begins with: version, mode, Via and encoding, in this order.
//!
//! Leaves out upgrades and the Preamble End Record, which follow it. Follows [MC-NMF] 2.2.6.

use super::{KnownEncoding, Mode, Record, VERSION};

/// The Preamble Message of an initiator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preamble {
    /// How the two sides communicate.
    pub mode: Mode,
    /// The URI that the messages are bound for; over net.tcp an absolute one ([MS-NMFTB] 3.1.1).
    pub via: String,
    /// How envelopes are encoded.
    pub encoding: KnownEncoding,
}

impl Preamble {
    /// The preamble of a duplex session.
    pub fn duplex(via: impl Into<String>, encoding: KnownEncoding) -> Self {
        Self { mode: Mode::Duplex, via: via.into(), encoding }
    }

    /// The four records.
    pub fn records(&self) -> [Record; 4] {
        let (major, minor) = VERSION;
        [
            Record::VersionRecord { major, minor },
            Record::ModeRecord(self.mode),
            Record::ViaRecord(self.via.clone()),
            Record::KnownEncodingRecord(self.encoding),
        ]
    }

    /// Writes the four records behind what `out` holds.
    pub fn write(&self, out: &mut Vec<u8>) {
        for record in self.records() {
            record.write(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplex_preamble_is_four_records() {
        let mut out = Vec::new();
        Preamble::duplex("net.tcp://SampleServer/SampleApp/", KnownEncoding::BinarySession).write(&mut out);
        let expected = [
            &[0x00, 0x01, 0x00][..], // VersionRecord: MajorVersion 1, MinorVersion 0
            &[0x01, 0x02],           // ModeRecord: Duplex
            &[0x02, 0x21],           // ViaRecord: ViaLength 33
            b"net.tcp://SampleServer/SampleApp/",
            &[0x03, 0x08], // KnownEncodingRecord: BinarySessionEncoding
        ];
        assert_eq!(out, expected.concat());
    }
}
