//! The record that a page carries: report.json, compressed, in a block of data that no browser runs.
//!
//! Leaves out judging it. Whoever has the page alone can verify it, compare it, and get report.json back. Follows RFC 1950
//! and RFC 4648, 4.

use miniz_oxide::{deflate::compress_to_vec_zlib, inflate::decompress_to_vec_zlib_with_limit};

use super::script::{base64, from_base64};
use crate::verdict::Record;

/// What stands before the data.
const OPEN: &str = "<script type=\"application/octet-stream\" id=\"record\">";
const CLOSE: &str = "</script>";
/// How hard it is compressed: as most programs do.
const LEVEL: u8 = 6;
/// The most that is taken out of a page, in bytes.
const LARGEST: usize = 1 << 31;

/// The record as a page carries it.
pub(super) fn embed(record: &Record) -> String {
    // What a record holds JSON can always say; a page without its record would say so when it is asked for it.
    pack(&serde_json::to_vec(record).unwrap_or_default())
}

/// Data as a block of the page holds it: compressed, in letters that are no markup.
pub(super) fn pack(data: &[u8]) -> String {
    base64(&compress_to_vec_zlib(data, LEVEL))
}

/// Takes the record out of a page.
///
/// # Errors
/// It is no page of ours, or what it carries was changed so that it cannot be read.
pub fn embedded(html: &str) -> Result<Record, String> {
    // The last one: everything before it is text of the run, in which no tag is one.
    let (_, rest) = html.rsplit_once(OPEN).ok_or("it carries no record: it is no page of ipamspec, or an older one")?;
    let (data, _) = rest.split_once(CLOSE).ok_or("it is cut off in the middle of its record")?;
    let bytes = from_base64(data.trim()).ok_or("the record that it carries is no base64")?;
    let json = decompress_to_vec_zlib_with_limit(&bytes, LARGEST)
        .map_err(|error| format!("the record that it carries cannot be read: {error}"))?;
    serde_json::from_slice(&json).map_err(|error| format!("the record that it carries is none: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{sample, to_html};

    #[test]
    fn a_page_gives_its_record_back() {
        for record in [sample::record(), sample::hostile("</script><script>"), sample::many(50)] {
            assert_eq!(embedded(&to_html(&record)), Ok(record));
        }
    }

    #[test]
    fn what_was_changed_or_cut_off_is_told() {
        let html = to_html(&sample::record());
        let at = html.rfind(OPEN).unwrap() + OPEN.len();
        let mut changed = html.clone();
        changed.replace_range(at + 40..at + 44, "AAAA");
        assert!(embedded(&changed).is_err());
        assert!(embedded(&html[..at + 100]).unwrap_err().contains("cut off"));
        assert!(embedded("<html></html>").unwrap_err().contains("carries no record"));
    }
}
