//! Tests of ticket caches: files as `kinit` leaves them, and what is no such file.

use proptest::prelude::*;

use super::{ticket_cache::*, *};

/// When the tests are, in seconds since 1970.
pub(super) const NOW: u32 = 1_800_000_000;
pub(super) const REALM: &str = "EXAMPLE.TEST";
/// The session key of the tickets.
pub(super) const KEY: [u8; 32] = *b"session key, 32 octets long, new";

/// An entry of a cache as it is written.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) server: (&'static str, &'static [&'static str]),
    pub(super) encryption: u16,
    pub(super) key: Vec<u8>,
    pub(super) times: [u32; 4],
    pub(super) ticket: Vec<u8>,
}

impl Entry {
    /// The ticket-granting ticket of the realm, a minute old.
    pub(super) fn granting() -> Self {
        Self {
            server: (REALM, &["krbtgt", REALM]),
            encryption: 18,
            key: KEY.to_vec(),
            times: [NOW - 60, NOW - 60, NOW + 36_000, 0],
            ticket: b"a ticket".to_vec(),
        }
    }

    fn of(server: (&'static str, &'static [&'static str])) -> Self {
        Self { server, ..Self::granting() }
    }
}

fn data(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

fn principal(name_type: u32, realm: &str, components: &[&str]) -> Vec<u8> {
    let mut out = name_type.to_be_bytes().to_vec();
    out.extend(u32::try_from(components.len()).unwrap().to_be_bytes());
    out.extend(data(realm.as_bytes()));
    out.extend(components.iter().flat_map(|component| data(component.as_bytes())));
    out
}

/// The cache of alice.
pub(super) fn cache(version: u8, entries: &[Entry]) -> Vec<u8> {
    let alice = principal(1, REALM, &["alice"]);
    let mut out = vec![5, version];
    if version == 4 {
        out.extend([0, 12]); // Octets of the header.
        out.extend([0, 1, 0, 8]); // DeltaTime and its length,
        out.extend([0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 7]); // seconds and microseconds.
    }
    out.extend(&alice);
    for entry in entries {
        out.extend(&alice);
        out.extend(principal(2, entry.server.0, entry.server.1));
        out.extend(entry.encryption.to_be_bytes());
        if version == 3 {
            out.extend(entry.encryption.to_be_bytes());
        }
        out.extend(data(&entry.key));
        out.extend(entry.times.iter().flat_map(|time| time.to_be_bytes()));
        out.push(0); // is_skey
        out.extend([0x40, 0xE1, 0, 0]); // forwardable, renewable, initial, pre-authenticated, ok as delegate
        out.extend([0, 0, 0, 1, 0, 2, 0, 0, 0, 4, 127, 0, 0, 1]); // One address, IPv4.
        out.extend([0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0xAD]); // One piece of authorization data.
        out.extend(data(&entry.ticket));
        out.extend(data(b"")); // No second ticket.
    }
    out
}

fn granting(bytes: &[u8]) -> Result<Credential, String> {
    let content = parse(bytes).map_err(|broken| broken.to_string())?;
    content.granting_ticket(NOW).map_err(|why| why.to_string())
}

fn refused(entries: &[Entry]) -> String {
    granting(&cache(4, entries)).unwrap_err()
}

const SERVICE: (&str, &[&str]) = (REALM, &["host", "ipam.example.test"]);
const CONFIGURATION: (&str, &[&str]) = ("X-CACHECONF:", &["krb5_ccache_conf_data", "pa_type"]);

#[test]
fn the_granting_ticket_that_holds_longest_is_found() {
    let longer = Entry { times: [NOW - 9, 0, NOW + 72_000, NOW + 1], key: vec![7; 32], ..Entry::granting() };
    let entries = [
        Entry { key: Vec::new(), encryption: 0, ..Entry::of(CONFIGURATION) },
        Entry::granting(),
        longer,
        Entry::of(SERVICE),
        Entry { times: [0, 0, u32::MAX, 0], ..Entry::of((REALM, &["krbtgt", "OTHER.TEST"])) },
    ];
    for version in [3, 4] {
        let ticket = granting(&cache(version, &entries)).unwrap();
        assert_eq!(ticket.client, Principal { name_type: 1, realm: REALM.into(), components: vec!["alice".into()] });
        assert_eq!((ticket.server.name_type, ticket.server.components.len()), (2, 2));
        assert_eq!((ticket.encryption, ticket.key.as_slice()), (18, [7; 32].as_slice()));
        assert_eq!((ticket.auth_time, ticket.start_time, ticket.end_time), (NOW - 9, 0, NOW + 72_000));
        assert_eq!((ticket.renew_till, ticket.flags), (NOW + 1, 0x40E1_0000));
        assert_eq!(ticket.ticket, b"a ticket");
        assert_eq!(format!("{ticket:?}"), "Credential { .. }");
    }
}

#[test]
fn a_cache_without_a_ticket_to_log_on_with_says_what_to_do() {
    assert_eq!(refused(&[]), "it holds no ticket; get one with `kinit`");
    assert_eq!(refused(&[Entry::of(CONFIGURATION)]), "it holds no ticket; get one with `kinit`");
    assert_eq!(
        refused(&[Entry::of(CONFIGURATION), Entry::of(SERVICE)]),
        "it holds no ticket-granting ticket of the realm EXAMPLE.TEST, only one for host/ipam.example.test; get one with \
         `kinit`"
    );
    let at = |times| refused(&[Entry { times, ..Entry::granting() }]);
    assert_eq!(at([NOW - 60, 0, NOW, 0]), "its ticket expired at 2027-01-15T08:00:00Z; get another with `kinit`");
    assert_eq!(
        at([NOW - 60, NOW + 301, NOW + 600, 0]),
        "its ticket holds from 2027-01-15T08:05:01Z on, which is yet to come; set this machine's clock by the domain's"
    );
    let skewed = cache(4, &[Entry { times: [NOW + 300, 0, NOW + 600, 0], ..Entry::granting() }]);
    assert!(granting(&skewed).is_ok(), "clocks may differ by five minutes");
    assert!(refused(&[Entry { encryption: 23, ..Entry::granting() }]).contains("encryption type 23"));
    assert!(refused(&[Entry { encryption: 17, ..Entry::granting() }]).contains("a key is not as long"));
    let short = Entry { encryption: 17, key: vec![1; 16], ..Entry::granting() };
    assert!(granting(&cache(4, &[short])).is_ok());
}

#[test]
fn what_is_no_cache_is_told() {
    for (bytes, says) in [
        (b"".as_slice(), "cut at octet 0"),
        (b"\x05", "cut at octet 0"),
        (b"\x05\x02\0\0", "its first two octets are not"),
        (b"[libdefaults]", "its first two octets are not"),
        (b"\x05\x04\0\x10\0", "cut at octet 4"),
    ] {
        assert!(parse(bytes).unwrap_err().to_string().contains(says), "{bytes:?}");
    }
}

#[test]
fn a_file_is_found_read_and_refused_by_its_name() {
    let folder = std::env::temp_dir().join(format!("ipamspec-tickets-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("cc");
    let told = |path: &std::path::Path| ticket_of(&TicketCache::File(path.into())).unwrap_err().to_string();
    assert!(told(&path).ends_with(
        "cc: it is not there; get a ticket with `kinit`, or say where the cache is with `ticket_cache` or KRB5CCNAME"
    ));
    assert!(told(&folder).contains("it is no file"));
    std::fs::write(&path, cache(4, &[Entry { times: [1, 1, u32::MAX, 0], ..Entry::granting() }])).unwrap();
    assert_eq!(*ticket_of(&TicketCache::File(path.clone())).unwrap().key, KEY);
    std::fs::write(&path, vec![5; (1 << 20) + 1]).unwrap();
    assert!(told(&path).contains("it is larger than 1048576 bytes"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_usual_cache_is_where_kinit_puts_it() {
    let usual = |variable, user| usual(variable, user).map_err(|why| why.to_string());
    assert_eq!(usual(Some("FILE:/run/cc"), Some(7)).unwrap(), std::path::Path::new("/run/cc"));
    assert_eq!(usual(Some("/run/cc"), None).unwrap(), std::path::Path::new("/run/cc"));
    assert_eq!(usual(Some(""), Some(1000)).unwrap(), std::path::Path::new("/tmp").join("krb5cc_1000"));
    assert!(usual(Some("KCM:1000"), Some(1000)).unwrap_err().starts_with("its kind is KCM, and only files are read; "));
    assert!(usual(None, None).unwrap_err().starts_with("nothing says where it is; "));
}

#[test]
fn what_is_counted_takes_no_room_before_it_is_there() {
    let all = [0xFF; 4];
    let many = [b"\x05\x03\0\0\0\x01".as_slice(), &all, &vec![0; 1 << 20]].concat();
    let long = [b"\x05\x03\0\0\0\x01\0\0\0\x01".as_slice(), &all, &[0; 1 << 10]].concat();
    for bytes in [many, long] {
        // A name takes four octets at least, and 24 bytes of memory, thrice while a list of them grows.
        let most = u64::try_from(bytes.len() * 24).unwrap();
        let measured = allocation_counter::measure(|| assert!(parse(&bytes).is_err()));
        assert!(measured.bytes_max < most, "{} of {most}", measured.bytes_max);
    }
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let server = prop_oneof![Just(Entry::granting().server), Just(SERVICE), Just(CONFIGURATION)];
    let entry = (server, any::<u16>(), prop::collection::vec(any::<u8>(), 0..40), any::<[u32; 4]>());
    prop::collection::vec(entry, 0..4).prop_map(|entries| {
        let of = |(server, encryption, key, times)| Entry { encryption, key, times, ..Entry::of(server) };
        entries.into_iter().map(of).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_cut_is_told_but_between_entries(entries in entries(), is_version_4 in any::<bool>()) {
        let version = if is_version_4 { 4 } else { 3 };
        let whole = cache(version, &entries);
        let ends: Vec<usize> = (0..=entries.len()).map(|count| cache(version, &entries[..count]).len()).collect();
        for length in 0..=whole.len() {
            prop_assert_eq!(parse(&whole[..length]).is_ok(), ends.contains(&length), "{}", length);
        }
    }

    #[test]
    fn no_corruption_is_more_than_a_mistake(
        entries in entries(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = cache(4, &entries);
        for (at, octet) in changes {
            let at = at.index(bytes.len());
            bytes[at] = octet;
        }
        // What is read is no larger than what is there: every part of an entry takes octets of its own.
        if let Ok(content) = parse(&bytes) {
            let _ = content.granting_ticket(NOW);
        }
    }

    #[test]
    fn no_bytes_are_too_wrong(bytes in prop::collection::vec(any::<u8>(), 0..200), is_version_4 in any::<bool>()) {
        let bytes = [[5, if is_version_4 { 4 } else { 3 }].as_slice(), &bytes].concat();
        if let Ok(content) = parse(&bytes) {
            let _ = content.granting_ticket(NOW);
        }
    }
}
