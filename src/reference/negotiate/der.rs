//! The little of DER that SPNEGO needs: one element and its contents, read and written.
//!
//! Leaves out what elements mean. Follows X.690 8.1, definite lengths only.

/// An element at the beginning of bytes: its contents, the whole of it, and what follows.
pub(super) struct Element<'a> {
    pub(super) contents: &'a [u8],
    pub(super) whole: &'a [u8],
    pub(super) rest: &'a [u8],
}

/// Reads an element with this tag; none where another stands there, or it is cut.
pub(super) fn read(bytes: &[u8], tag: u8) -> Option<Element<'_>> {
    let (first, behind) = bytes.split_first()?;
    if *first != tag {
        return None;
    }
    let (short, behind) = behind.split_first()?;
    let (length, behind) = match short {
        0..=0x7F => (usize::from(*short), behind),
        0x81..=0x84 => {
            let (octets, behind) = behind.split_at_checked(usize::from(short & 0x7F))?;
            let length = octets.iter().fold(0_u32, |length, octet| length << 8 | u32::from(*octet));
            (usize::try_from(length).ok()?, behind)
        }
        _ => return None,
    };
    let (contents, rest) = behind.split_at_checked(length)?;
    let whole = bytes.get(..bytes.len() - rest.len())?;
    Some(Element { contents, whole, rest })
}

/// Reads an element with this tag where it stands there: its contents, and what follows either way.
pub(super) fn optional(bytes: &[u8], tag: u8) -> (Option<&[u8]>, &[u8]) {
    match read(bytes, tag) {
        Some(element) => (Some(element.contents), element.rest),
        None => (None, bytes),
    }
}

/// Writes an element.
pub(super) fn write(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let octets = contents.len().to_be_bytes();
    match u8::try_from(contents.len()) {
        Ok(length) if length < 0x80 => out.push(length),
        _ => {
            let significant: Vec<u8> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
            out.push(0x80 | u8::try_from(significant.len()).unwrap_or(8));
            out.extend(significant);
        }
    }
    out.extend_from_slice(contents);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_come_back_at_every_length_and_no_cut_is_one() {
        for length in [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x1_0000] {
            let mut bytes = write(0x04, &vec![7; length]);
            for cut in (0..bytes.len()).take(300) {
                assert!(read(&bytes[..cut], 0x04).is_none());
            }
            bytes.push(9);
            let element = read(&bytes, 0x04).unwrap();
            assert_eq!(
                (element.contents.len(), element.rest, element.whole.len()),
                (length, &[9][..], bytes.len() - 1)
            );
            assert!(read(&bytes, 0x30).is_none());
        }
        assert!(read(&[0x04, 0x85, 1, 1, 1, 1, 1], 0x04).is_none());
        assert!(read(&[0x04, 0x80], 0x04).is_none());
    }
}
