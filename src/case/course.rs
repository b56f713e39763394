//! Whether every client sends the records that a case gives, by what was sent on the session before.
//!
//! Leaves out what the requests in them may do: the guard decides that. Follows [MC-NMF] 3.1.1.2.

use super::records::RecordSpec;
use crate::{
    session::Payloads,
    wire::framing::{Event, InitiatorState, KnownEncoding, Mode, Record, Symbol, VERSION},
};

/// What was sent on a session whose records are a case's own, as far as it decides what may follow without disrupting.
#[derive(Debug, Clone, Default)]
pub struct Course {
    place: Place,
    /// Reads the messages that are sent.
    pub payloads: Payloads,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// Nothing was sent, or an End Record: a preamble may begin.
    #[default]
    Outside,
    /// A preamble was sent whole.
    Inside,
    /// Something was sent that not every client sends.
    Astray,
}

impl Course {
    /// Whether every client sends these records next: a preamble of version 1.0 in duplex mode as the grammar has it, or,
    /// behind the target's acknowledgement, messages, then an End Record. Anything else may disrupt, and so may whatever
    /// comes after it.
    pub fn takes(&mut self, records: &[RecordSpec]) -> bool {
        let begins = matches!(records.first().and_then(RecordSpec::symbol), Some(Symbol::VersionRecord));
        self.place = match self.place {
            Place::Outside if begins => self.preamble(records),
            Place::Inside if !begins => messages(records),
            _ => Place::Astray,
        };
        self.place != Place::Astray
    }

    /// What was sent last was tampered with on its way: what comes after it may disrupt.
    pub fn lose(&mut self) {
        self.place = Place::Astray;
    }

    /// Whether every client may send a message next.
    pub fn takes_message(&self) -> bool {
        self.place == Place::Inside
    }

    fn preamble(&mut self, records: &[RecordSpec]) -> Place {
        let mut state = InitiatorState::default();
        for record in records {
            let RecordSpec::Bytes(_, Some(record)) = record else { return Place::Astray };
            let plain = match record {
                Record::VersionRecord { major, minor } => (*major, *minor) == VERSION,
                Record::ModeRecord(mode) => *mode == Mode::Duplex,
                Record::KnownEncodingRecord(KnownEncoding::BinarySession) => {
                    self.payloads = Payloads::binary();
                    true
                }
                Record::KnownEncodingRecord(KnownEncoding::Soap12Utf8) => {
                    self.payloads = Payloads::text();
                    true
                }
                Record::ViaRecord(via) => !via.is_empty() && via.len() <= 2048,
                Record::PreambleEndRecord => true,
                _ => false,
            };
            match state.next(Event::sent(record)) {
                Ok(next) if plain => state = next,
                _ => return Place::Astray,
            }
        }
        // One that is not whole is no client's.
        if matches!(state, InitiatorState::ExpectPreambleAckRecord(_)) { Place::Inside } else { Place::Astray }
    }
}

/// Messages, and perhaps an End Record behind them. What the messages hold is looked at apart.
fn messages(records: &[RecordSpec]) -> Place {
    let mut place = Place::Inside;
    for record in records {
        place = match (place, record.symbol()) {
            (Place::Inside, Some(Symbol::SizedEnvelopeRecord)) => Place::Inside,
            (Place::Inside, Some(Symbol::EndRecord)) => Place::Outside,
            _ => return Place::Astray,
        };
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::PortType;

    const PREAMBLE: [&str; 5] =
        ["VersionRecord 1.0", "ModeRecord 2", "ViaRecord net.tcp://h/", "KnownEncodingRecord 8", "PreambleEndRecord"];

    fn takes(course: &mut Course, lines: &[&str]) -> bool {
        let records: Vec<_> =
            lines.iter().map(|line| RecordSpec::parse(line, PortType::IIpamServer).unwrap()).collect();
        course.takes(&records)
    }

    #[test]
    fn sessions_as_every_client_holds_them_are_regular() {
        let mut course = Course::default();
        for _ in 0..2 {
            assert!(!course.takes_message() && takes(&mut course, &PREAMBLE) && course.takes_message());
            assert!(takes(&mut course, &["SizedEnvelopeRecord GetIpamVersion", "SizedEnvelopeRecord hex 00"]));
            assert!(takes(&mut course, &["SizedEnvelopeRecord GetIpamVersion", "EndRecord"]));
        }
    }

    #[test]
    fn what_not_every_client_sends_is_not_and_nothing_is_after_it() {
        let request = "SizedEnvelopeRecord GetIpamVersion";
        for wrong in [
            vec!["VersionRecord 2.0"],
            vec!["VersionRecord 1.0", "ModeRecord 3"],
            vec!["VersionRecord 1.0", "ViaRecord x"],
            vec!["bytes 00 01 00"],
            vec![request],
            PREAMBLE[..4].to_vec(),
            [&PREAMBLE[..], &[request]].concat(),
            [&PREAMBLE[..], &PREAMBLE[..]].concat(),
        ] {
            let mut course = Course::default();
            assert!(!takes(&mut course, &wrong), "{wrong:?}");
            assert!(!takes(&mut course, &PREAMBLE), "{wrong:?}");
        }
        for wrong in [&PREAMBLE[..], &["EndRecord", request], &["UnsizedEnvelopeRecord hex 00"], &["bytes 06 01 00"]] {
            let mut course = Course::default();
            assert!(takes(&mut course, &PREAMBLE) && !takes(&mut course, wrong), "{wrong:?}");
        }
    }
}
