//! The size that stands before what a record holds: seven bits an octet, the least significant first.
//!
//! Leaves out which sizes a record may have. Follows [MC-NMF] 2.2.2, 3.1.1.2 (EncodedSize) and 3.1.4.1.

use crate::wire::DecodeErrorKind;

/// A size as it stands on the wire.
///
/// [MC-NMF] has no name for the encoding; this is the one that [MC-NBFX] gives it. Here it holds 32 bits (2.2.2 asks for
/// sizes up to 0xFFFFFFFF), though the grammar in 3.1.1.2 and Windows (product note 2) end at 31.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MultiByteInt31 {
    /// The size, in octets.
    pub value: u32,
    /// How many octets the size itself takes, 1 to 5.
    pub octets: usize,
}

impl MultiByteInt31 {
    /// The largest size of the grammar.
    pub const MAX: u32 = 0x7FFF_FFFF;

    /// Reads the size at the start of `bytes`; `None` where they end before it does.
    ///
    /// # Errors
    /// Where it has more than five octets or 32 bits.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>, DecodeErrorKind> {
        let mut value = 0_u64;
        for ((octets, shift), byte) in (1..).zip([0, 7, 14, 21, 28]).zip(bytes) {
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                let value =
                    u32::try_from(value).map_err(|_| DecodeErrorKind::Invalid("it has more than 32 bits".into()))?;
                return Ok(Some(Self { value, octets }));
            }
        }
        if bytes.len() < 5 { Ok(None) } else { Err(DecodeErrorKind::Invalid("it has more than five octets".into())) }
    }

    /// Whether fewer octets would have held it. The grammar has no such size: the last of several octets is not zero.
    /// The algorithm that reads does not ask (3.1.4.1).
    pub fn is_over_long(self) -> bool {
        self.octets > 1 && u64::from(self.value) >> (7 * (self.octets - 1)) == 0
    }

    /// Writes a size in as few octets as hold it. One above 32 bits takes more octets than a reader takes.
    pub fn write(size: usize, out: &mut Vec<u8>) {
        let mut rest = size;
        loop {
            let [low, ..] = rest.to_le_bytes();
            rest >>= 7;
            if rest == 0 {
                out.push(low & 0x7F);
                return;
            }
            out.push(low | 0x80);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(size: u32) -> Vec<u8> {
        let mut out = Vec::new();
        MultiByteInt31::write(usize::try_from(size).unwrap(), &mut out);
        out
    }

    /// The ranges of the table in 2.2.2.
    #[test]
    fn sizes_take_as_many_octets_as_the_table_says() {
        for (size, octets) in [
            (0x00, &[0x00][..]),
            (0x7F, &[0x7F]),
            (0x80, &[0x80, 0x01]),
            (0x3FFF, &[0xFF, 0x7F]),
            (0x4000, &[0x80, 0x80, 0x01]),
            (0x1F_FFFF, &[0xFF, 0xFF, 0x7F]),
            (0x20_0000, &[0x80, 0x80, 0x80, 0x01]),
            (0x0FFF_FFFF, &[0xFF, 0xFF, 0xFF, 0x7F]),
            (0x1000_0000, &[0x80, 0x80, 0x80, 0x80, 0x01]),
            (MultiByteInt31::MAX, &[0xFF, 0xFF, 0xFF, 0xFF, 0x07]),
            (u32::MAX, &[0xFF, 0xFF, 0xFF, 0xFF, 0x0F]),
        ] {
            assert_eq!(written(size), octets, "{size:#x}");
            let read = MultiByteInt31::read(octets).unwrap().unwrap();
            assert_eq!(read, MultiByteInt31 { value: size, octets: octets.len() });
            assert!(!read.is_over_long());
        }
    }

    #[test]
    fn longer_sizes_are_told_from_larger_ones() {
        for (octets, value) in
            [(&[0x80, 0x00][..], 0), (&[0x85, 0x80, 0x00], 5), (&[0xFF, 0x80, 0x80, 0x80, 0x00], 0x7F)]
        {
            let read = MultiByteInt31::read(octets).unwrap().unwrap();
            assert_eq!((read.value, read.octets, read.is_over_long()), (value, octets.len(), true));
        }
        for octets in [[0x80, 0x80, 0x80, 0x80, 0x10], [0x80; 5]] {
            assert!(matches!(MultiByteInt31::read(&octets), Err(DecodeErrorKind::Invalid(_))));
        }
        assert_eq!(MultiByteInt31::read(&[0x80; 4]), Ok(None));
        assert_eq!(MultiByteInt31::read(&[]), Ok(None));
    }

    proptest! {
        #[test]
        fn every_size_reads_as_it_was_written(size: u32, after: Vec<u8>) {
            let octets = written(size);
            for cut in 0..octets.len() {
                prop_assert_eq!(MultiByteInt31::read(&octets[..cut]), Ok(None));
            }
            let read = MultiByteInt31::read(&[octets.clone(), after].concat()).unwrap().unwrap();
            prop_assert_eq!(read, MultiByteInt31 { value: size, octets: octets.len() });
            prop_assert!(!read.is_over_long());
        }
    }
}
