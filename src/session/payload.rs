//! Reads the messages that somebody composed byte by byte as the session reads them in which they are sent: whole, or not
//! at all.
//!
//! Leaves out what they may do: the guard decides that. Follows [MC-NBFX] 2 and [MC-NBFSE] 2.

use super::Outgoing;
use crate::{
    soap,
    wire::{
        framing::MultiByteInt31,
        nbfse,
        nbfx::{Records, StringTable},
    },
    xml,
};

/// The largest message that every server should take, in bytes: what WCF takes where nobody says otherwise.
const USUAL: usize = 64 << 10;

/// The messages of one direction of a session, in order.
///
/// After one that cannot be read none is: the other side may have dropped the session, and what its strings count as is
/// not known.
#[derive(Debug, Clone, Default)]
pub struct Payloads {
    encoding: Encoding,
}

#[derive(Debug, Clone)]
enum Encoding {
    Text,
    Binary(Box<nbfse::Decoder>),
    /// None that is read here, or one that can be read no more.
    Lost,
}

impl Default for Encoding {
    fn default() -> Self {
        Self::Binary(Box::default())
    }
}

impl Payloads {
    /// Of a session in text.
    pub fn text() -> Self {
        Self { encoding: Encoding::Text }
    }

    /// Of a session in binary XML with strings in band.
    pub fn binary() -> Self {
        Self::default()
    }

    /// Reads no more: what is sent is not known.
    pub fn lose(&mut self) {
        self.encoding = Encoding::Lost;
    }

    /// The request in the next payload, where it is a SOAP 1.2 envelope of a usual size, written as the documents say that
    /// one is written: whole, with nothing behind it, each size in as few octets as hold it, no string sent twice.
    pub fn read(&mut self, payload: &[u8]) -> Option<Outgoing> {
        let read = self.envelope(payload).and_then(|text| {
            let envelope = soap::read(text.as_bytes(), &xml::Limits::default()).ok()?;
            let message_id = envelope.addressing.message_id;
            Some(Outgoing { action: None, message_id, envelope: text.into() })
        });
        if read.is_none() {
            self.lose();
        }
        read
    }

    fn envelope(&mut self, payload: &[u8]) -> Option<String> {
        if payload.len() > USUAL {
            return None;
        }
        match &mut self.encoding {
            Encoding::Text => String::from_utf8(payload.to_vec()).ok(),
            Encoding::Binary(decoder) => {
                let known = decoder.table().count();
                let document = decoder.read_table(payload).ok()?;
                let behind = payload.len() - document.len();
                let table = decoder.table();
                if table.repeated().next().is_some() || payload != written(table, known, document)? {
                    return None;
                }
                Some(xml::write(&decoder.read_document(document, behind).ok()?.root))
            }
            Encoding::Lost => None,
        }
    }
}

/// The payload in the fewest octets: the strings of a table but for those that were known, and the records of a document.
fn written(table: &StringTable, known: usize, document: &[u8]) -> Option<Vec<u8>> {
    let mut strings = Vec::new();
    for (_, text) in table.added().skip(known) {
        MultiByteInt31::write(text.len(), &mut strings);
        strings.extend_from_slice(text.as_bytes());
    }
    let mut out = Vec::new();
    MultiByteInt31::write(strings.len(), &mut out);
    out.extend(strings);
    for placed in Records::new(document, table) {
        placed.ok()?.record.write(&mut out);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{session::guard::plain_request, spec::PortType, wire::nbfx::Style};

    fn request(operation: &str) -> Outgoing {
        plain_request(crate::spec::Operation::named(PortType::IIpamServer, operation).unwrap(), "")
    }

    fn encoded(encoder: &mut nbfse::Encoder, request: &Outgoing) -> Vec<u8> {
        encoder.encode(&xml::read(&request.envelope, &xml::Limits::default()).unwrap().root)
    }

    #[test]
    fn what_an_encoder_writes_is_read_with_the_strings_of_the_session() {
        for style in [Style::default(), Style::plain()] {
            let (mut encoder, mut payloads) = (nbfse::Encoder::new(style), Payloads::binary());
            for operation in ["GetIpamVersion", "IsIpamConfigured", "GetIpamVersion"] {
                let read = payloads.read(&encoded(&mut encoder, &request(operation))).unwrap();
                assert_eq!(read.message_id.as_deref(), Some("urn:uuid:0"));
                assert!(std::str::from_utf8(&read.envelope).unwrap().contains(operation));
            }
        }
        assert_eq!(
            Payloads::text().read(&request("StartTask").envelope).unwrap().envelope,
            request("StartTask").envelope
        );
    }

    #[test]
    fn what_is_not_whole_or_not_as_it_is_written_is_none() {
        let mut encoder = nbfse::Encoder::new(Style::default());
        let good = encoded(&mut encoder, &request("GetIpamVersion"));
        let later = encoded(&mut encoder, &request("GetIpamVersion"));
        assert!(Payloads::binary().read(&good).is_some());
        for cut in 0..good.len() {
            assert!(Payloads::binary().read(&good[..cut]).is_none(), "{cut}");
        }
        // The size of the table in one octet more; a document that goes on; one that is no envelope.
        let size = [&[good[0] | 0x80, 0x00], &good[1..]].concat();
        for wrong in [size, [&good[..], &[0x01]].concat(), b"\x00\x40\x01a\x01".to_vec(), good.repeat(300)] {
            let mut payloads = Payloads::binary();
            assert!(payloads.read(&wrong).is_none());
            assert!(payloads.read(&good).is_none(), "nothing is read behind it");
        }
        assert!(Payloads::binary().read(&later).is_none(), "its strings were never sent");
        // A prefix with its length in two octets; a string that is sent twice.
        let (table, document) =
            (b"\x00", b"\x41\x81\x00sXEnvelope\x09\x01s\x27http://www.w3.org/2003/05/soap-envelope\x01");
        assert!(Payloads::binary().read(&[&table[..], document].concat()).is_none());
        let mut twice = Payloads::binary();
        assert!(twice.read(&good).is_some() && twice.read(&good).is_none());
    }
}
