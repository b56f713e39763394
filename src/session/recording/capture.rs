//! Reads captures of packets, pcap and pcapng, for the net.tcp sessions in them.
//!
//! Leaves out protected sessions, which nobody can read, and other protocols. Follows the formats of pcap and pcapng as
//! pcap-parser reads them.

use core::net::SocketAddr;
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use bytes::{Buf as _, BytesMut};
use pcap_parser::{
    LegacyPcapBlock, PcapError, PcapHeader, nom, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified,
    parse_pcap_header,
    pcapng::{Block, parse_block_be, parse_block_le, parse_sectionheaderblock},
    traits::PcapNGPacketBlock as _,
};

use super::{
    About, Broken, Place, Recorded, Remark,
    dialogue::{Dialogue, Heard, begins_session},
    flow::{Did, Flow, Hole, Side},
    packet::{self, Captured, Packet, Segment},
};

/// The longest block that is read, in bytes.
const LONGEST: usize = 16 << 20;
/// How many connections are followed at once at most.
const CONNECTIONS: usize = 16_384;
/// How many connections that have ended are remembered, for packets that come again.
const ENDED: usize = 1024;

const NEXT: &str = "give the file as dumpcap or tcpdump wrote it, with `-s 0`";

/// Whether bytes are how a capture begins.
pub(super) fn is_capture(head: &[u8]) -> bool {
    let magic: [&[u8]; 6] = [
        b"\x0A\x0D\x0D\x0A",
        b"\xD4\xC3\xB2\xA1",
        b"\xA1\xB2\xC3\xD4",
        b"\x4D\x3C\xB2\xA1",
        b"\xA1\xB2\x3C\x4D",
        b"\x34\xCD\xB2\xA1",
    ];
    magic.iter().any(|magic| head.starts_with(magic))
}

/// Reads a capture.
#[derive(Debug, Default)]
pub struct CaptureReader {
    buffer: BytesMut,
    position: u64,
    format: Format,
    packets: u64,
    connections: BTreeMap<Key, Connection>,
    ended: VecDeque<Key>,
    sessions: u64,
    told: Told,
}

/// The two ends of a connection, the lower first.
type Key = (SocketAddr, SocketAddr);

#[derive(Debug, Default)]
enum Format {
    /// Nothing was read yet.
    #[default]
    Unknown,
    Pcap(PcapHeader),
    Pcapng {
        is_big_endian: bool,
        interfaces: Vec<Interface>,
    },
}

#[derive(Debug, Clone, Copy)]
struct Interface {
    link: i32,
    /// Ticks a second.
    resolution: u64,
    /// Seconds.
    offset: i64,
    snaplen: u32,
}

/// What is told at the end, as often as it was met.
#[derive(Debug, Default)]
struct Told {
    midstream: u64,
    fragments: u64,
    crowded: u64,
    links: BTreeMap<i32, u64>,
}

#[derive(Debug)]
struct Connection {
    client: SocketAddr,
    flow: Flow,
    dialogue: Dialogue,
    /// What the client sent before it was known what it speaks.
    head: Vec<u8>,
    /// The number of the session that is open, and its gap told.
    session: Option<u64>,
    is_ignored: bool,
    last: u64,
}

/// What was read of the buffer.
enum Step {
    Taken(usize),
    More,
    Broken(&'static str),
}

impl CaptureReader {
    /// See [`super::Reader::push`].
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<Recorded>) -> Result<(), Broken> {
        self.buffer.extend_from_slice(bytes);
        // What is read is taken out of `self`, so that packets can be handed to it.
        let mut buffer = std::mem::take(&mut self.buffer);
        loop {
            match self.step(&buffer, out) {
                Step::Taken(length) => {
                    buffer.advance(length.min(buffer.len()));
                    self.position += u64::try_from(length).unwrap_or_default();
                }
                Step::More if buffer.len() > LONGEST => return self.broken("a block here has no end"),
                Step::More => break,
                Step::Broken(problem) => return self.broken(problem),
            }
        }
        self.buffer = buffer;
        Ok(())
    }

    /// See [`super::Reader::finish`].
    pub(super) fn finish(&mut self, out: &mut Vec<Recorded>) -> Result<(), Broken> {
        if self.packets == 0 && !self.buffer.is_empty() {
            return self.broken("the file ends before its first packet");
        }
        let mut tell = |place, text: String| out.push(Recorded::Told(Remark { place, text }));
        if !self.buffer.is_empty() {
            let text = "the capture was cut inside a packet; what came behind is not judged";
            tell(Place::Packet(self.packets + 1), text.to_owned());
        }
        if self.sessions == 0 {
            let text = format!(
                "no net.tcp session begins in the {} packets: capture from before the client connects, and sessions \
                 without TLS around them",
                self.packets
            );
            tell(Place::End, text);
        }
        let Told { midstream, fragments, crowded, links } = std::mem::take(&mut self.told);
        if midstream > 0 {
            tell(
                Place::End,
                format!(
                    "{midstream} connections were under way when the capture began, and are not judged: begin to \
                     capture before the client connects"
                ),
            );
        }
        if fragments > 0 {
            tell(Place::End, format!("{fragments} fragments of IP packets were left out; sessions in them have gaps"));
        }
        if crowded > 0 {
            tell(Place::End, format!("{crowded} connections were let go: more are open than are followed at once"));
        }
        for (link, packets) in links {
            tell(
                Place::End,
                format!("{packets} packets are of link type {link}, which is not read: capture on Ethernet"),
            );
        }
        for (_, mut connection) in std::mem::take(&mut self.connections) {
            if connection.flow.has_hole() && !connection.is_ignored {
                connection.hole(Hole::Lost, Place::End, out);
            }
            connection.close(out);
        }
        Ok(())
    }

    fn broken<T>(&self, problem: &str) -> Result<T, Broken> {
        Err(Broken { place: Place::Byte(self.position), problem: problem.to_owned(), next: NEXT })
    }

    /// Reads a block.
    fn step(&mut self, buffer: &[u8], out: &mut Vec<Recorded>) -> Step {
        if buffer.is_empty() {
            return Step::More;
        }
        match &self.format {
            Format::Unknown if buffer.len() < 4 => Step::More,
            Format::Unknown if buffer.starts_with(b"\x0A\x0D\x0D\x0A") => {
                self.format = Format::Pcapng { is_big_endian: false, interfaces: Vec::new() };
                Step::Taken(0)
            }
            Format::Unknown => match parse_pcap_header(buffer) {
                Ok((rest, header)) => {
                    self.format = Format::Pcap(header);
                    Step::Taken(buffer.len() - rest.len())
                }
                Err(error) => unread(&error, "the header of the file is none of pcap"),
            },
            Format::Pcap(header) => {
                let (link, is_nano) = (header.network.0, header.is_nanosecond_precision());
                let parsed = if header.is_modified_format() {
                    parse_pcap_frame_modified(buffer)
                } else if header.is_bigendian() {
                    parse_pcap_frame_be(buffer)
                } else {
                    parse_pcap_frame(buffer)
                };
                match parsed {
                    Ok((rest, LegacyPcapBlock { ts_sec, ts_usec, caplen, origlen, data })) => {
                        let length = buffer.len() - rest.len();
                        let part = if is_nano { ts_usec } else { ts_usec.saturating_mul(1000) };
                        let at = Duration::from_secs(ts_sec.into()) + Duration::from_nanos(part.into());
                        self.packet(link, data, caplen < origlen, at, out);
                        Step::Taken(length)
                    }
                    Err(error) => unread(&error, "what stands here is no packet"),
                }
            }
            Format::Pcapng { is_big_endian, .. } => {
                // The byte order stands in each section's header.
                let parsed = if buffer.starts_with(b"\x0A\x0D\x0D\x0A") {
                    parse_sectionheaderblock(buffer).map(|(rest, header)| (rest, Block::SectionHeader(header)))
                } else if *is_big_endian {
                    parse_block_be(buffer)
                } else {
                    parse_block_le(buffer)
                };
                match parsed {
                    Ok((rest, block)) => {
                        let length = buffer.len() - rest.len();
                        match self.block(&block, out) {
                            // A block of no length would be read for ever.
                            Ok(()) if length > 0 => Step::Taken(length),
                            Ok(()) => Step::Broken("a block of no length stands here"),
                            Err(problem) => Step::Broken(problem),
                        }
                    }
                    Err(error) => unread(&error, "what stands here is no block of pcapng"),
                }
            }
        }
    }

    fn block(&mut self, block: &Block<'_>, out: &mut Vec<Recorded>) -> Result<(), &'static str> {
        let Format::Pcapng { is_big_endian, interfaces } = &mut self.format else { return Ok(()) };
        match block {
            Block::SectionHeader(header) => {
                *is_big_endian = header.big_endian();
                interfaces.clear();
            }
            Block::InterfaceDescription(described) => interfaces.push(Interface {
                link: described.linktype.0,
                resolution: described.ts_resolution().unwrap_or(1_000_000).max(1),
                offset: described.ts_offset(),
                snaplen: described.snaplen,
            }),
            Block::EnhancedPacket(packet) => {
                let number = usize::try_from(packet.if_id).unwrap_or(usize::MAX);
                let interface =
                    *interfaces.get(number).ok_or("a packet here is of an interface that is not described")?;
                let ticks = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                let at = moment(ticks, interface);
                self.packet(interface.link, packet.packet_data(), packet.caplen < packet.origlen, at, out);
            }
            Block::SimplePacket(packet) => {
                // It has no time, and is of the first interface.
                let interface = *interfaces.first().ok_or("a packet here is of an interface that is not described")?;
                let data = packet.packet_data();
                let most = usize::try_from(interface.snaplen).unwrap_or(usize::MAX);
                let data = if most > 0 { data.get(..most).unwrap_or(data) } else { data };
                let is_cut = data.len() < usize::try_from(packet.origlen).unwrap_or(usize::MAX);
                self.packet(interface.link, data, is_cut, Duration::ZERO, out);
            }
            _ => {}
        }
        Ok(())
    }

    fn packet(&mut self, link: i32, data: &[u8], is_cut: bool, at: Duration, out: &mut Vec<Recorded>) {
        self.packets += 1;
        let place = Place::Packet(self.packets);
        match packet::read(Captured { link, data, is_cut, at, place }) {
            Packet::Tcp(segment) => self.segment(*segment, out),
            Packet::Fragment => self.told.fragments += 1,
            Packet::UnknownLink(link) => *self.told.links.entry(link).or_default() += 1,
            Packet::Other => {}
        }
    }

    fn segment(&mut self, segment: Segment, out: &mut Vec<Recorded>) {
        let key = if segment.from <= segment.to { (segment.from, segment.to) } else { (segment.to, segment.from) };
        let opens = segment.syn && segment.acknowledged.is_none();
        // A SYN that comes again begins nothing: it has the number that the first had, and no payload counts twice.
        if opens
            && self.connections.get(&key).is_some_and(|known| !known.is_repeated(&segment))
            && let Some(mut old) = self.connections.remove(&key)
        {
            old.close(out);
        }
        if !self.connections.contains_key(&key) {
            let begins = begins_session(&segment.payload) == Some(true);
            if !opens && !begins {
                if !segment.payload.is_empty() && !self.ended.contains(&key) {
                    self.told.midstream += 1;
                    self.remember(key);
                }
                return;
            }
            self.make_room(out);
            self.ended.retain(|ended| *ended != key);
            self.connections.insert(key, Connection::new(segment.from));
        }
        let Some(connection) = self.connections.get_mut(&key) else { return };
        connection.last = self.packets;
        connection.take(segment, &mut self.sessions, out);
        if connection.flow.is_over() {
            connection.close(out);
            self.connections.remove(&key);
            self.remember(key);
        }
    }

    /// Remembers a connection whose packets say nothing more.
    fn remember(&mut self, key: Key) {
        if self.ended.len() >= ENDED {
            self.ended.pop_front();
        }
        self.ended.push_back(key);
    }

    fn make_room(&mut self, out: &mut Vec<Recorded>) {
        if self.connections.len() < CONNECTIONS {
            return;
        }
        let oldest = self.connections.iter().min_by_key(|(_, known)| (!known.is_ignored, known.last));
        let Some(key) = oldest.map(|(key, _)| *key) else { return };
        if let Some(mut connection) = self.connections.remove(&key) {
            self.told.crowded += u64::from(!connection.is_ignored);
            connection.hole(Hole::Lost, Place::Packet(self.packets), out);
            connection.close(out);
        }
    }
}

impl Connection {
    fn new(client: SocketAddr) -> Self {
        Self {
            client,
            flow: Flow::default(),
            dialogue: Dialogue::new(),
            head: Vec::new(),
            session: None,
            is_ignored: false,
            last: 0,
        }
    }

    /// Whether a SYN is one that was seen before: nothing but it was sent since.
    fn is_repeated(&self, segment: &Segment) -> bool {
        segment.from == self.client && !self.dialogue.is_open() && self.head.is_empty() && !self.is_ignored
    }

    fn take(&mut self, segment: Segment, sessions: &mut u64, out: &mut Vec<Recorded>) {
        if self.is_ignored && !segment.rst && !segment.fin {
            return;
        }
        let side = if segment.from == self.client { Side::Client } else { Side::Server };
        let (place, name) = (segment.place, format!("{} to {}", segment.from, segment.to));
        let mut did = Vec::new();
        let taken = self.flow.take(side, segment, |side, segment, done| {
            did.push((side, segment.at, segment.place, done));
        });
        for (side, at, place, done) in did {
            let mut heard = Vec::new();
            match done {
                Did::Octets(bytes) => self.octets(side, &bytes, at, &mut heard),
                Did::Finished => self.dialogue.lost(side, false, at, &mut heard),
                Did::Reset => self.dialogue.lost(side, true, at, &mut heard),
            }
            for heard in heard {
                self.hear(heard, place, &name, sessions, out);
            }
        }
        if let Err(hole) = taken {
            self.hole(hole, place, out);
        }
    }

    fn octets(&mut self, side: Side, bytes: &[u8], at: Duration, heard: &mut Vec<Heard>) {
        if self.is_ignored {
            return;
        }
        // The client says with its first octets what it speaks.
        if side == Side::Client && !self.dialogue.is_open() && self.head.len() < 3 {
            self.head.extend(bytes.iter().take(3 - self.head.len()));
            if begins_session(&self.head) == Some(false) {
                self.is_ignored = true;
                return;
            }
        }
        self.dialogue.octets(side, bytes, at, heard);
    }

    fn hear(&mut self, heard: Heard, place: Place, name: &str, sessions: &mut u64, out: &mut Vec<Recorded>) {
        match heard {
            Heard::Began => {
                self.close(out);
                let number = *sessions;
                *sessions += 1;
                self.session = Some(number);
                out.push(Recorded::Opened(number, About { name: name.to_owned(), port_type: None, place }));
            }
            Heard::Seen(observation) => {
                if let Some(session) = self.session {
                    out.push(Recorded::Observed(session, observation));
                }
            }
            Heard::Unreadable(text) => {
                self.is_ignored = true;
                if let Some(session) = self.session {
                    out.push(Recorded::Gap(session, Remark { place, text }));
                }
            }
            Heard::Foreign => self.is_ignored = true,
        }
    }

    fn hole(&mut self, hole: Hole, place: Place, out: &mut Vec<Recorded>) {
        self.is_ignored = true;
        if let Some(session) = self.session
            && self.dialogue.is_open()
        {
            let text = match hole {
                Hole::Lost => {
                    "packets of this session are missing from the capture: what follows is not judged; capture closer \
                     to the client, with a larger buffer (dumpcap -B)"
                }
                Hole::Cut => {
                    "a packet of this session was captured in part: what follows is not judged; capture whole packets \
                     (dumpcap -s 0)"
                }
            };
            out.push(Recorded::Gap(session, Remark { place, text: text.to_owned() }));
        }
    }

    fn close(&mut self, out: &mut Vec<Recorded>) {
        out.extend(self.session.take().map(Recorded::Closed));
    }
}

fn unread(error: &nom::Err<PcapError<&[u8]>>, problem: &'static str) -> Step {
    match error {
        nom::Err::Incomplete(_) | nom::Err::Error(PcapError::Incomplete(_)) => Step::More,
        nom::Err::Error(_) | nom::Err::Failure(_) => Step::Broken(problem),
    }
}

/// The time of so many ticks of an interface.
fn moment(ticks: u64, interface: Interface) -> Duration {
    let seconds = (ticks / interface.resolution).saturating_add_signed(interface.offset);
    let part = u128::from(ticks % interface.resolution) * 1_000_000_000 / u128::from(interface.resolution);
    Duration::from_secs(seconds) + Duration::from_nanos(u64::try_from(part).unwrap_or_default())
}
