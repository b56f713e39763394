//! RC4, which NTLM seals with. It protects nothing by today's measure; the protocol has no other.
//!
//! Follows RFC 6229, whose vectors are the test.

/// A key stream, where it stands.
#[derive(Clone)]
pub(super) struct Rc4 {
    state: [u8; 256],
    i: u8,
    j: u8,
}

/// A key is not shown.
impl std::fmt::Debug for Rc4 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rc4")
    }
}

impl Rc4 {
    /// The stream of a key, which is not empty.
    pub(super) fn new(key: &[u8]) -> Self {
        let mut state = [0; 256];
        for (value, place) in (0..=u8::MAX).zip(&mut state) {
            *place = value;
        }
        let mut rc4 = Self { state, i: 0, j: 0 };
        let mut j = 0_u8;
        for (i, octet) in (0..=u8::MAX).zip(key.iter().cycle()) {
            j = j.wrapping_add(rc4.at(i)).wrapping_add(*octet);
            rc4.state.swap(usize::from(i), usize::from(j));
        }
        rc4
    }

    /// Turns plain octets into sealed ones, or back.
    pub(super) fn apply(&mut self, bytes: &[u8]) -> Vec<u8> {
        bytes.iter().map(|octet| octet ^ self.next()).collect()
    }

    fn next(&mut self) -> u8 {
        self.i = self.i.wrapping_add(1);
        self.j = self.j.wrapping_add(self.at(self.i));
        self.state.swap(usize::from(self.i), usize::from(self.j));
        self.at(self.at(self.i).wrapping_add(self.at(self.j)))
    }

    fn at(&self, place: u8) -> u8 {
        // There are as many places as octets.
        self.state.get(usize::from(place)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_6229_hold() {
        let stream = Rc4::new(&[1, 2, 3, 4, 5]).apply(&[0; 16]);
        assert_eq!(
            stream,
            [0xB2, 0x39, 0x63, 0x05, 0xF0, 0x3D, 0xC0, 0x27, 0xCC, 0xC3, 0x52, 0x4A, 0x0A, 0x11, 0x18, 0xA8]
        );
        let key: Vec<u8> = (1..=16).collect();
        let stream = Rc4::new(&key).apply(&[0; 16]);
        assert_eq!(
            stream,
            [0x9A, 0xC7, 0xCC, 0x9A, 0x60, 0x9D, 0x1E, 0xF7, 0xB2, 0x93, 0x28, 0x99, 0xCD, 0xE4, 0x1B, 0x97]
        );
    }
}
