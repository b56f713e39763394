//! The messages of Kerberos that an acceptor meets: what of AP-REQ is looked at, and AP-REP.
//!
//! Leaves out whether what they say is so. Follows RFC 4120 5.2 to 5.5 and RFC 4121 4.1.

use super::{
    super::{der, known::Principal},
    key::{Key, KeyType},
};

/// Tags of X.690 8, and the applications of RFC 4120 5.10.
mod tag {
    pub(super) const INTEGER: u8 = 0x02;
    pub(super) const BIT_STRING: u8 = 0x03;
    pub(super) const OCTET_STRING: u8 = 0x04;
    pub(super) const OID: u8 = 0x06;
    pub(super) const GENERALIZED_TIME: u8 = 0x18;
    pub(super) const GENERAL_STRING: u8 = 0x1B;
    pub(super) const SEQUENCE: u8 = 0x30;
    /// The frame of a first token (RFC 2743 3.1).
    pub(super) const TOKEN: u8 = 0x60;
    pub(super) const TICKET: u8 = 0x61;
    pub(super) const AUTHENTICATOR: u8 = 0x62;
    pub(super) const ENC_TICKET_PART: u8 = 0x63;
    pub(super) const AP_REQ: u8 = 0x6E;
    pub(super) const AP_REP: u8 = 0x6F;
    pub(super) const ENC_AP_REP_PART: u8 = 0x7B;
}

/// TOK_ID (RFC 4121 4.1).
const AP_REQ_TOKEN: [u8; 2] = [1, 0];
const AP_REP_TOKEN: [u8; 2] = [2, 0];
/// pvno, tkt-vno and authenticator-vno, and the two msg-types (RFC 4120 7.5.6, 7.5.7).
const VERSION: i64 = 5;
const AP_REQ: i64 = 14;
const AP_REP: u8 = 15;

/// A message that is sealed (5.2.9). The version of the key is passed over: a key that does not open it is not the one.
#[derive(Debug, Clone, Copy)]
pub(super) struct EncryptedData<'a> {
    pub(super) etype: i64,
    pub(super) cipher: &'a [u8],
}

/// The first token of a client.
#[derive(Debug)]
pub(super) struct ApReq<'a> {
    /// The mechanism as the token spells it, which the answer repeats.
    pub(super) mechanism: &'a [u8],
    /// use-session-key and mutual-required of ap-options (5.5.1).
    pub(super) use_session_key: bool,
    pub(super) mutual_required: bool,
    /// Whom the ticket is for.
    pub(super) service: Principal,
    pub(super) ticket: EncryptedData<'a>,
    pub(super) authenticator: EncryptedData<'a>,
}

/// What is sealed in a ticket (5.3); times are seconds since 1970.
#[derive(Debug)]
pub(super) struct EncTicketPart {
    /// The flag `invalid`.
    pub(super) is_invalid: bool,
    pub(super) key: SentKey,
    pub(super) client: Principal,
    /// starttime, or authtime where there is none.
    pub(super) starts: i64,
    pub(super) ends: i64,
}

/// Who sends a ticket, and when (5.5.1).
#[derive(Debug)]
pub(super) struct Authenticator<'a> {
    pub(super) client: Principal,
    /// The flags of the checksum of GSS-API (RFC 4121 4.1.1); none where there is no such checksum.
    pub(super) flags: Option<u32>,
    /// cusec and ctime, as they stand there, and the second.
    pub(super) cusec: &'a [u8],
    pub(super) ctime: &'a [u8],
    pub(super) second: i64,
    pub(super) subkey: Option<SentKey>,
    /// seq-number: 0 where there is none.
    pub(super) sequence: u32,
}

/// A key as it is sent: of a type that is read, or another.
#[derive(Debug)]
pub(super) enum SentKey {
    Known(Key),
    Other,
}

impl<'a> ApReq<'a> {
    /// Reads a token of GSS-API; none where it holds another message, or is cut.
    pub(super) fn read(token: &'a [u8]) -> Option<Self> {
        let frame = der::read(token, tag::TOKEN)?;
        let mechanism = der::read(frame.contents, tag::OID)?;
        let mut fields = Fields::of(mechanism.rest.strip_prefix(&AP_REQ_TOKEN)?, tag::AP_REQ)?;
        if !frame.rest.is_empty() || fields.integer(0)? != VERSION || fields.integer(1)? != AP_REQ {
            return None;
        }
        let options = fields.next(2, tag::BIT_STRING)?;
        let mut ticket = Fields::sequence(fields.next(3, tag::TICKET)?)?;
        if ticket.integer(0)? != VERSION {
            return None;
        }
        let realm = ticket.next(1, tag::GENERAL_STRING)?;
        Some(Self {
            mechanism: mechanism.whole,
            use_session_key: is_set(options, 1),
            mutual_required: is_set(options, 2),
            service: Principal::read(realm, ticket.next(2, tag::SEQUENCE)?)?,
            ticket: EncryptedData::read(ticket.next(3, tag::SEQUENCE)?)?,
            authenticator: EncryptedData::read(fields.next(4, tag::SEQUENCE)?)?,
        })
    }
}

impl<'a> EncryptedData<'a> {
    fn read(contents: &'a [u8]) -> Option<Self> {
        let mut fields = Fields(contents);
        let etype = fields.integer(0)?;
        if fields.has(1) {
            fields.next(1, tag::INTEGER)?;
        }
        Some(Self { etype, cipher: fields.next(2, tag::OCTET_STRING)? })
    }

    fn write(etype: u8, cipher: &[u8]) -> Vec<u8> {
        let fields = [write(0, tag::INTEGER, &[etype]), write(2, tag::OCTET_STRING, cipher)];
        der::write(tag::SEQUENCE, &fields.concat())
    }
}

impl EncTicketPart {
    /// Reads what was opened.
    pub(super) fn read(opened: &[u8]) -> Option<Self> {
        let mut fields = Fields::of(opened, tag::ENC_TICKET_PART)?;
        let flags = fields.next(0, tag::BIT_STRING)?;
        let key = SentKey::read(fields.next(1, tag::SEQUENCE)?)?;
        let realm = fields.next(2, tag::GENERAL_STRING)?;
        let client = Principal::read(realm, fields.next(3, tag::SEQUENCE)?)?;
        fields.next(4, tag::SEQUENCE)?;
        let authenticated = fields.next(5, tag::GENERALIZED_TIME)?;
        let starts = if fields.has(6) { fields.next(6, tag::GENERALIZED_TIME)? } else { authenticated };
        let ends = fields.next(7, tag::GENERALIZED_TIME)?;
        Some(Self { is_invalid: is_set(flags, 7), key, client, starts: seconds(starts)?, ends: seconds(ends)? })
    }
}

impl<'a> Authenticator<'a> {
    /// Reads what was opened.
    pub(super) fn read(opened: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::of(opened, tag::AUTHENTICATOR)?;
        if fields.integer(0)? != VERSION {
            return None;
        }
        let realm = fields.next(1, tag::GENERAL_STRING)?;
        let client = Principal::read(realm, fields.next(2, tag::SEQUENCE)?)?;
        let flags = if fields.has(3) { checksum_flags(fields.next(3, tag::SEQUENCE)?) } else { None };
        let cusec = fields.next(4, tag::INTEGER)?;
        let ctime = fields.next(5, tag::GENERALIZED_TIME)?;
        let subkey = if fields.has(6) { Some(SentKey::read(fields.next(6, tag::SEQUENCE)?)?) } else { None };
        // What has its highest bit set is written as a negative number by some.
        let sequence = if fields.has(7) { u32::try_from(fields.integer(7)?.rem_euclid(1 << 32)).ok()? } else { 0 };
        Some(Self { client, flags, cusec, ctime, second: seconds(ctime)?, subkey, sequence })
    }
}

/// Flags of the checksum of type 0x8003: behind the length of Bnd, which is 16, and Bnd. Nothing is bound to a channel here.
fn checksum_flags(contents: &[u8]) -> Option<u32> {
    let mut fields = Fields(contents);
    let kind = fields.integer(0)?;
    let checksum = fields.next(1, tag::OCTET_STRING)?;
    if kind != 0x8003 || !checksum.starts_with(&[16, 0, 0, 0]) {
        return None;
    }
    checksum.get(20..)?.first_chunk().map(|flags| u32::from_le_bytes(*flags))
}

impl SentKey {
    fn read(contents: &[u8]) -> Option<Self> {
        let mut fields = Fields(contents);
        let kind = fields.integer(0)?;
        let octets = fields.next(1, tag::OCTET_STRING)?;
        match KeyType::of(kind) {
            Some(kind) => Key::new(kind, octets).map(Self::Known),
            None => Some(Self::Other),
        }
    }
}

impl Principal {
    /// Reads a realm and the contents of a PrincipalName (5.2.2). A part that is empty, or that would read as two, is none.
    fn read(realm: &[u8], contents: &[u8]) -> Option<Self> {
        let mut fields = Fields(contents);
        fields.integer(0)?;
        let mut rest = fields.next(1, tag::SEQUENCE)?;
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let part = der::read(rest, tag::GENERAL_STRING)?;
            rest = part.rest;
            parts.push(part.contents);
        }
        Self::of(realm, &parts)
    }

    /// A principal of its parts, under the same rule; none without any.
    pub(super) fn of(realm: &[u8], parts: &[&[u8]]) -> Option<Self> {
        let is_plain = |part: &&[u8]| !part.is_empty() && !part.iter().any(|octet| b"/@\0".contains(octet));
        if parts.is_empty() || !parts.iter().all(is_plain) {
            return None;
        }
        let name = String::from_utf8(parts.join(&b'/')).ok()?;
        Some(Self { name, realm: String::from_utf8(realm.to_vec()).ok()? })
    }
}

/// Writes the token that answers one of a mechanism: the client's time, the key and the number of what is sent next, sealed with
/// the key of the ticket (5.5.2).
pub(super) fn ap_rep(
    mechanism: &[u8],
    authenticator: &Authenticator<'_>,
    subkey: &Key,
    sequence: u32,
    seal: impl FnOnce(&[u8]) -> (u8, Vec<u8>),
) -> Vec<u8> {
    let key = [write(0, tag::INTEGER, &[subkey.kind().number()]), write(1, tag::OCTET_STRING, subkey.octets())];
    // A number that is not negative, in as many octets as that takes and more.
    let number = [&[0], &sequence.to_be_bytes()[..]].concat();
    let fewest = number.iter().zip(number.iter().skip(1)).take_while(|(octet, next)| **octet == 0 && **next < 0x80);
    let number = number.get(fewest.count()..).unwrap_or_default();
    let part = [
        write(0, tag::GENERALIZED_TIME, authenticator.ctime),
        write(1, tag::INTEGER, authenticator.cusec),
        write(2, tag::SEQUENCE, &key.concat()),
        write(3, tag::INTEGER, number),
    ];
    let part = zeroize::Zeroizing::new(der::write(tag::ENC_AP_REP_PART, &der::write(tag::SEQUENCE, &part.concat())));
    let (etype, cipher) = seal(&part);
    let fields = [
        write(0, tag::INTEGER, &[5]),
        write(1, tag::INTEGER, &[AP_REP]),
        der::write(0xA2, &EncryptedData::write(etype, &cipher)),
    ];
    let message = der::write(tag::AP_REP, &der::write(tag::SEQUENCE, &fields.concat()));
    der::write(tag::TOKEN, &[mechanism, &AP_REP_TOKEN, &message].concat())
}

/// A field: `[number]` around an element.
fn write(number: u8, tag: u8, contents: &[u8]) -> Vec<u8> {
    der::write(0xA0 | number, &der::write(tag, contents))
}

/// The fields of a SEQUENCE that are still to be read.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Those of a message: an application around a SEQUENCE.
    fn of(message: &'a [u8], application: u8) -> Option<Self> {
        Self::sequence(der::read(message, application)?.contents)
    }

    fn sequence(element: &'a [u8]) -> Option<Self> {
        Some(Self(der::read(element, tag::SEQUENCE)?.contents))
    }

    /// The contents of the next field, which has this number and holds this.
    fn next(&mut self, number: u8, tag: u8) -> Option<&'a [u8]> {
        let field = der::read(self.0, 0xA0 | number)?;
        self.0 = field.rest;
        Some(der::read(field.contents, tag)?.contents)
    }

    /// Whether the next field has this number.
    fn has(&self, number: u8) -> bool {
        self.0.first() == Some(&(0xA0 | number))
    }

    fn integer(&mut self, number: u8) -> Option<i64> {
        integer(self.next(number, tag::INTEGER)?)
    }
}

/// An INTEGER of at most eight octets.
fn integer(contents: &[u8]) -> Option<i64> {
    let first = contents.first()?;
    let sign = if *first < 0x80 { 0 } else { -1 };
    (contents.len() <= 8).then(|| contents.iter().fold(sign, |number, octet| number << 8 | i64::from(*octet)))
}

/// Whether a bit of a BIT STRING is set; the first octet says how many of the last are unused.
fn is_set(contents: &[u8], bit: usize) -> bool {
    contents.get(1 + bit / 8).is_some_and(|octet| octet & (0x80 >> (bit % 8)) != 0)
}

/// A KerberosTime in seconds since 1970 (5.2.3): no fraction, and always of UTC.
fn seconds(contents: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(contents).ok()?;
    let time = jiff::civil::DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}
