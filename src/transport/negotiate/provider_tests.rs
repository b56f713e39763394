//! Tests of logging on with a ticket: what `sspi` makes of it, what goes to a KDC, and that NTLM is never begun.

use std::sync::{Arc, Mutex};

use picky_krb::crypto::CipherSuite;
use sspi::{Credentials, Error, ErrorKind, NetworkRequest, network_client::NetworkClient};

use super::{
    as_exchange::within,
    mechanism::Mechanism as _,
    provider::SspiClient,
    ticket_cache::{Credential, parse},
    ticket_cache_tests::{Entry, KEY, NOW, REALM, cache},
    *,
};

/// The key usage of the authenticator of a TGS-REQ, and of the client's part of a TGS-REP under the session key (RFC 4120 7.5.1).
const AUTHENTICATOR: i32 = 7;
const TGS_REP_ENC: i32 = 8;
/// NTLMSSP, 1.3.6.1.4.1.311.2.2.10, and Kerberos, 1.2.840.113554.1.2.2, as object identifiers.
const NTLM: &[u8] = b"\x06\x0A\x2B\x06\x01\x04\x01\x82\x37\x02\x02\x0A";
const KERBEROS: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x12\x01\x02\x02";

/// A KDC that keeps what it is asked and answers as it is told.
#[derive(Clone)]
struct Scripted {
    asked: Arc<Mutex<Vec<Vec<u8>>>>,
    answer: Result<Vec<u8>, ErrorKind>,
}

impl NetworkClient for Scripted {
    fn send(&self, request: &NetworkRequest) -> sspi::Result<Vec<u8>> {
        self.asked.lock().unwrap().push(request.data[4..].to_vec());
        let answer = self.answer.clone().map_err(|kind| Error::new(kind, "scripted"))?;
        Ok([&u32::try_from(answer.len()).unwrap().to_be_bytes(), answer.as_slice()].concat())
    }
}

impl Scripted {
    fn answering(answer: Result<Vec<u8>, ErrorKind>) -> Self {
        Self { asked: Arc::default(), answer }
    }

    fn asked(&self) -> Vec<Vec<u8>> {
        self.asked.lock().unwrap().clone()
    }
}

/// An element of DER; its contents have fewer than 65536 octets.
fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(contents.len()).unwrap().to_be_bytes();
    match (high, low) {
        (0, ..0x80) => [&[tag, low], contents].concat(),
        (0, _) => [&[tag, 0x81, low], contents].concat(),
        _ => [&[tag, 0x82, high, low], contents].concat(),
    }
}

fn fields(fields: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let fields: Vec<u8> = fields.iter().flat_map(|(number, contents)| der(0xA0 | number, contents)).collect();
    der(0x30, &fields)
}

fn text(text: &str) -> Vec<u8> {
    der(0x1B, text.as_bytes())
}

fn name(kind: u8, parts: &[&str]) -> Vec<u8> {
    let parts: Vec<u8> = parts.iter().flat_map(|part| text(part)).collect();
    fields(&[(0, vec![2, 1, kind]), (1, der(0x30, &parts))])
}

fn sealed(encryption: u8, cipher: &[u8]) -> Vec<u8> {
    fields(&[(0, vec![2, 1, encryption]), (2, der(4, cipher))])
}

/// Ticket (RFC 4120 5.3); nobody here opens it.
fn ticket_for(service: &[&str]) -> Vec<u8> {
    der(
        0x61,
        &fields(&[
            (0, vec![2, 1, 5]),
            (1, text(REALM)),
            (2, name(2, service)),
            (3, sealed(18, b"sealed for a server")),
        ]),
    )
}

fn encryptions() -> [(u8, CipherSuite, &'static [u8]); 2] {
    [(18, CipherSuite::Aes256CtsHmacSha196, &KEY), (17, CipherSuite::Aes128CtsHmacSha196, &KEY[..16])]
}

/// The ticket of alice out of a cache.
fn granting(encryption: u8, key: &[u8]) -> Credential {
    let entry = Entry {
        encryption: encryption.into(),
        key: key.to_vec(),
        ticket: ticket_for(&["krbtgt", REALM]),
        ..Entry::granting()
    };
    parse(&cache(4, &[entry])).unwrap().granting_ticket(NOW).unwrap()
}

fn security(mode: SecurityMode, identity: Identity, kdc: &str) -> Security {
    Security {
        mode,
        spn: "host/ipam.example.test".to_owned(),
        kdc: Some(kdc.to_owned()),
        identity,
        kdc_limit: Duration::from_secs(10),
    }
}

fn client(mode: SecurityMode, kdc: &Scripted) -> SspiClient {
    let security = security(mode, Identity::TicketCache(TicketCache::Usual), "kdc.example.test:88");
    SspiClient::by_ticket(&security, granting(18, &KEY), kdc.clone()).unwrap()
}

/// TGS-REP for the service (5.4.2): the KDC's answer under the session key.
fn tgs_rep() -> Vec<u8> {
    let time = der(0x18, b"20270115080000Z");
    let service = ["host", "ipam.example.test"];
    let part = fields(&[
        (0, fields(&[(0, vec![2, 1, 18]), (1, der(4, &[9; 32]))])),
        (1, der(0x30, &fields(&[(0, vec![2, 1, 0]), (1, time.clone())]))),
        (2, vec![2, 1, 1]),
        (4, der(3, &[0; 5])),
        (5, time.clone()),
        (7, time),
        (9, text(REALM)),
        (10, name(2, &service)),
    ]);
    let part = CipherSuite::Aes256CtsHmacSha196.cipher().encrypt(&KEY, TGS_REP_ENC, &der(0x7A, &part)).unwrap();
    let rep = fields(&[
        (0, vec![2, 1, 5]),
        (1, vec![2, 1, 13]),
        (3, text(REALM)),
        (4, name(1, &["alice"])),
        (5, ticket_for(&service)),
        (6, sealed(18, &part)),
    ]);
    der(0x6D, &rep)
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn the_kdc_is_asked_for_a_ticket_of_the_service_and_for_nothing_else() {
    for (encryption, cipher, key) in encryptions() {
        let kdc = Scripted::answering(Err(ErrorKind::InternalError));
        let security =
            security(SecurityMode::Kerberos, Identity::TicketCache(TicketCache::Usual), "kdc.example.test:88");
        let ticket = granting(encryption, key);
        SspiClient::by_ticket(&security, ticket, kdc.clone()).unwrap().step(b"").unwrap_err();
        let asked = kdc.asked();
        let [request] = asked.as_slice() else { panic!("{} requests", asked.len()) };
        // TGS-REQ, its first pre-authentication an AP-REQ: the ticket of the cache, and an authenticator under its key.
        let ap_req = within(request, &[0x6C, 0x30, 0xA3, 0x30, 0x30, 0xA2, 0x04]).unwrap();
        let parts = within(ap_req, &[0x6E, 0x30]).unwrap();
        assert_eq!(within(parts, &[0xA3]).unwrap(), ticket_for(&["krbtgt", REALM]));
        let sealed = within(parts, &[0xA4, 0x30, 0xA2, 0x04]).unwrap();
        let authenticator = cipher.cipher().decrypt(key, AUTHENTICATOR, sealed).unwrap();
        assert_eq!(within(&authenticator, &[0x62, 0x30, 0xA1, 0x1B]).unwrap(), REALM.as_bytes());
        assert_eq!(within(&authenticator, &[0x62, 0x30, 0xA2]).unwrap(), name(1, &["alice"]));
        assert!(holds(request, &name(2, &["host", "ipam.example.test"])));
    }
}

#[test]
fn kerberos_alone_is_offered_and_ntlm_is_never_begun() {
    for mode in [SecurityMode::Negotiate, SecurityMode::Kerberos] {
        let mut client = client(mode, &Scripted::answering(Ok(tgs_rep())));
        let step = client.step(b"").unwrap();
        assert!(
            !step.complete
                && holds(&step.token, KERBEROS)
                && holds(&step.token, &ticket_for(&["host", "ipam.example.test"]))
        );
        assert!(!holds(&step.token, NTLM) && !holds(&step.token, b"NTLMSSP"));
        // NegTokenResp (RFC 4178 4.2.2): the server takes NTLM, which was not offered, with a challenge or without one.
        for challenge in [None, Some(b"NTLMSSP\0\x02\0\0\0\0\0\0\0\x30\0\0\0\x35\x82\x8A\xE2challenge".as_slice())] {
            let mut chosen = vec![(0, vec![0x0A, 1, 1]), (1, NTLM.to_vec())];
            chosen.extend(challenge.map(|challenge| (2, der(4, challenge))));
            let refusal = client.step(&der(0xA1, &fields(&chosen))).unwrap_err();
            assert!(matches!(refusal, Refusal::Mechanism { .. }), "{refusal}");
        }
    }
}

#[test]
fn where_the_kdc_fails_nothing_else_is_tried() {
    for kind in [ErrorKind::TimeSkew, ErrorKind::NoAuthenticatingAuthority, ErrorKind::UnknownCredentials] {
        let kdc = Scripted::answering(Err(kind));
        for mode in [SecurityMode::Negotiate, SecurityMode::Kerberos] {
            client(mode, &kdc).step(b"").unwrap_err();
        }
        assert!(kdc.asked().iter().all(|request| request.starts_with(&[0x6C])), "TGS-REQ and nothing else");
        assert_eq!(kdc.asked().len(), 2);
    }
}

/// KRB-ERROR (5.9.1).
fn krb_error(code: u8) -> Vec<u8> {
    let error = fields(&[
        (0, vec![2, 1, 5]),
        (1, vec![2, 1, 30]),
        (4, der(0x18, b"20270115080000Z")),
        (5, vec![2, 1, 0]),
        (6, vec![2, 1, code]),
        (9, text(REALM)),
        (10, name(2, &["krbtgt", REALM])),
    ]);
    der(0x7E, &error)
}

#[test]
fn what_the_kdc_says_of_the_ticket_is_told_with_what_to_do() {
    for (code, says) in [
        (32, "the ticket of the cache is not taken: ticket expired (SEC_E_CONTEXT_EXPIRED); get another with `kinit`"),
        (
            20,
            "the ticket of the cache is not taken: TGT has been revoked (SEC_E_UNKNOWN_CREDENTIALS); get another with `kinit`",
        ),
        (33, "set this machine's and the target's by the domain's"),
        (37, "set this machine's and the target's by the domain's"),
        (7, "check `spn`"),
    ] {
        let refusal = client(SecurityMode::Negotiate, &Scripted::answering(Ok(krb_error(code)))).step(b"").unwrap_err();
        assert!(refusal.to_string().contains(says), "{code}: {refusal}");
        assert!(!refusal.counts_against_the_account(), "{refusal}");
    }
}

#[test]
fn a_key_is_shown_nowhere() {
    let kdc = Scripted::answering(Err(ErrorKind::InternalError));
    let mut client = client(SecurityMode::Kerberos, &kdc);
    let refusal = client.step(b"").unwrap_err();
    assert_eq!(format!("{client:?} {:?}", granting(18, &KEY)), "SspiClient { .. } Credential { .. }");
    let shown = format!("{refusal} {refusal:?}");
    assert!(!shown.contains("session key") && !shown.contains(&format!("{KEY:?}").trim_matches(['[', ']']).to_owned()));
    assert!(!holds(&kdc.asked().concat(), &KEY[..8]));
}

#[test]
fn a_cache_is_read_for_each_log_on() {
    let folder = std::env::temp_dir().join(format!("ipamspec-log-on-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("cc");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let kdc = listener.local_addr().unwrap().to_string();
    let identity = Identity::TicketCache(TicketCache::File(path.clone()));
    let security = Arc::new(security(SecurityMode::Negotiate, identity, &kdc));
    let step = || security.mechanism(&Refused::default()).step(b"").unwrap_err().to_string();
    assert!(step().contains("it is not there"));
    let forever = [1, 1, u32::MAX, 0];
    let entry = Entry { ticket: ticket_for(&["krbtgt", REALM]), times: forever, ..Entry::granting() };
    std::fs::write(&path, cache(4, &[entry])).unwrap();
    let asked = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().unwrap();
        let mut size = [0; 4];
        stream.read_exact(&mut size).unwrap();
        let mut request = vec![0; usize::try_from(u32::from_be_bytes(size)).unwrap()];
        stream.read_exact(&mut request).unwrap();
        let error = krb_error(37);
        stream.write_all(&[&u32::try_from(error.len()).unwrap().to_be_bytes(), error.as_slice()].concat()).unwrap();
        request
    });
    let told = step();
    assert!(told.contains("clock skew too great"), "{told}");
    assert!(asked.join().unwrap().starts_with(&[0x6C]), "TGS-REQ comes first");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// `as_exchange.rs` can go when this does not compile any more because `sspi` has learnt to take a ticket.
#[test]
fn sspi_takes_no_ticket() {
    let takes_a_ticket = |credentials: &Credentials| match credentials {
        Credentials::AuthIdentity(_) | Credentials::Keytab(_) => false,
    };
    let identity = sspi::AuthIdentity { username: sspi::Username::parse("a").unwrap(), password: String::new().into() };
    assert!(!takes_a_ticket(&identity.into()));
}
