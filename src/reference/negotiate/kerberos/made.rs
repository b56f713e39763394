//! Tickets that are made up, with keys that are, for tests: a client and its KDC in one.
//!
//! Messages are written, and answers read, by `picky-krb`, which the server does not use for that.

use picky_asn1::{
    bit_string::BitString,
    date::GeneralizedTime,
    restricted_string::IA5String,
    wrapper::{
        Asn1SequenceOf, ExplicitContextTag0, ExplicitContextTag1, ExplicitContextTag2, ExplicitContextTag3,
        ExplicitContextTag4, ExplicitContextTag5, ExplicitContextTag6, ExplicitContextTag7, GeneralStringAsn1,
        IntegerAsn1, OctetStringAsn1, Optional,
    },
};
use picky_krb::{
    crypto::CipherSuite,
    data_types::{
        Authenticator, AuthenticatorInner, Checksum, EncApRepPart, EncTicketPart, EncTicketPartInner, EncryptedData,
        EncryptionKey, KerberosTime, PrincipalName, Ticket, TicketInner, TransitedEncoding,
    },
    gss_api::{MicToken, WrapToken},
    messages::{ApRep, ApReq, ApReqInner},
};

use super::{super::der, keytab::tests::entry};

/// 2024-11-24T18:00:00Z
pub(super) const NOW: i64 = 1_732_471_200;

/// What a ticket and its authenticator are made of.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) client: &'static str,
    /// Who the authenticator says that they are.
    pub(super) claims: &'static str,
    pub(super) realm: &'static str,
    pub(super) service: [&'static str; 2],
    /// Keys and their types.
    pub(super) service_key: (u8, Vec<u8>),
    pub(super) session: (u8, Vec<u8>),
    pub(super) subkey: Option<(u8, Vec<u8>)>,
    pub(super) starts: i64,
    pub(super) ends: i64,
    pub(super) ticket_flags: u8,
    pub(super) options: u8,
    pub(super) second: i64,
    pub(super) checksum: (Vec<u8>, u32),
    pub(super) sequence: Vec<u8>,
    /// What becomes of the parts before they are sealed.
    pub(super) alter_ticket: fn(&mut Vec<u8>),
    pub(super) alter_authenticator: fn(&mut Vec<u8>),
}

impl Default for Made {
    fn default() -> Self {
        Self {
            client: "alice",
            claims: "alice",
            realm: "EXAMPLE.TEST",
            service: ["host", "ipam.example.test"],
            service_key: (18, vec![1; 32]),
            session: (18, vec![2; 32]),
            subkey: Some((18, vec![3; 32])),
            starts: NOW - 3_600,
            ends: NOW + 3_600,
            ticket_flags: 0,
            options: 0x20,
            second: NOW,
            checksum: (vec![0, 0x80, 3], 0x3E),
            sequence: vec![0x12, 0x34, 0x56, 0x78],
            alter_ticket: |_| {},
            alter_authenticator: |_| {},
        }
    }
}

/// A keytab with the keys of the service: all octets 1.
pub(super) fn keytab() -> Vec<u8> {
    [&[5, 2], &*entry(18, &[1; 32]), &entry(17, &[1; 16])].concat()
}

impl Made {
    /// The first token: the frame of GSS-API around AP-REQ.
    pub(super) fn token(&self) -> Vec<u8> {
        let key = |key: &(u8, Vec<u8>)| EncryptionKey {
            key_type: ExplicitContextTag0::from(integer(&[key.0])),
            key_value: ExplicitContextTag1::from(OctetStringAsn1::from(key.1.clone())),
        };
        let mut part = picky_asn1_der::to_vec(&EncTicketPart::from(EncTicketPartInner {
            flags: ExplicitContextTag0::from(bits([self.ticket_flags, 0, 0, 0])),
            key: ExplicitContextTag1::from(key(&self.session)),
            crealm: ExplicitContextTag2::from(string(self.realm)),
            cname: ExplicitContextTag3::from(name(&[self.client])),
            transited: ExplicitContextTag4::from(TransitedEncoding {
                tr_type: ExplicitContextTag0::from(integer(&[1])),
                contents: ExplicitContextTag1::from(OctetStringAsn1::from(Vec::new())),
            }),
            auth_time: ExplicitContextTag5::from(time(self.starts)),
            starttime: Optional::from(Some(ExplicitContextTag6::from(time(self.starts)))),
            endtime: ExplicitContextTag7::from(time(self.ends)),
            renew_till: Optional::from(None),
            caddr: Optional::from(None),
            authorization_data: Optional::from(None),
        }))
        .unwrap();
        (self.alter_ticket)(&mut part);
        let flags = [&[16, 0, 0, 0][..], &[0; 16], &self.checksum.1.to_le_bytes()].concat();
        let mut authenticator = picky_asn1_der::to_vec(&Authenticator::from(AuthenticatorInner {
            authenticator_vno: ExplicitContextTag0::from(integer(&[5])),
            crealm: ExplicitContextTag1::from(string(self.realm)),
            cname: ExplicitContextTag2::from(name(&[self.claims])),
            cksum: Optional::from(Some(ExplicitContextTag3::from(Checksum {
                cksumtype: ExplicitContextTag0::from(integer(&self.checksum.0)),
                checksum: ExplicitContextTag1::from(OctetStringAsn1::from(flags)),
            }))),
            cusec: ExplicitContextTag4::from(integer(&[0, 1, 2])),
            ctime: ExplicitContextTag5::from(time(self.second)),
            subkey: Optional::from(self.subkey.as_ref().map(|subkey| ExplicitContextTag6::from(key(subkey)))),
            seq_number: Optional::from(Some(ExplicitContextTag7::from(integer(&self.sequence)))),
            authorization_data: Optional::from(None),
        }))
        .unwrap();
        (self.alter_authenticator)(&mut authenticator);
        let message = picky_asn1_der::to_vec(&ApReq::from(ApReqInner {
            pvno: ExplicitContextTag0::from(integer(&[5])),
            msg_type: ExplicitContextTag1::from(integer(&[14])),
            ap_options: ExplicitContextTag2::from(bits([self.options, 0, 0, 0])),
            ticket: ExplicitContextTag3::from(Ticket::from(TicketInner {
                tkt_vno: ExplicitContextTag0::from(integer(&[5])),
                realm: ExplicitContextTag1::from(string(self.realm)),
                sname: ExplicitContextTag2::from(name(&self.service)),
                enc_part: ExplicitContextTag3::from(sealed(&self.service_key, 2, &part)),
            })),
            authenticator: ExplicitContextTag4::from(sealed(&self.session, 11, &authenticator)),
        }))
        .unwrap();
        let mechanism = [0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 1, 2, 2];
        der::write(0x60, &[&mechanism[..], &[1, 0], &message].concat())
    }

    /// The client's side of the session that an answer opens.
    pub(super) fn side(&self, answer: &[u8]) -> Side {
        let frame = der::read(answer, 0x60).unwrap();
        let message = frame.contents[11..].strip_prefix(&[2, 0]).unwrap();
        let reply: ApRep = picky_asn1_der::from_bytes(message).unwrap();
        let part = cipher(self.session.0).decrypt(&self.session.1, 12, &reply.0.enc_part.cipher.0.0).unwrap();
        let part = picky_asn1_der::from_bytes::<EncApRepPart>(&part).unwrap().0;
        assert_eq!((part.ctime.0, part.cusec.0), (time(self.second), integer(&[0, 1, 2])));
        let subkey = part.subkey.0.unwrap().0;
        let receives = part.seq_number.0.unwrap().0.0.iter().fold(0, |number, octet| number << 8 | u64::from(*octet));
        let sends = self.sequence.iter().fold(0, |number, octet| number << 8 | u64::from(*octet));
        Side { kind: subkey.key_type.0.0[0], key: subkey.key_value.0.0, flags: 4, sends, receives }
    }
}

/// The client's side of a session.
#[derive(Debug, Clone)]
pub(super) struct Side {
    pub(super) kind: u8,
    pub(super) key: Vec<u8>,
    /// What is set beside the flag that it is sealed.
    pub(super) flags: u8,
    pub(super) sends: u64,
    pub(super) receives: u64,
}

impl Side {
    /// Seals, with fillers, and turns the body.
    pub(super) fn wrap(&mut self, plain: &[u8], fillers: u16, rrc: u16) -> Vec<u8> {
        let mut token = WrapToken::with_seq_number(self.sends);
        self.sends += 1;
        token.flags = 2 | self.flags;
        token.ec = fillers;
        let payload = [plain, &vec![0; usize::from(fillers)], &token.header()].concat();
        let mut body = cipher(self.kind).encrypt(&self.key, 24, &payload).unwrap();
        let length = body.len();
        body.rotate_right(usize::from(rrc) % length);
        token.set_rrc(rrc);
        token.set_checksum(body);
        let mut out = Vec::new();
        token.encode(&mut out).unwrap();
        out
    }

    /// Opens what the server sealed, which must be the next.
    pub(super) fn unwrap(&mut self, token: &[u8]) -> Vec<u8> {
        let mut token = WrapToken::decode(token).unwrap();
        assert_eq!((token.flags, token.seq_num), (3 | self.flags, self.receives));
        self.receives += 1;
        let mut body = std::mem::take(&mut token.checksum);
        body.rotate_left(token.rrc.into());
        let opened = cipher(self.kind).decrypt(&self.key, 22, &body).unwrap();
        token.set_rrc(0);
        opened.strip_suffix(&token.header()).unwrap().to_vec()
    }

    /// Signs.
    pub(super) fn sign(&mut self, bytes: &[u8]) -> Vec<u8> {
        let token = MicToken::with_initiator_flags().with_seq_number(self.sends);
        self.sends += 1;
        self.signed(token, bytes, 25)
    }

    /// Whether the server signed it, as the next.
    pub(super) fn verifies(&mut self, bytes: &[u8], signature: &[u8]) -> bool {
        let token = MicToken::with_acceptor_flags().with_seq_number(self.receives);
        self.receives += 1;
        self.signed(token, bytes, 23) == signature
    }

    fn signed(&self, mut token: MicToken, bytes: &[u8], usage: i32) -> Vec<u8> {
        let checksum =
            cipher(self.kind).checksum_type().hasher().checksum(&self.key, usage, &[bytes, &token.header()].concat());
        token.set_checksum(checksum.unwrap());
        let mut out = Vec::new();
        token.encode(&mut out).unwrap();
        out
    }
}

fn cipher(kind: u8) -> Box<dyn picky_krb::crypto::Cipher> {
    // A ticket may be said to be of a type that is not read; it is sealed all the same.
    CipherSuite::try_from(usize::from(kind)).unwrap_or(CipherSuite::Aes256CtsHmacSha196).cipher()
}

fn sealed(key: &(u8, Vec<u8>), usage: i32, plain: &[u8]) -> EncryptedData {
    let cipher = cipher(key.0).encrypt(&key.1, usage, plain).unwrap();
    EncryptedData {
        etype: ExplicitContextTag0::from(integer(&[key.0])),
        kvno: Optional::from(Some(ExplicitContextTag1::from(integer(&[3])))),
        cipher: ExplicitContextTag2::from(OctetStringAsn1::from(cipher)),
    }
}

fn integer(octets: &[u8]) -> IntegerAsn1 {
    IntegerAsn1::from(octets.to_vec())
}

fn bits(octets: [u8; 4]) -> picky_asn1::wrapper::BitStringAsn1 {
    BitString::with_bytes(octets.to_vec()).into()
}

fn string(text: &str) -> GeneralStringAsn1 {
    GeneralStringAsn1::from(IA5String::from_string(text.to_owned()).unwrap())
}

fn name(parts: &[&str]) -> PrincipalName {
    PrincipalName {
        name_type: ExplicitContextTag0::from(integer(&[1])),
        name_string: ExplicitContextTag1::from(Asn1SequenceOf::from(
            parts.iter().map(|part| string(part)).collect::<Vec<_>>(),
        )),
    }
}

fn time(second: i64) -> KerberosTime {
    let at = jiff::Timestamp::from_second(second).unwrap().to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let number = |value: i8| u8::try_from(value).unwrap();
    let year = u16::try_from(at.year()).unwrap();
    let [month, day, hour, minute, second] = [at.month(), at.day(), at.hour(), at.minute(), at.second()].map(number);
    KerberosTime::from(GeneralizedTime::new(year, month, day, hour, minute, second).unwrap())
}
