//! The reference server's NTLM against the example of [MS-NLMP] 4.2.4, and SPNEGO against bytes that are none.

use proptest::prelude::*;

use super::{ServerStream, Users, message::flag, ntlm, seal::Seal};
use crate::reference::Behaviour;
use crate::wire::nns::{ErrorCode, HandshakeMessage, HandshakeReader};

/// 4.2.1 and 4.2.4: what is computed of a session key that is known.
#[test]
fn the_example_of_the_specification_holds() {
    let plain: Vec<u8> = "Plaintext".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let flags = flag::KEY_EXCH | flag::N56 | flag::N128 | flag::VERSION | flag::EXTENDED_SESSIONSECURITY | flag::SEAL;
    let client = Seal::client(&[0x55; 16], flags).wrap(&plain);
    assert_eq!(
        client,
        [
            0x01, 0x00, 0x00, 0x00, 0x7F, 0xB3, 0x8E, 0xC5, 0xC5, 0x5D, 0x49, 0x76, 0x00, 0x00, 0x00,
            0x00, // signature
            0x54, 0xE5, 0x01, 0x65, 0xBF, 0x19, 0x36, 0xDC, 0x99, 0x60, 0x20, 0xC1, 0x81, 0x1B, 0x0F, 0x06, 0xFB, 0x5F,
        ]
    );
    assert_eq!(Seal::server(&[0x55; 16], flags).unwrap(&client), Some(plain));
}

#[test]
fn what_was_altered_repeated_or_left_out_is_not_opened() {
    let flags = flag::KEY_EXCH | flag::N128;
    let sealed = |count: usize| {
        let mut client = Seal::client(&[7; 16], flags);
        (0..count).map(|number| client.wrap(format!("message {number}").as_bytes())).collect::<Vec<_>>()
    };
    let mut server = Seal::server(&[7; 16], flags);
    let messages = sealed(3);
    assert_eq!(server.unwrap(&messages[0]).as_deref(), Some(b"message 0".as_slice()));
    assert_eq!(server.unwrap(&messages[0]), None, "repeated");
    let mut server = Seal::server(&[7; 16], flags);
    assert_eq!(server.unwrap(&messages[1]), None, "left out");
    for at in 0..messages[0].len() {
        let mut altered = messages[0].clone();
        altered[at] ^= 1;
        assert_eq!(Seal::server(&[7; 16], flags).unwrap(&altered), None, "octet {at}");
    }
}

#[test]
fn thousands_of_messages_of_any_size_are_sealed_and_opened() {
    let flags = flag::KEY_EXCH | flag::N128;
    let (mut client, mut server) = (Seal::client(&[9; 16], flags), Seal::server(&[9; 16], flags));
    for number in 0..3_000_usize {
        let plain = vec![u8::try_from(number % 251).unwrap(); number * 7 % 4_000];
        assert_eq!(server.unwrap(&client.wrap(&plain)).as_deref(), Some(plain.as_slice()));
        assert_eq!(client.unwrap(&server.wrap(&plain)).as_deref(), Some(plain.as_slice()));
    }
}

#[test]
fn users_are_read_line_by_line() {
    let users = Users::read("# all\n\nEXAMPLE:alice:Passw0rd!\nEXAMPLE:bob:pass:ipam-user\n").unwrap();
    for (domain, name) in [("EXAMPLE", "alice"), ("example", "ALICE"), ("", "alice"), ("", "alice@example.test")] {
        assert!(users.find(domain, name).is_some(), "{domain} {name}");
    }
    assert!(users.find("OTHER", "alice").is_none());
    assert!(!format!("{users:?}").contains("Passw0rd!"));
    for (text, line) in [
        ("a:b", 1),
        ("a:b:c\nd:e:f:king", 2),
        ("a:b:", 1),
        ("a:b:c\na:d::ipam-user", 2),
        ("keytab =", 1),
        ("keytab = king", 1),
        ("keytab = ''", 1),
        ("keytab='a'\nkeytab='b'", 2),
    ] {
        let bad = Users::read(text).unwrap_err();
        assert_eq!(bad.line, line);
        assert!(!bad.to_string().contains("king"));
    }
}

#[test]
fn a_keytab_is_named_in_a_line_and_lets_users_be_without_a_password() {
    let users = Users::read("EXAMPLE:alice:\nkeytab = 'C:\\host.keytab' # of the service\nkeytabs:bob:x").unwrap();
    assert_eq!(users.keytab(), Some(std::path::Path::new("C:\\host.keytab")));
    assert_eq!(users.find("EXAMPLE", "alice").unwrap().password(), None);
    assert!(users.find("keytabs", "bob").is_some());
    assert_eq!(Users::read("a:b:c").unwrap().keytab(), None);
}

/// What the server says to a token, as the first of a handshake.
fn said(token: &[u8]) -> Option<HandshakeMessage> {
    let mut bytes = Vec::new();
    HandshakeMessage::HandshakeInProgress(token.to_vec().into()).write(&mut bytes).unwrap();
    let mut out = Vec::new();
    let _ = ServerStream::new([1; 8], Behaviour::default()).receive(&bytes, &Users::default(), &mut out);
    let mut reader = HandshakeReader::default();
    reader.push(&out);
    reader.next().unwrap()
}

#[test]
fn less_than_sealing_is_refused_as_insufficient() {
    let negotiate = |flags: u32| [b"NTLMSSP\0\x01\0\0\0".as_slice(), &flags.to_le_bytes(), &[0; 16]].concat();
    let enough = flag::UNICODE | flag::NTLM | flag::EXTENDED_SESSIONSECURITY | flag::SIGN;
    assert!(matches!(said(&negotiate(enough | flag::SEAL)), Some(HandshakeMessage::HandshakeInProgress(_))));
    assert_eq!(said(&negotiate(enough)), Some(HandshakeMessage::HandshakeError(ErrorCode::TRUST_FAILURE)));
    assert_eq!(said(&negotiate(flag::SEAL)), Some(HandshakeMessage::HandshakeError(ErrorCode::UNSUPPORTED_FUNCTION)));
    assert_eq!(said(b"x"), Some(HandshakeMessage::HandshakeError(ErrorCode::INVALID_TOKEN)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_token_is_too_wrong(start in proptest::sample::select(vec![
            b"".as_slice(), b"NTLMSSP\0\x01\0\0\0", b"NTLMSSP\0\x03\0\0\0", b"\x60\x40\x06\x06\x2B\x06\x01\x05\x05\x02\xA0",
        ]), rest in proptest::collection::vec(any::<u8>(), 0..120)) {
        let token = [start, &rest].concat();
        let mut stream = ServerStream::new([1; 8], Behaviour::default());
        for _ in 0..2 {
            let mut bytes = Vec::new();
            HandshakeMessage::HandshakeInProgress(token.clone().into()).write(&mut bytes).unwrap();
            let mut out = Vec::new();
            let _ = stream.receive(&bytes, &Users::default(), &mut out);
            prop_assert!(stream.user().is_none());
        }
        prop_assert!(ntlm::challenge(&token, [0; 8], 0, false).is_err() || token.len() > 15);
    }
}
