//! Records written one after the other, text and the end of its element as one record where that may be.
//!
//! Leaves out which records say what a document says. Follows [MC-NBFX] 2.2.3.31.

use super::Record;

/// Writes records.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    out: Vec<u8>,
    /// Where the latest record began, where it was a text that may end its element too.
    text: Option<usize>,
    apart: bool,
}

impl Writer {
    /// Begins with nothing; a text record and EndElement become one *TextWithEndElement record.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes every record as it is given: EndElement stands by itself.
    #[must_use]
    pub fn apart(self) -> Self {
        Self { apart: true, ..self }
    }

    /// Writes a record.
    #[inline]
    pub fn write(&mut self, record: &Record<'_>) {
        let text = self.text.take();
        match record {
            Record::EndElement => {
                if let Some(record_type) = text.and_then(|at| self.out.get_mut(at)) {
                    *record_type |= 1;
                    return;
                }
            }
            Record::Text { value, end: false } if !self.apart && value.has_end_element() => {
                self.text = Some(self.out.len());
            }
            _ => {}
        }
        record.write(&mut self.out);
    }

    /// The bytes written so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.out
    }

    /// The bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Forgets what was written, and keeps the room for it.
    pub fn clear(&mut self) {
        self.out.clear();
        self.text = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::nbfx::{Prefix, Str, Value};

    #[test]
    fn a_text_ends_its_element_where_it_may() {
        let records = [
            Record::Element { prefix: Prefix::None, name: Str::Text("a") },
            Record::Text { value: Value::One, end: false },
            Record::EndElement,
            Record::EndElement,
        ];
        let write = |mut writer: Writer| {
            for record in &records {
                writer.write(record);
            }
            writer.into_bytes()
        };
        assert_eq!(write(Writer::new()), [0x40, 0x01, b'a', 0x83, 0x01]);
        assert_eq!(write(Writer::new().apart()), [0x40, 0x01, b'a', 0x82, 0x01, 0x01]);
    }
}
