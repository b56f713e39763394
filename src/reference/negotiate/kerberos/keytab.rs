//! The keys of a service, as a keytab has them.
//!
//! Reads version 2 of MIT's format (0x0502), whose numbers have their higher octet first. Leaves out versions of keys: each that
//! is of the right principal and type is tried. Follows the MIT Kerberos documentation, "Keytab file format".

use zeroize::Zeroizing;

use super::{
    super::{known::Principal, users::BadKeytab},
    key::{Key, KeyType},
    message::EncryptedData,
};
use crate::wire::nns::ErrorCode;

/// The most entries: each is tried where its name and type are right.
const MOST: usize = 1_000;

/// Keys, each with the principal that it is of.
#[derive(Debug)]
pub(super) struct Keytab(Vec<(Principal, Key)>);

impl Keytab {
    /// Reads the octets of a file.
    ///
    /// # Errors
    /// They are no keytab, are cut, or hold no key that is of use here.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, BadKeytab> {
        let mut rest = match bytes {
            [5, 2, rest @ ..] => rest,
            [5, 1, ..] => return Err(BadKeytab::Version1),
            _ => return Err(BadKeytab::NotKeytab),
        };
        let mut keys = Vec::new();
        let mut others = Vec::new();
        for entry in 1.. {
            let at = bytes.len() - rest.len();
            let cut = BadKeytab::Cut { entry, at };
            let Some((size, behind)) = rest.split_first_chunk::<4>() else {
                if rest.is_empty() {
                    break;
                }
                return Err(cut);
            };
            let size = i32::from_be_bytes(*size);
            // The end may be filled up.
            if size == 0 {
                break;
            }
            let length = usize::try_from(size.unsigned_abs()).unwrap_or(usize::MAX);
            let Some((contents, behind)) = behind.split_at_checked(length) else { return Err(cut) };
            rest = behind;
            // What was taken out has left a hole.
            if size < 0 {
                continue;
            }
            if keys.len() + others.len() == MOST {
                return Err(BadKeytab::TooMany(MOST));
            }
            let Entry { principal, kind, octets } = Entry::read(contents).ok_or(cut)?;
            match (KeyType::of(i64::from(kind)), principal) {
                (Some(known), Some(principal)) => {
                    let wrong = BadKeytab::KeyLength { entry, at, kind, length: octets.len() };
                    keys.push((principal, Key::new(known, octets).ok_or(wrong)?));
                }
                (Some(_), None) => return Err(BadKeytab::Name { entry, at }),
                (None, _) => others.push(kind),
            }
        }
        if keys.is_empty() {
            others.sort_unstable();
            others.dedup();
            return Err(BadKeytab::NoKey(others));
        }
        Ok(Self(keys))
    }

    /// Opens the ticket of a service.
    ///
    /// # Errors
    /// There is no key for the service, none of the type, or none that opens it.
    pub(super) fn open(&self, service: &Principal, ticket: EncryptedData<'_>) -> Result<Zeroizing<Vec<u8>>, ErrorCode> {
        let is_same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        let mut keys = self
            .0
            .iter()
            .filter(|(of, _)| is_same(&of.name, &service.name) && is_same(&of.realm, &service.realm))
            .map(|(_, key)| key)
            .peekable();
        keys.peek().ok_or(super::NO_KERB_KEY)?;
        let kind = KeyType::of(ticket.etype).ok_or(super::KDC_UNKNOWN_ETYPE)?;
        let mut keys = keys.filter(|key| key.kind() == kind).peekable();
        keys.peek().ok_or(super::KDC_UNKNOWN_ETYPE)?;
        keys.find_map(|key| key.open(super::usage::TICKET, ticket.cipher)).ok_or(super::DECRYPT_FAILURE)
    }
}

/// What of an entry is looked at.
struct Entry<'a> {
    /// None where the name is one that no ticket is taken for.
    principal: Option<Principal>,
    kind: u16,
    octets: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Reads the contents of an entry. What stands behind the key, a longer version of it, is passed over.
    fn read(mut rest: &'a [u8]) -> Option<Self> {
        let count = number(&mut rest)?;
        let realm = counted(&mut rest)?;
        let parts: Vec<&[u8]> = (0..count).map(|_| counted(&mut rest)).collect::<Option<_>>()?;
        // The type of the name, the time, and the version of the key in one octet.
        rest = rest.get(9..)?;
        let kind = number(&mut rest)?;
        Some(Self { principal: Principal::of(realm, &parts), kind, octets: counted(&mut rest)? })
    }
}

fn number(rest: &mut &[u8]) -> Option<u16> {
    let (number, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(u16::from_be_bytes(*number))
}

/// Octets behind their count.
fn counted<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::from(number(rest)?);
    let (octets, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(octets)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An entry of host/ipam.example.test@EXAMPLE.TEST.
    pub(in super::super) fn entry(kind: u16, octets: &[u8]) -> Vec<u8> {
        let counted = |octets: &[u8]| [&u16::try_from(octets.len()).unwrap().to_be_bytes(), octets].concat();
        let contents = [
            &[0, 2],                    // two parts of a name
            &*counted(b"EXAMPLE.TEST"), // realm
            &counted(b"host"),          //
            &counted(b"ipam.example.test"),
            &[0, 0, 0, 1],       // name type: principal
            &[0x65, 0, 0, 0],    // time
            &[3],                // version of the key
            &kind.to_be_bytes(), // its type
            &counted(octets),    //
            &[0, 0, 0, 3],       // its version again
        ]
        .concat();
        [&i32::try_from(contents.len()).unwrap().to_be_bytes(), &*contents].concat()
    }

    fn file(entries: &[Vec<u8>]) -> Vec<u8> {
        [&[5, 2], &*entries.concat()].concat()
    }

    #[test]
    fn keys_that_are_read_are_kept_whatever_stands_beside_them() {
        let hole = [&(-9_i32).to_be_bytes()[..], &[7; 9]].concat();
        let bytes = file(&[entry(23, &[1; 16]), entry(18, &[2; 32]), hole, entry(17, &[3; 16]), vec![0; 20]]);
        let keytab = Keytab::read(&bytes).unwrap();
        let kinds: Vec<_> = keytab.0.iter().map(|(of, key)| (of.clone(), key.kind())).collect();
        let of = Principal { name: "host/ipam.example.test".to_owned(), realm: "EXAMPLE.TEST".to_owned() };
        assert_eq!(kinds, [(of.clone(), KeyType::Aes256), (of, KeyType::Aes128)]);
        assert!(!format!("{keytab:?}").contains("2, 2"), "no key is shown");
    }

    #[test]
    fn every_cut_is_told_at_its_place() {
        let bytes = file(&[entry(18, &[2; 32]), entry(17, &[3; 16])]);
        let second = 2 + entry(18, &[2; 32]).len();
        for cut in 0..bytes.len() {
            let Err(bad) = Keytab::read(&bytes[..cut]) else {
                assert_eq!(cut, second, "whole as far as it goes");
                continue;
            };
            let place = match cut {
                0 | 1 => BadKeytab::NotKeytab,
                2 => BadKeytab::NoKey(Vec::new()),
                _ if cut < second => BadKeytab::Cut { entry: 1, at: 2 },
                _ => BadKeytab::Cut { entry: 2, at: second },
            };
            assert_eq!(bad, place, "{cut} octets");
        }
    }

    #[test]
    fn what_is_no_keytab_of_use_says_so() {
        for (bytes, said) in [
            (b"\x05\x01\x00".to_vec(), "version 1"),
            (b"-----BEGIN".to_vec(), "no keytab"),
            (file(&[entry(23, &[1; 16]), entry(20, &[1; 32])]), "of type 20, 23"),
            (file(&[entry(18, &[1; 16])]), "entry 1, at octet 2: a key of type 18 is not 16 octets long"),
            (file(&vec![entry(23, &[1; 16]); 1_001]), "more than 1000 entries"),
        ] {
            let told = Keytab::read(&bytes).unwrap_err().to_string();
            assert!(told.contains(said), "{told}");
        }
    }
}
