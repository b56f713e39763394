//! What the acceptor makes of tickets, and of bytes that are none.

use proptest::prelude::*;

use super::{
    super::{
        der,
        known::{Known, Principal},
        spnego::{Acceptor, Around, Stepped},
        users::{User, Users},
    },
    made::{Made, NOW, Side, keytab},
    *,
};
use crate::spec::Role;

fn service() -> Service {
    Service::of_keytab(&keytab()).unwrap()
}

fn accept(made: &Made) -> Result<Accepted, ErrorCode> {
    service().accept(&made.token(), NOW)
}

fn alice(realm: &str) -> Principal {
    Principal { name: "alice".to_owned(), realm: realm.to_owned() }
}

/// Both sides of a session.
fn sides(made: &Made) -> (Side, Seal) {
    let accepted = accept(made).unwrap();
    (made.side(&accepted.reply.unwrap()), accepted.seal)
}

#[test]
fn who_has_a_ticket_is_who_it_says_with_keys_of_either_type() {
    for (service, session) in [(18, 18), (17, 18), (18, 17), (17, 17)] {
        let key = |kind, octet| (kind, vec![octet; if kind == 17 { 16 } else { 32 }]);
        for subkey in [None, Some(key(18, 3)), Some(key(17, 3))] {
            let made = Made { service_key: key(service, 1), session: key(session, 2), subkey, ..Made::default() };
            let accepted = accept(&made).unwrap();
            assert_eq!(accepted.client, alice("EXAMPLE.TEST"));
            let (mut client, mut server) = (made.side(&accepted.reply.unwrap()), accepted.seal);
            assert_eq!(client.kind, made.subkey.as_ref().map_or(session, |key| key.0));
            assert_eq!(server.unwrap(&client.wrap(b"there", 0, 0)).as_deref(), Some(b"there".as_slice()));
            assert_eq!(client.unwrap(&server.wrap(b"and back")), b"and back");
        }
    }
}

#[test]
fn messages_of_any_size_are_opened_however_they_are_turned_and_filled() {
    let (mut client, mut server) = sides(&Made::default());
    for number in 0..300_u16 {
        let plain = vec![7; usize::from(number) * 13 % 2_000];
        let token = client.wrap(&plain, number % 5 * 7, [0, 28, 12, u16::MAX][usize::from(number % 4)]);
        assert_eq!(server.unwrap(&token).as_deref(), Some(plain.as_slice()), "{number}");
        assert_eq!(client.unwrap(&server.wrap(&plain)), plain);
    }
}

/// RFC 4121 2: who does not ask for an answer has none, and its own key holds.
#[test]
fn who_does_not_ask_who_the_server_is_has_no_answer() {
    let made = Made { options: 0, ..Made::default() };
    let accepted = accept(&made).unwrap();
    assert_eq!(accepted.reply, None);
    let mut server = accepted.seal;
    let mut client = Side { kind: 18, key: vec![3; 32], flags: 0, sends: 0x1234_5678, receives: 0x1234_5678 };
    assert_eq!(server.unwrap(&client.wrap(b"there", 0, 28)).as_deref(), Some(b"there".as_slice()));
    assert_eq!(client.unwrap(&server.wrap(b"and back")), b"and back");
}

#[test]
fn numbers_are_read_as_signed_and_as_unsigned() {
    for (octets, number) in [
        (vec![0xFF, 0xFF, 0xFF, 0xFE], 0xFFFF_FFFE_u64),
        (vec![0, 0xFF, 0xFF, 0xFF, 0xFE], 0xFFFF_FFFE),
        (vec![0xFE], 0xFFFF_FFFE),
        (vec![0], 0),
        (vec![0, 0x80], 0x80),
    ] {
        let (mut client, mut server) = sides(&Made { sequence: octets.clone(), ..Made::default() });
        client.sends = number;
        assert!(server.unwrap(&client.wrap(b"x", 0, 0)).is_some(), "{octets:?}");
        assert!(server.unwrap(&client.wrap(b"y", 0, 0)).is_some(), "{octets:?}");
    }
}

#[test]
fn what_is_refused_is_told_apart() {
    let made = Made::default;
    for (name, made, code) in [
        ("a clock that is behind", Made { second: NOW - 301, ..made() }, "SEC_E_TIME_SKEW"),
        ("a clock that is ahead", Made { second: NOW + 301, ..made() }, "SEC_E_TIME_SKEW"),
        ("a clock of another age", Made { second: -60_000_000_000, ..made() }, "SEC_E_TIME_SKEW"),
        ("a ticket that is past", Made { ends: NOW - 301, ..made() }, "SEC_E_CONTEXT_EXPIRED"),
        ("a ticket of later", Made { starts: NOW + 301, ..made() }, "SEC_E_TIME_SKEW"),
        ("a ticket that is not valid", Made { ticket_flags: 1, ..made() }, "SEC_E_TIME_SKEW"),
        ("another key", Made { service_key: (18, vec![9; 32]), ..made() }, "SEC_E_DECRYPT_FAILURE"),
        ("another service", Made { service: ["http", "ipam.example.test"], ..made() }, "SEC_E_NO_KERB_KEY"),
        ("another realm", Made { realm: "OTHER.TEST", ..made() }, "SEC_E_NO_KERB_KEY"),
        ("another type", Made { service_key: (23, vec![1; 32]), ..made() }, "SEC_E_KDC_UNKNOWN_ETYPE"),
        ("a session of another type", Made { session: (23, vec![2; 32]), ..made() }, "SEC_E_KDC_UNKNOWN_ETYPE"),
        ("a subkey of another type", Made { subkey: Some((23, vec![2; 16])), ..made() }, "SEC_E_KDC_UNKNOWN_ETYPE"),
        ("a subkey that is short", Made { subkey: Some((18, vec![2; 16])), ..made() }, "SEC_E_INVALID_TOKEN"),
        ("somebody else's ticket", Made { claims: "mallory", ..made() }, "SEC_E_LOGON_DENIED"),
        ("a name that reads as two", Made { client: "a/b", claims: "a/b", ..made() }, "SEC_E_INVALID_TOKEN"),
        ("no sealing", Made { checksum: (vec![0, 0x80, 3], 0x2E), ..made() }, "ERROR_TRUST_FAILURE"),
        ("another checksum", Made { checksum: (vec![16], 0x3E), ..made() }, "SEC_E_INVALID_TOKEN"),
        ("user to user", Made { options: 0x60, ..made() }, "SEC_E_UNSUPPORTED_FUNCTION"),
    ] {
        let refused = accept(&made).expect_err(name);
        assert_eq!(refused.name(), Some(code), "{name}");
    }
}

#[test]
fn small_differences_of_clocks_are_none() {
    for second in [NOW - 300, NOW + 300] {
        accept(&Made { second, ..Made::default() }).unwrap();
    }
    accept(&Made { ends: NOW - 300, ..Made::default() }).unwrap();
    accept(&Made { starts: NOW + 300, ..Made::default() }).unwrap();
    accept(&Made { service: ["HOST", "IPAM.Example.Test"], ..Made::default() }).unwrap();
}

#[test]
fn a_token_is_taken_once() {
    let service = service();
    let token = Made::default().token();
    service.accept(&token, NOW).unwrap();
    assert_eq!(service.accept(&token, NOW + 1).unwrap_err(), OUT_OF_SEQUENCE);
    service.accept(&Made::default().token(), NOW).unwrap();
}

#[test]
fn sealed_messages_that_were_altered_repeated_or_left_out_are_not_opened() {
    let (client, server) = sides(&Made::default());
    let first = client.clone().wrap(b"message", 3, 28);
    for at in 0..first.len() {
        let mut altered = first.clone();
        altered[at] ^= 1;
        assert_eq!(server.clone().unwrap(&altered), None, "octet {at}");
        assert_eq!(server.clone().unwrap(&first[..at]), None, "{at} octets");
    }
    let mut repeated = server.clone();
    assert!(repeated.unwrap(&first).is_some());
    assert_eq!(repeated.unwrap(&first), None);
    let mut ahead = Side { sends: client.sends + 1, ..client.clone() };
    assert_eq!(server.clone().unwrap(&ahead.wrap(b"message", 0, 28)), None);
    // The client's own key instead of the server's; the server's side; nothing sealed.
    for flags in [0, 5] {
        assert_eq!(server.clone().unwrap(&Side { flags, ..client.clone() }.wrap(b"message", 0, 28)), None);
    }
    let unsealed = [&[5, 4, 4, 0xFF, 0, 12, 0, 0], &client.sends.to_be_bytes()[..], b"message", &[0; 12]].concat();
    assert_eq!(server.clone().unwrap(&unsealed), None);
    // A lie opens them.
    let mut altered = first.clone();
    altered[20] ^= 1;
    assert!(server.clone().unwrap_anyway(&altered).is_some());
}

#[test]
fn signatures_count_as_messages_but_for_that_of_windows() {
    let (mut client, mut server) = sides(&Made::default());
    assert!(client.verifies(b"list", &server.signature(b"list")));
    assert!(server.verifies(b"list", &client.sign(b"list")));
    let windows = Side { sends: 0, ..client.clone() }.sign(b"list");
    assert!(server.verifies(b"list", &windows));
    let next = client.clone().sign(b"list");
    for at in 0..next.len() {
        let mut altered = next.clone();
        altered[at] ^= 1;
        assert!(!server.verifies(b"list", &altered) && !server.verifies(b"list", &next[..at]), "octet {at}");
    }
    assert!(!server.verifies(b"mist", &next));
    assert!(server.unwrap(&client.wrap(b"x", 0, 0)).is_some());
    assert_eq!(client.unwrap(&server.wrap(b"y")), b"y");
}

const KRB5: &[u8] = &[0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 1, 2, 2];
const MS_KRB5: &[u8] = &[0x06, 9, 0x2A, 0x86, 0x48, 0x82, 0xF7, 0x12, 1, 2, 2];
const NTLM: &[u8] = &[0x06, 10, 0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10];

fn users() -> Users {
    let text = "EXAMPLE:alice::ipam-user\nEXAMPLE.TEST:bob:x:nobody\nOTHER:carol:x\nEXAMPLE:dora:x:disabled\n:erna:x\nkeytab = \"k\"";
    Users::read(text).unwrap().with_keytab(&keytab()).unwrap()
}

fn around(users: &Users) -> Around<'_> {
    let time = u64::try_from(NOW + 11_644_473_600).unwrap() * 10_000_000;
    Around { users, nonce: [1; 8], time, anybody: false, any_level: false }
}

/// NegTokenInit.
fn offer(mechanisms: &[&[u8]], token: Option<&[u8]>) -> (Vec<u8>, Vec<u8>) {
    let list = der::write(0x30, &mechanisms.concat());
    let mut fields = der::write(0xA0, &list);
    fields.extend(token.map(|token| der::write(0xA2, &der::write(0x04, token))).unwrap_or_default());
    let inner = der::write(0xA0, &der::write(0x30, &fields));
    (der::write(0x60, &[&[0x06, 6, 0x2B, 6, 1, 5, 5, 2], &*inner].concat()), list)
}

/// NegTokenResp with fields by number.
fn resp(fields: &[(u8, &[u8])]) -> Vec<u8> {
    let fields: Vec<u8> = fields.iter().flat_map(|(number, octets)| der::write(0xA0 | number, octets)).collect();
    der::write(0xA1, &der::write(0x30, &fields))
}

/// The fields of a NegTokenResp: negState, supportedMech, responseToken, mechListMIC.
fn read(token: &[u8]) -> [Option<Vec<u8>>; 4] {
    let mut rest = der::read(der::read(token, 0xA1).unwrap().contents, 0x30).unwrap().contents;
    [0xA0, 0xA1, 0xA2, 0xA3].map(|tag| {
        let (field, behind) = der::optional(rest, tag);
        rest = behind;
        let contents = |field| der::read(field, 0x04).map_or(field, |element| element.contents).to_vec();
        field.map(contents)
    })
}

fn complete(stepped: Result<Stepped, ErrorCode>) -> (Vec<u8>, Box<Known>) {
    match stepped.unwrap() {
        Stepped::Complete(token, known) => (token, known),
        Stepped::Continue(token) => panic!("goes on: {token:02X?}"),
    }
}

fn goes_on(stepped: Result<Stepped, ErrorCode>) -> Vec<u8> {
    match stepped.unwrap() {
        Stepped::Continue(token) => token,
        Stepped::Complete(token, _) => panic!("is through: {token:02X?}"),
    }
}

#[test]
fn a_ticket_in_the_first_token_is_all_that_it_takes() {
    let users = users();
    for mechanisms in [&[KRB5][..], &[MS_KRB5, KRB5], &[MS_KRB5, KRB5, NTLM]] {
        let made = Made::default();
        let (token, _) = offer(mechanisms, Some(&made.token()));
        let (answer, known) = complete(Acceptor::new().step(&token, around(&users)));
        let [state, mechanism, answer, mic] = read(&answer);
        assert_eq!((state, mechanism, mic), (Some(vec![0x0A, 1, 0]), Some(mechanisms[0].to_vec()), None));
        assert_eq!(known.user.role(), Role::IpamUser);
        let (mut seal, mut client) = (known.seal, made.side(&answer.unwrap()));
        assert!(seal.unwrap(&client.wrap(b"x", 0, 28)).is_some());
    }
    // Bare, as Windows takes it.
    let made = Made::default();
    let (answer, _) = complete(Acceptor::new().step(&made.token(), around(&users)));
    made.side(&answer);
}

#[test]
fn a_choice_that_the_client_likes_less_is_signed_by_both() {
    let unknown = [0x06, 3, 0x2B, 6, 7];
    let (token, list) = offer(&[&unknown, KRB5, NTLM], Some(b"of the unknown"));
    for (signs, is_right) in [(Some(b"another list".as_slice()), false), (None, false), (Some(list.as_slice()), true)] {
        let (made, users, mut acceptor) = (Made::default(), users(), Acceptor::new());
        let answer = goes_on(acceptor.step(&token, around(&users)));
        assert_eq!(read(&answer), [Some(vec![0x0A, 1, 3]), Some(KRB5.to_vec()), None, None]);
        let answer = goes_on(acceptor.step(&resp(&[(2, &der::write(4, &made.token()))]), around(&users)));
        let [state, None, Some(answer), Some(mic)] = read(&answer) else { panic!("{answer:02X?}") };
        assert_eq!(state, Some(vec![0x0A, 1, 1]));
        let mut client = made.side(&answer);
        assert!(client.verifies(&list, &mic));
        let mic = signs.map(|signs| der::write(4, &client.sign(signs)));
        let last = mic.as_ref().map_or_else(|| resp(&[(0, &[0x0A, 1, 0])]), |mic| resp(&[(3, mic)]));
        let stepped = acceptor.step(&last, around(&users));
        assert_eq!(stepped.is_ok(), is_right);
        if is_right {
            let (answer, mut known) = complete(stepped);
            assert_eq!(read(&answer), [Some(vec![0x0A, 1, 0]), None, None, None]);
            assert!(known.seal.unwrap(&client.wrap(b"x", 0, 28)).is_some());
            assert_eq!(client.unwrap(&known.seal.wrap(b"y")), b"y");
        }
    }
}

#[test]
fn without_a_keytab_ntlm_is_chosen_or_nothing() {
    let users = Users::read("EXAMPLE:alice:x").unwrap();
    let token = Made::default().token();
    let (both, _) = offer(&[MS_KRB5, KRB5, NTLM], Some(&token));
    let answer = goes_on(Acceptor::new().step(&both, around(&users)));
    assert_eq!(read(&answer), [Some(vec![0x0A, 1, 3]), Some(NTLM.to_vec()), None, None]);
    for token in [offer(&[KRB5], Some(&token)).0, token] {
        let refused = Acceptor::new().step(&token, around(&users)).unwrap_err();
        assert_eq!(refused.name(), Some("SEC_E_SECPKG_NOT_FOUND"));
    }
}

#[test]
fn a_principal_is_the_user_of_its_realm() {
    let users = users();
    let log_on = |client, users: &Users| {
        let token = Made { client, claims: client, ..Made::default() }.token();
        match Acceptor::new().step(&token, around(users)) {
            Ok(Stepped::Complete(_, known)) => Ok(known.user.role()),
            Ok(Stepped::Continue(_)) => panic!("goes on"),
            Err(code) => Err(code.name().unwrap()),
        }
    };
    for (client, expected) in [
        ("alice", Ok(Role::IpamUser)),
        ("Alice", Ok(Role::IpamUser)),
        ("bob", Ok(Role::Nobody)),
        ("erna", Ok(Role::IpamAdministrator)),
        ("carol", Err("SEC_E_LOGON_DENIED")),
        ("mallory", Err("SEC_E_LOGON_DENIED")),
        ("dora", Err("ERROR_ACCOUNT_DISABLED")),
    ] {
        assert_eq!(log_on(client, &users), expected, "{client}");
    }
    // Another realm's alice is not ours, though its first label is the same.
    let of_realm = |realm: &str| {
        let accepted = Accepted { client: alice(realm), ..accept(&Made::default()).unwrap() };
        users.find_accepted(&accepted).map(User::role)
    };
    assert_eq!(of_realm("EXAMPLE.TEST"), Some(Role::IpamUser));
    assert_eq!(of_realm("EXAMPLE.ELSEWHERE"), None);
}

#[test]
fn no_cut_of_a_token_is_taken_and_no_key_is_shown() {
    let (made, users) = (Made::default(), users());
    let token = made.token();
    let (offered, _) = offer(&[KRB5], Some(&token));
    for cut in 0..token.len() {
        assert!(service().accept(&token[..cut], NOW).is_err(), "{cut} octets");
    }
    for cut in 0..offered.len() {
        let stepped = Acceptor::new().step(&offered[..cut], around(&users));
        assert!(!matches!(stepped, Ok(Stepped::Complete(..))), "{cut} octets");
    }
    let shown = format!("{users:?} {:?} {:?}", service(), accept(&made).unwrap());
    assert!(!shown.contains("1, 1, 1") && !shown.contains("[1"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What is not sealed may be altered (types of names, versions of keys); whoever is taken is who the ticket says.
    #[test]
    fn whatever_is_altered_nobody_else_is_taken(
        places in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut token = Made::default().token();
        for (at, octet) in places {
            *at.get_mut(&mut token) = octet;
        }
        if let Ok(accepted) = service().accept(&token, NOW) {
            prop_assert_eq!(accepted.client, alice("EXAMPLE.TEST"));
        }
    }

    /// A client with a ticket, and even a KDC, may seal anything.
    #[test]
    fn whatever_is_sealed_does_no_harm(
        octets in proptest::collection::vec(any::<u8>(), 0..80), within in any::<prop::sample::Index>(), is_ticket in any::<bool>(),
    ) {
        thread_local!(static SEALED: std::cell::RefCell<(Vec<u8>, usize)> = const { std::cell::RefCell::new((Vec::new(), 0)) });
        fn put(part: &mut Vec<u8>) {
            SEALED.with_borrow(|(octets, at)| {
                let at = at % (part.len() + 1);
                let end = (at + octets.len()).min(part.len());
                part.splice(at..end, octets.iter().copied());
            });
        }
        SEALED.set((octets, within.index(1 << 16)));
        let made = if is_ticket {
            Made { alter_ticket: put, ..Made::default() }
        } else {
            Made { alter_authenticator: put, ..Made::default() }
        };
        let _ = accept(&made);
    }

    #[test]
    fn no_bytes_are_opened(start in proptest::sample::select(vec![b"".as_slice(), b"\x05\x04\x06\xFF", b"\x04\x04\x04\xFF\xFF\xFF\xFF\xFF"]),
            rest in proptest::collection::vec(any::<u8>(), 0..120)) {
        let (_, mut server) = sides(&Made::default());
        let token = [start, &rest].concat();
        prop_assert!(server.unwrap(&token).is_none());
        prop_assert!(!server.verifies(b"list", &token));
        let _ = server.unwrap_anyway(&token);
    }

    #[test]
    fn no_file_is_too_wrong(start in proptest::sample::select(vec![b"".as_slice(), b"\x05\x02", b"\x05\x02\0\0\0\x20\0\x01", b"\x05\x02\x80\0\0\0"]),
            rest in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = Service::of_keytab(&[start, &rest].concat());
    }
}
