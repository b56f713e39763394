//! What a case has done to sealed messages on their way: cut, altered, in another order, again.
//!
//! Leaves out sealing. Follows [MS-NNS] 2.2.2.

use bytes::Bytes;

use crate::session::Way;

/// Octets of PayloadSize.
const SIZE: usize = 4;

/// The messages as they travel. `before` is what was sealed last before them.
pub(super) fn tamper(way: Way, mut sealed: Vec<Bytes>, before: &Bytes) -> Vec<Bytes> {
    match way {
        Way::AsSealed | Way::Unsealed => sealed,
        Way::InPieces => sealed.iter().flat_map(|message| message.chunks(1).map(Bytes::copy_from_slice)).collect(),
        Way::Altered => sealed.iter().map(altered).collect(),
        Way::Repeated => vec![before.clone()],
        Way::Swapped => {
            sealed.reverse();
            sealed
        }
        Way::Cut => sealed.iter().map(cut).collect(),
    }
}

/// Another octet in the Checksum of NTLM ([MS-NLMP] 2.2.2.9.1), or in EC of Kerberos (RFC 4121 4.2.6.2).
fn altered(message: &Bytes) -> Bytes {
    let mut octets = message.to_vec();
    if let Some(octet) = octets.get_mut(SIZE + 4) {
        *octet ^= 0x20;
    }
    octets.into()
}

fn cut(message: &Bytes) -> Bytes {
    let Some((size, [payload @ .., _])) = message.split_first_chunk::<SIZE>() else { return message.clone() };
    let size = u32::from_le_bytes(*size).saturating_sub(1);
    [&size.to_le_bytes(), payload].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_is_told_from_the_others() {
        let sealed = || vec![Bytes::from_static(&[6, 0, 0, 0, 1, 0, 0, 0, 9, 8]), Bytes::from_static(&[1, 0, 0, 0, 7])];
        let before = Bytes::from_static(&[1, 0, 0, 0, 5]);
        let on = |way| tamper(way, sealed(), &before);
        assert_eq!(on(Way::AsSealed), sealed());
        assert_eq!(on(Way::InPieces).len(), 15);
        assert_eq!(on(Way::InPieces).concat(), sealed().concat());
        assert_eq!(on(Way::Altered)[0], [6, 0, 0, 0, 1, 0, 0, 0, 0x29, 8].as_slice());
        assert_eq!(on(Way::Repeated), std::slice::from_ref(&before));
        assert_eq!(on(Way::Swapped), [sealed()[1].clone(), sealed()[0].clone()]);
        assert_eq!(on(Way::Cut), [[5, 0, 0, 0, 1, 0, 0, 0, 9].as_slice(), &[0, 0, 0, 0]]);
    }
}
