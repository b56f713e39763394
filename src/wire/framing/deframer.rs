//! Bytes of a stream to its records, at any split, within limits.
//!
//! Leaves out the order of the records. Follows [MC-NMF] 2.2 and 3.1.4.1.

use bytes::{Buf as _, Bytes, BytesMut};

use super::{KnownEncoding, Mode, MultiByteInt31, Record, RecordType};
use crate::wire::{DecodeError, DecodeErrorKind};

/// What is read at most, in octets, and what is taken (3.1.4, 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of a Via: MaxViaSize (3.1.4.5).
    pub via: u32,
    /// Of a content type: MaxContentTypeSize (3.1.4.6).
    pub content_type: u32,
    /// Of the name of an upgrade: MaxUpgradeProtocolSize (3.1.4.7).
    pub upgrade: u32,
    /// Of the URI of a fault.
    pub fault: u32,
    /// Of an envelope, all chunks together: MaxEnvelopeSize (3.1.4.11), MaxChunkSize (3.1.4.12).
    pub envelope: u32,
    /// Whether a size may have more octets than it needs; [`Framed::over_long`] tells those that have.
    pub over_long: bool,
}

impl Default for Limits {
    /// 8 KiB for names, 64 MiB for envelopes, over-long sizes taken.
    fn default() -> Self {
        let name = 8 << 10;
        Self { via: name, content_type: name, upgrade: name, fault: name, envelope: 64 << 20, over_long: true }
    }
}

impl Limits {
    /// The limits with those for names that Windows has (product notes 11, 14 and 17).
    pub fn windows() -> Self {
        Self { via: 2048, content_type: 256, upgrade: 256, ..Self::default() }
    }
}

/// A record, and where in the stream it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framed {
    /// Octets before it; those of an upgrade do not count.
    pub offset: u64,
    /// Octets that it takes, its type included.
    pub length: u64,
    /// Whether a size in it has more octets than it needs, which the grammar does not have (3.1.1.2).
    pub over_long: bool,
    /// The record.
    pub record: Record,
}

/// Reads one stream, in the order it is fed.
///
/// Feed it with [`push`](Self::push), then take records with [`next`](Self::next) until there is none. It holds no more
/// than what was fed and not yet taken, and reserves nothing for what a size announces; an envelope shares the memory of
/// what was fed with it. The cost of a record grows with its length, however it is split.
///
/// Behind an Upgrade Request or Response Record the octets are the upgrade's (3.1.1.2): no record is given until
/// [`take_rest`](Self::take_rest) has fetched what came too early for it. What is fed after that is read as records
/// again. Behind the encoding of a Singleton-Sized stream there are no records at all, only the message.
#[derive(Debug)]
pub struct Deframer {
    limits: Limits,
    buffer: BytesMut,
    /// Where in the stream `buffer` begins.
    position: u64,
    chunks: Option<Chunks>,
    mode: Option<Mode>,
    octets: Octets,
    failed: Option<DecodeError>,
}

/// An unsized envelope whose terminator has not come.
#[derive(Debug)]
struct Chunks {
    offset: u64,
    envelope: BytesMut,
    /// What the current chunk lacks.
    missing: usize,
    over_long: bool,
}

/// Whose the octets behind the last record are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Octets {
    Records,
    Upgrade,
    Message,
}

/// The payload of a sized record, and its place.
struct Sized {
    payload: Bytes,
    /// From the start of the record.
    header: usize,
    over_long: bool,
}

impl Deframer {
    /// Begins a stream.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            buffer: BytesMut::new(),
            position: 0,
            chunks: None,
            mode: None,
            octets: Octets::Records,
            failed: None,
        }
    }

    /// Feeds the next bytes of the stream. After an error they are dropped.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Takes the next record; `None` until more bytes are fed, or while the octets are not records.
    ///
    /// # Errors
    /// Where the bytes are no record, or one beyond the limits: as soon as its size is read, before its payload. The
    /// offset is that of the wrong field in the stream. Every later call gives the same error.
    #[expect(clippy::should_implement_trait, reason = "more may come after `None`, and none after an error")]
    pub fn next(&mut self) -> Result<Option<Framed>, DecodeError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        if self.octets != Octets::Records {
            return Ok(None);
        }
        let read = if self.chunks.is_some() { self.read_chunks() } else { self.read_record() };
        match &read {
            Ok(Some(framed)) => self.note(&framed.record),
            Ok(None) => {}
            Err(error) => self.failed = Some(error.clone()),
        }
        read
    }

    /// Octets that were fed and belong to no record that was taken.
    pub fn buffered(&self) -> usize {
        let gathered = self.chunks.as_ref().map_or(0, |chunks| self.position - chunks.offset);
        self.buffer.len().saturating_add(usize::try_from(gathered).unwrap_or(usize::MAX))
    }

    /// Where in the stream the record begins that comes next or is incomplete.
    pub fn offset(&self) -> u64 {
        self.chunks.as_ref().map_or(self.position, |chunks| chunks.offset)
    }

    /// Whether no part of a further record has been fed, once [`next`](Self::next) has given `None`; octets that are not
    /// records do not count.
    pub fn is_at_record_boundary(&self) -> bool {
        self.octets != Octets::Records || (self.chunks.is_none() && self.buffer.is_empty())
    }

    /// Whether what follows the last record is not records: an upgrade, or the message of a Singleton-Sized stream.
    pub fn is_at_octets(&self) -> bool {
        self.octets != Octets::Records
    }

    /// Takes what was fed and not read: the beginning of an upgrade, the message of a Singleton-Sized stream, or, after an
    /// error, what is left. What is fed behind an upgrade's octets is read as records again.
    pub fn take_rest(&mut self) -> Bytes {
        if self.octets == Octets::Upgrade {
            self.octets = Octets::Records;
        }
        self.buffer.split().freeze()
    }

    /// Judges the end of the stream, once [`next`](Self::next) has given `None`.
    ///
    /// # Errors
    /// `Truncated` in the middle of a record, at the offset where it began; the error that there was before.
    pub fn finish(&self) -> Result<(), DecodeError> {
        match (&self.failed, self.is_at_record_boundary()) {
            (Some(error), _) => Err(error.clone()),
            (None, true) => Ok(()),
            (None, false) => {
                let kind = match (&self.chunks, self.buffer.first()) {
                    (Some(_), _) => Some(RecordType::UnsizedEnvelopeRecord),
                    (None, octet) => octet.and_then(|octet| RecordType::from_octet(*octet)),
                };
                let item = kind.map_or("RecordType", RecordType::name);
                Err(DecodeError { offset: self.offset(), item, kind: DecodeErrorKind::Truncated })
            }
        }
    }

    /// Remembers what decides how the octets behind a record are read.
    fn note(&mut self, record: &Record) {
        match record {
            Record::ModeRecord(mode) => self.mode = Some(*mode),
            Record::UpgradeRequestRecord(_) | Record::UpgradeResponseRecord => self.octets = Octets::Upgrade,
            Record::KnownEncodingRecord(_) | Record::ExtensibleEncodingRecord(_)
                if self.mode == Some(Mode::SingletonSized) =>
            {
                self.octets = Octets::Message;
            }
            _ => {}
        }
    }

    fn read_record(&mut self) -> Result<Option<Framed>, DecodeError> {
        let Some(&octet) = self.buffer.first() else { return Ok(None) };
        let kind =
            RecordType::from_octet(octet).ok_or_else(|| DecodeError::unknown(self.position, "RecordType", octet))?;
        match kind {
            RecordType::VersionRecord => {
                let Some(&[_, major, minor]) = self.buffer.first_chunk() else { return Ok(None) };
                Ok(Some(self.taken(3, Record::VersionRecord { major, minor })))
            }
            RecordType::ModeRecord => {
                self.read_octet(|octet| Mode::from_octet(octet).map(Record::ModeRecord).ok_or("ModeRecord.Mode"))
            }
            RecordType::KnownEncodingRecord => self.read_octet(|octet| {
                KnownEncoding::from_octet(octet).map(Record::KnownEncodingRecord).ok_or("KnownEncodingRecord.Encoding")
            }),
            RecordType::ViaRecord => {
                self.read_text(self.limits.via, "ViaRecord.ViaLength", "ViaRecord.Via", Record::ViaRecord)
            }
            RecordType::ExtensibleEncodingRecord => self.read_text(
                self.limits.content_type,
                "ExtensibleEncodingRecord.EncodingLength",
                "ExtensibleEncodingRecord.Type",
                Record::ExtensibleEncodingRecord,
            ),
            RecordType::FaultRecord => {
                self.read_text(self.limits.fault, "FaultRecord.FaultSize", "FaultRecord.Fault", Record::FaultRecord)
            }
            RecordType::UpgradeRequestRecord => self.read_text(
                self.limits.upgrade,
                "UpgradeRequestRecord.UpgradeProtocolLength",
                "UpgradeRequestRecord.UpgradeProtocol",
                Record::UpgradeRequestRecord,
            ),
            RecordType::SizedEnvelopeRecord => {
                let offset = self.position;
                let sized = self.read_sized(self.limits.envelope, "SizedEnvelopeRecord.Size")?;
                Ok(sized.map(|Sized { payload, over_long, .. }| {
                    self.framed(offset, over_long, Record::SizedEnvelopeRecord(payload))
                }))
            }
            RecordType::UnsizedEnvelopeRecord => {
                let offset = self.position;
                self.advance(1);
                self.chunks = Some(Chunks { offset, envelope: BytesMut::new(), missing: 0, over_long: false });
                self.read_chunks()
            }
            RecordType::EndRecord => Ok(Some(self.taken(1, Record::EndRecord))),
            RecordType::UpgradeResponseRecord => Ok(Some(self.taken(1, Record::UpgradeResponseRecord))),
            RecordType::PreambleAckRecord => Ok(Some(self.taken(1, Record::PreambleAckRecord))),
            RecordType::PreambleEndRecord => Ok(Some(self.taken(1, Record::PreambleEndRecord))),
        }
    }

    /// Reads a record whose data is one octet of a table.
    fn read_octet(&mut self, make: impl Fn(u8) -> Result<Record, &'static str>) -> Result<Option<Framed>, DecodeError> {
        let Some(&[_, octet]) = self.buffer.first_chunk() else { return Ok(None) };
        let record = make(octet).map_err(|item| DecodeError::unknown(self.position + 1, item, octet))?;
        Ok(Some(self.taken(2, record)))
    }

    fn read_text(
        &mut self,
        limit: u32,
        size: &'static str,
        item: &'static str,
        make: impl Fn(String) -> Record,
    ) -> Result<Option<Framed>, DecodeError> {
        let offset = self.position;
        let Some(Sized { payload, header, over_long }) = self.read_sized(limit, size)? else { return Ok(None) };
        // Names are UTF-8 (2.2.3.3, 2.2.3.4.2, 2.2.3.5, 2.2.5).
        let text = std::str::from_utf8(&payload).map_err(|error| {
            let at = offset.saturating_add(wide(header + error.valid_up_to()));
            DecodeError::invalid(at, item, "it is not UTF-8")
        })?;
        Ok(Some(self.framed(offset, over_long, make(text.to_owned()))))
    }

    /// Takes a whole record of a size and a payload, or nothing.
    fn read_sized(&mut self, limit: u32, item: &'static str) -> Result<Option<Sized>, DecodeError> {
        let Some(size) = self.read_size(1, item)? else { return Ok(None) };
        let at = self.position + 1;
        // A size is not zero (2.2.3, 2.2.4.1, 2.2.5).
        if size.value == 0 {
            return Err(DecodeError::invalid(at, item, "it is zero"));
        }
        if size.value > limit {
            return Err(beyond(at, item, limit, size.value.into()));
        }
        let header = 1 + size.octets;
        let length = header.saturating_add(narrow(size.value));
        if self.buffer.len() < length {
            return Ok(None);
        }
        self.advance(header);
        let payload = self.split_to(length - header);
        Ok(Some(Sized { payload: payload.freeze(), header, over_long: size.is_over_long() }))
    }

    fn read_chunks(&mut self) -> Result<Option<Framed>, DecodeError> {
        const SIZE: &str = "UnsizedEnvelopeRecord.Size";
        while let Some(chunks) = &mut self.chunks {
            if chunks.missing > 0 {
                let part = self.buffer.split_to(chunks.missing.min(self.buffer.len()));
                if part.is_empty() {
                    break;
                }
                self.position += wide(part.len());
                chunks.missing -= part.len();
                chunks.envelope.unsplit(part);
                continue;
            }
            let gathered = wide(chunks.envelope.len());
            let Some(size) = self.read_size(0, SIZE)? else { break };
            match size.value {
                // The terminator is a single octet, and one chunk at least stands before it (2.2.4.3).
                0 if size.octets > 1 || gathered == 0 => {
                    return Err(DecodeError::invalid(self.position, SIZE, "it is zero"));
                }
                0 => {
                    self.advance(1);
                    return Ok(self.chunks.take().map(|Chunks { offset, envelope, over_long, .. }| {
                        self.framed(offset, over_long, Record::UnsizedEnvelopeRecord(envelope.freeze()))
                    }));
                }
                value => {
                    let total = gathered.saturating_add(value.into());
                    if total > self.limits.envelope.into() {
                        return Err(beyond(self.position, SIZE, self.limits.envelope, total));
                    }
                    self.advance(size.octets);
                    if let Some(chunks) = &mut self.chunks {
                        chunks.missing = narrow(value);
                        chunks.over_long |= size.is_over_long();
                    }
                }
            }
        }
        Ok(None)
    }

    /// Reads a size at a place of the buffer, without taking it.
    fn read_size(&self, at: usize, item: &'static str) -> Result<Option<MultiByteInt31>, DecodeError> {
        let offset = self.position.saturating_add(wide(at));
        let bytes = self.buffer.get(at..).unwrap_or_default();
        let size = MultiByteInt31::read(bytes).map_err(|kind| DecodeError { offset, item, kind })?;
        match size {
            Some(size) if size.is_over_long() && !self.limits.over_long => {
                Err(DecodeError::invalid(offset, item, "it has more octets than it needs"))
            }
            size => Ok(size),
        }
    }

    fn taken(&mut self, length: usize, record: Record) -> Framed {
        let offset = self.position;
        self.advance(length);
        self.framed(offset, false, record)
    }

    /// The record that began at `offset` and ends where the buffer now begins.
    fn framed(&self, offset: u64, over_long: bool, record: Record) -> Framed {
        Framed { offset, length: self.position - offset, over_long, record }
    }

    fn advance(&mut self, length: usize) {
        self.buffer.advance(length);
        self.position += wide(length);
    }

    fn split_to(&mut self, length: usize) -> BytesMut {
        self.position += wide(length);
        self.buffer.split_to(length)
    }
}

fn beyond(offset: u64, item: &'static str, limit: u32, got: u64) -> DecodeError {
    DecodeError { offset, item, kind: DecodeErrorKind::Limit { limit: limit.into(), got } }
}

/// A length as an offset.
fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A size as a length; where lengths are shorter, a buffer never reaches it.
fn narrow(size: u32) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the deframer holds, in octets of memory.
    fn held(deframer: &Deframer) -> usize {
        deframer.buffer.capacity() + deframer.chunks.as_ref().map_or(0, |chunks| chunks.envelope.capacity())
    }

    #[test]
    fn nothing_is_reserved_for_what_a_size_announces() {
        for announcing in [
            &[0x06, 0x80, 0x80, 0x80, 0x20][..],   // SizedEnvelopeRecord: Size 64 MiB
            &[0x05, 0x80, 0x80, 0x80, 0x20],       // UnsizedEnvelopeRecord: a chunk of 64 MiB
            &[0x05, 0x01, 0xAA, 0xFF, 0xFF, 0x7F], // a chunk of 1 octet, one of 2 MiB
        ] {
            let mut deframer = Deframer::new(Limits::default());
            deframer.push(announcing);
            assert_eq!(deframer.next(), Ok(None));
            assert!(held(&deframer) < 256, "{announcing:02X?}");
            assert_eq!(deframer.buffered(), announcing.len());
        }
    }

    #[test]
    fn the_cost_of_an_octet_does_not_grow_with_what_came_before() {
        let envelope = Bytes::from(vec![0x55; 1 << 20]);
        for record in [Record::SizedEnvelopeRecord(envelope.clone()), Record::UnsizedEnvelopeRecord(envelope)] {
            let bytes = record.to_bytes();
            let mut deframer = Deframer::new(Limits::default());
            for byte in &bytes {
                assert_eq!(deframer.next(), Ok(None));
                deframer.push(std::slice::from_ref(byte));
                assert!(held(&deframer) <= 2 * bytes.len() + 256);
            }
            assert_eq!(deframer.next().unwrap().unwrap().record, record);
        }
    }
}
