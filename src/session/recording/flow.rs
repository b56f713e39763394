//! TCP put together: the segments of one connection in the order of their octets, in both directions.
//!
//! What was captured twice counts once, what came out of order waits, and what is missing ends the reading: behind a hole
//! nothing can be said. Segments of the other direction wait with it, so that no answer is seen before its question.
//! Leaves out what the octets mean. Follows RFC 9293 3.4.

use std::collections::VecDeque;

use bytes::{Buf as _, Bytes};

use super::packet::Segment;

/// How many segments wait for one that is missing.
const WAITING: usize = 256;
/// And how many bytes.
const WAITING_BYTES: usize = 4 << 20;

/// A direction of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// From the one that opened it.
    Client,
    /// To the one that opened it.
    Server,
}

/// What a connection did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Did {
    /// One side sent octets, which come in order.
    Octets(Bytes),
    /// One side will send nothing more.
    Finished,
    /// One side reset the connection.
    Reset,
}

/// Why the octets of a connection cannot be put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hole {
    /// Octets are missing.
    Lost,
    /// A packet was captured in part.
    Cut,
}

/// The segments of a connection.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// The octet that comes next in each direction.
    client: Option<u32>,
    server: Option<u32>,
    /// Segments that wait, in the order of the capture.
    waiting: VecDeque<(Side, Segment)>,
    waiting_bytes: usize,
    finished: (bool, bool),
}

impl Flow {
    /// Takes a segment of one side; what the connection did by it, with the segment that it was seen in.
    ///
    /// # Errors
    /// Where octets are missing. Nothing may be taken after it.
    pub(super) fn take(
        &mut self,
        side: Side,
        segment: Segment,
        mut did: impl FnMut(Side, &Segment, Did),
    ) -> Result<(), Hole> {
        self.waiting_bytes += segment.payload.len();
        self.waiting.push_back((side, segment));
        while let Some(at) = self.next_in_order() {
            let Some((side, segment)) = self.waiting.remove(at) else { break };
            self.waiting_bytes = self.waiting_bytes.saturating_sub(segment.payload.len());
            self.deliver(side, segment, &mut did)?;
        }
        if self.waiting.len() > WAITING || self.waiting_bytes > WAITING_BYTES { Err(Hole::Lost) } else { Ok(()) }
    }

    /// Whether segments wait for one that is missing.
    pub(super) fn has_hole(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether both sides have finished.
    pub(super) fn is_over(&self) -> bool {
        self.finished == (true, true)
    }

    /// The segment that is to be taken: the oldest before which nothing is missing, neither of its own side nor of what
    /// its sender had from the other.
    fn next_in_order(&self) -> Option<usize> {
        self.waiting.iter().position(|(side, segment)| {
            // Where the beginning of a direction was not captured it is taken to be here.
            let (next, other) = match side {
                Side::Client => (self.client, self.server),
                Side::Server => (self.server, self.client),
            };
            let is_known = |octet: u32, next: Option<u32>| next.is_none_or(|next| ahead(octet, next) <= 0);
            segment.syn
                || (is_known(segment.sequence, next)
                    && segment.acknowledged.is_none_or(|acknowledged| is_known(acknowledged, other)))
        })
    }

    fn deliver(
        &mut self,
        side: Side,
        mut segment: Segment,
        did: &mut impl FnMut(Side, &Segment, Did),
    ) -> Result<(), Hole> {
        // What one side awaits tells where the other begins.
        if let Some(acknowledged) = segment.acknowledged {
            let other = if side == Side::Client { &mut self.server } else { &mut self.client };
            other.get_or_insert(acknowledged);
        }
        let next = if side == Side::Client { &mut self.client } else { &mut self.server };
        let first = segment.sequence.wrapping_add(u32::from(segment.syn));
        if segment.syn {
            *next = Some(first);
        }
        let expected = *next.get_or_insert(first);
        let old = usize::try_from(ahead(expected, first)).unwrap_or_default();
        let length = segment.payload.len();
        let is_new = old <= length;
        if old < length {
            let mut payload = std::mem::take(&mut segment.payload);
            payload.advance(old);
            *next = Some(expected.wrapping_add(u32::try_from(payload.len()).unwrap_or_default()));
            did(side, &segment, Did::Octets(payload));
        }
        if segment.is_cut && is_new {
            return Err(Hole::Cut);
        }
        if segment.rst {
            self.finished = (true, true);
            did(side, &segment, Did::Reset);
            return Ok(());
        }
        let finished = if side == Side::Client { &mut self.finished.0 } else { &mut self.finished.1 };
        if segment.fin && is_new && !*finished {
            *finished = true;
            // It takes a number, as an octet does.
            *next = next.map(|next| next.wrapping_add(1));
            did(side, &segment, Did::Finished);
        }
        Ok(())
    }
}

/// By how many octets one is ahead of another, as sequence numbers go round.
fn ahead(one: u32, other: u32) -> i64 {
    let ahead = one.wrapping_sub(other);
    if ahead < 1 << 31 { i64::from(ahead) } else { i64::from(ahead) - (1 << 32) }
}

#[cfg(test)]
mod tests {
    use core::net::{Ipv4Addr, SocketAddr};
    use std::time::Duration;

    use super::*;
    use crate::session::recording::Place;

    fn segment(sequence: u32, payload: &'static [u8]) -> Segment {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        Segment {
            from: address,
            to: address,
            sequence,
            acknowledged: None,
            syn: false,
            fin: false,
            rst: false,
            payload: payload.into(),
            is_cut: false,
            at: Duration::ZERO,
            place: Place::End,
        }
    }

    fn octets(segments: Vec<(Side, Segment)>) -> (String, String, Result<(), Hole>) {
        let mut flow = Flow::default();
        let (mut client, mut server) = (String::new(), String::new());
        for (side, segment) in segments {
            let taken = flow.take(side, segment, |side, _, did| {
                let text = if side == Side::Client { &mut client } else { &mut server };
                match did {
                    Did::Octets(octets) => text.push_str(std::str::from_utf8(&octets).unwrap()),
                    Did::Finished => text.push('.'),
                    Did::Reset => text.push('!'),
                }
            });
            if taken.is_err() {
                return (client, server, taken);
            }
        }
        let end = if flow.has_hole() { Err(Hole::Lost) } else { Ok(()) };
        (client, server, end)
    }

    #[test]
    fn every_order_of_segments_gives_the_octets_once_where_sequence_numbers_go_round() {
        let start = u32::MAX - 2;
        let parts: [(u32, &[u8]); 4] = [(0, b"abc"), (3, b"de"), (5, b"fgh"), (2, b"cdef")];
        for order in 0..24_usize {
            let mut left: Vec<_> = parts.to_vec();
            let mut segments = vec![(Side::Client, Segment { syn: true, ..segment(start.wrapping_sub(1), b"") })];
            let mut rest = order;
            for size in (1..=4).rev() {
                let (at, bytes) = left.remove(rest % size);
                rest /= size;
                segments.push((Side::Client, segment(start.wrapping_add(at), bytes)));
            }
            segments.push((Side::Client, Segment { fin: true, ..segment(start.wrapping_add(8), b"") }));
            assert_eq!(octets(segments), ("abcdefgh.".to_owned(), String::new(), Ok(())), "order {order}");
        }
    }

    #[test]
    fn the_other_side_waits_for_what_is_missing() {
        let syn = (Side::Client, Segment { syn: true, ..segment(9, b"") });
        let late = (Side::Client, segment(12, b"cd"));
        let answer = (Side::Server, Segment { acknowledged: Some(14), ..segment(50, b"xy") });
        let missing = (Side::Client, segment(10, b"ab"));
        let (client, server, end) = octets(vec![syn.clone(), late.clone(), answer.clone()]);
        assert_eq!((&*client, &*server, end), ("", "", Err(Hole::Lost)));
        let (client, server, end) = octets(vec![syn, late, answer, missing]);
        assert_eq!((&*client, &*server, end), ("abcd", "xy", Ok(())));
    }

    #[test]
    fn a_segment_that_was_cut_ends_the_reading() {
        let syn = (Side::Client, Segment { syn: true, ..segment(9, b"") });
        let cut = (Side::Client, Segment { is_cut: true, ..segment(10, b"ab") });
        assert_eq!(octets(vec![syn.clone(), cut.clone()]).2, Err(Hole::Cut));
        // Not where the whole was seen before.
        assert_eq!(octets(vec![syn.clone(), (Side::Client, segment(10, b"abcd")), cut]).2, Ok(()));
        let reset = (Side::Server, Segment { rst: true, ..segment(0, b"") });
        assert_eq!(octets(vec![syn, reset]).1, "!");
    }

    #[test]
    fn no_more_waits_than_is_said() {
        let mut segments = vec![(Side::Client, Segment { syn: true, ..segment(9, b"") })];
        segments.extend((0..400).map(|at| (Side::Client, segment(100 + at, b"a"))));
        assert_eq!(octets(segments).2, Err(Hole::Lost));
    }
}
