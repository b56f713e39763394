//! The first ticket of a log on, out of a cache: `sspi` asks a KDC for it, and is answered here.
//!
//! `sspi` 0.23 takes a password or a key, and gets its ticket-granting ticket with that by the AS exchange. So it is given the
//! session key of the cache's ticket in place of the user's key, and what it would ask of the KDC is answered with that ticket,
//! its part for the client under that same key. No secret is made up, and none of it leaves the process: requests of the TGS
//! exchange go to the KDC, nothing else does. This can go once `sspi::Credentials` takes a ticket with its session key.
//!
//! Leaves out where the ticket comes from (`ticket_cache.rs`). Follows RFC 4120 3.1, 5.4.2 and 5.9.1, X.690.

use sspi::{Error, ErrorKind, NetworkProtocol, NetworkRequest, network_client::NetworkClient};
use zeroize::Zeroizing;

use super::ticket_cache::{Credential, Principal};

/// APPLICATION 10, AS-REQ.
const AS_REQ: u8 = 0x6A;
/// APPLICATION 12, TGS-REQ.
const TGS_REQ: u8 = 0x6C;
/// Octets of the size before a message over TCP (7.2.2).
const SIZE: usize = 4;
/// The key usage of the client's part of an AS-REP (7.5.1).
const AS_REP_ENC: i32 = 3;
/// KDC_ERR_PREAUTH_REQUIRED (7.5.9).
const PREAUTH_REQUIRED: u32 = 25;
/// PA-ENC-TIMESTAMP (7.5.2).
const PA_ENC_TIMESTAMP: &[u8] = &[2];
const PVNO: u32 = 5;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const GENERALIZED_TIME: u8 = 0x18;
const GENERAL_STRING: u8 = 0x1B;
const SEQUENCE: u8 = 0x30;

/// A way to a KDC that gives the ticket of a cache by itself.
pub(super) struct TicketFirst<Kdc> {
    /// The ticket-granting ticket.
    pub(super) ticket: Credential,
    /// Who is asked for tickets of services.
    pub(super) kdc: Kdc,
}

impl<Kdc: NetworkClient> NetworkClient for TicketFirst<Kdc> {
    /// What is sent has its size in front, and so has what is given back.
    fn send(&self, request: &NetworkRequest) -> sspi::Result<Vec<u8>> {
        match (request.protocol, request.data.get(SIZE)) {
            (NetworkProtocol::Tcp, Some(&AS_REQ)) => {
                let answer = self.answer(request.data.get(SIZE..).unwrap_or_default())?;
                let size = u32::try_from(answer.len())?;
                Ok([&size.to_be_bytes(), answer.as_slice()].concat())
            }
            (NetworkProtocol::Tcp, Some(&TGS_REQ)) => self.kdc.send(request),
            // RFC 4120 7.2: whoever logs on with a ticket asks for tickets of services, over TCP.
            _ => Err(Error::new(ErrorKind::NoAuthenticatingAuthority, "the KDC is asked for tickets over TCP only")),
        }
    }
}

impl<Kdc> TicketFirst<Kdc> {
    /// 3.1.3: without pre-authentication the KDC wants it; `sspi` takes no other answer to its first request.
    fn answer(&self, request: &[u8]) -> sspi::Result<Der> {
        let body = |tag| within(request, &[AS_REQ, SEQUENCE, 0xA4, SEQUENCE, tag]);
        let methods = within(request, &[AS_REQ, SEQUENCE, 0xA3, SEQUENCE]).unwrap_or_default();
        let is_authenticated =
            elements(methods).any(|(_, method)| within(method, &[0xA1, INTEGER]) == Some(PA_ENC_TIMESTAMP));
        match body(0xA7) {
            Some(nonce) if is_authenticated => self.as_rep(nonce),
            Some(_) => Ok(self.wants_authentication()),
            None => Err(Error::new(ErrorKind::InternalError, "a request of the AS exchange has no nonce")),
        }
    }

    /// KRB-ERROR (5.9.1).
    fn wants_authentication(&self) -> Der {
        let service = &self.ticket.server;
        let fields = [
            field(0, &number(PVNO)),
            field(1, &number(30)),
            // Nobody reads when it was.
            field(4, &time(self.ticket.auth_time)),
            field(5, &number(0)),
            field(6, &number(PREAUTH_REQUIRED)),
            field(9, &element(GENERAL_STRING, &[&service.realm])),
            field(10, &name(service)),
        ];
        element(0x7E, &[&sequence(&fields)])
    }

    /// AS-REP (5.4.2). `nonce` is that of the request, an element.
    fn as_rep(&self, nonce: &[u8]) -> sspi::Result<Der> {
        let Credential { client, key, ticket, .. } = &self.ticket;
        let unknown = |_| Error::new(ErrorKind::UnsupportedFunction, "the encryption type of the ticket is not known");
        let cipher = self.ticket.cipher().map_err(unknown)?;
        let sealed = cipher.cipher().encrypt(key, AS_REP_ENC, &self.client_part(nonce))?;
        let sealed =
            sequence(&[field(0, &number(self.ticket.encryption.into())), field(2, &element(OCTET_STRING, &[&sealed]))]);
        let fields = [
            field(0, &number(PVNO)),
            field(1, &number(11)),
            field(3, &element(GENERAL_STRING, &[&client.realm])),
            field(4, &name(client)),
            field(5, ticket),
            field(6, &sealed),
        ];
        Ok(element(0x6B, &[&sequence(&fields)]))
    }

    /// EncASRepPart (5.4.2).
    fn client_part(&self, nonce: &[u8]) -> Der {
        let Credential { server, key, auth_time, start_time, end_time, renew_till, flags, encryption, .. } =
            &self.ticket;
        let key = sequence(&[field(0, &number((*encryption).into())), field(1, &element(OCTET_STRING, &[key]))]);
        let nothing_known = sequence(&[field(0, &number(0)), field(1, &time(*auth_time))]);
        let optional = |at, seconds: u32| (seconds != 0).then(|| field(at, &time(seconds)));
        let fields = [
            Some(field(0, &key)),
            Some(field(1, &sequence(&[nothing_known]))),
            Some(field(2, nonce)),
            // TicketFlags, no bit unused.
            Some(field(4, &element(BIT_STRING, &[&[0], &flags.to_be_bytes()]))),
            Some(field(5, &time(*auth_time))),
            optional(6, *start_time),
            Some(field(7, &time(*end_time))),
            optional(8, *renew_till),
            Some(field(9, &element(GENERAL_STRING, &[&server.realm]))),
            Some(field(10, &name(server))),
        ];
        let fields: Vec<Der> = fields.into_iter().flatten().collect();
        element(0x79, &[&sequence(&fields)])
    }
}

/// An element of DER. It may have a key in it, so that all are zeroed when they are dropped.
type Der = Zeroizing<Vec<u8>>;

/// Writes an element, its contents in parts.
fn element(tag: u8, parts: &[&[u8]]) -> Der {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let octets = length.to_be_bytes();
    // With room enough from the beginning no part of it is left behind elsewhere.
    let mut out = Zeroizing::new(Vec::with_capacity(2 + octets.len() + length));
    out.push(tag);
    if let Ok(length @ ..0x80) = u8::try_from(length) {
        out.push(length);
    } else {
        let long = octets.iter().skip_while(|octet| **octet == 0);
        out.push(0x80 | u8::try_from(long.clone().count()).unwrap_or_default());
        out.extend(long);
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

fn sequence(fields: &[Der]) -> Der {
    let parts: Vec<&[u8]> = fields.iter().map(|field| field.as_slice()).collect();
    element(SEQUENCE, &parts)
}

/// A field of a sequence, tagged by its number.
fn field(number: u8, contents: &[u8]) -> Der {
    element(0xA0 | number, &[contents])
}

/// An INTEGER of 32 bits, as short as it goes (X.690 8.3.2). Types of names are signed, and the others small.
fn number(value: u32) -> Der {
    let octets = value.to_be_bytes();
    let mut shortest = octets.as_slice();
    while let [0x00, ..=0x7F, ..] | [0xFF, 0x80..=0xFF, ..] = shortest {
        shortest = shortest.get(1..).unwrap_or_default();
    }
    element(INTEGER, &[shortest])
}

/// KerberosTime (5.2.3).
fn time(seconds: u32) -> Der {
    let time = jiff::Timestamp::from_second(seconds.into()).unwrap_or_default();
    element(GENERALIZED_TIME, &[time.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes()])
}

/// PrincipalName (5.2.2).
fn name(principal: &Principal) -> Der {
    let components: Vec<Der> =
        principal.components.iter().map(|component| element(GENERAL_STRING, &[component])).collect();
    sequence(&[field(0, &number(principal.name_type)), field(1, &sequence(&components))])
}

/// The elements that stand behind each other, each with its tag and contents, as far as they are whole.
fn elements(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (tag, behind) = bytes.split_first()?;
        let (short, behind) = behind.split_first()?;
        // X.690 8.1.3: the length itself, or how many octets it takes.
        let (octets, behind) = behind.split_at_checked(usize::from(short.saturating_sub(0x80)))?;
        let long = |length: usize, octet: &u8| length.checked_mul(0x100)?.checked_add(usize::from(*octet));
        let length = if *short < 0x80 { usize::from(*short) } else { octets.iter().try_fold(0, long)? };
        let (contents, rest) = behind.split_at_checked(length)?;
        bytes = rest;
        Some((*tag, contents))
    })
}

/// The contents of the first element with each tag, one within the other.
pub(super) fn within<'a>(bytes: &'a [u8], tags: &[u8]) -> Option<&'a [u8]> {
    tags.iter()
        .try_fold(bytes, |bytes, tag| elements(bytes).find(|(found, _)| found == tag).map(|(_, contents)| contents))
}
