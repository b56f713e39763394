//! Packets to TCP segments.
//!
//! Leaves out how segments belong together. Follows the link types of pcap files, and etherparse for what is inside them.

use core::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};

use super::Place;

/// A TCP segment of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) sequence: u32,
    /// The next octet that the sender awaits, where it says so.
    pub(super) acknowledged: Option<u32>,
    pub(super) syn: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
    pub(super) payload: Bytes,
    /// Whether the capture does not have all of the payload.
    pub(super) is_cut: bool,
    /// Since 1970.
    pub(super) at: Duration,
    pub(super) place: Place,
}

/// What a packet is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Packet {
    /// A segment of TCP.
    Tcp(Box<Segment>),
    /// A part of a larger packet of IP, which is not put together.
    Fragment,
    /// Anything else.
    Other,
    /// A link whose packets are not read.
    UnknownLink(i32),
}

/// A packet as the file has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Captured<'a> {
    /// The link type of its interface.
    pub(super) link: i32,
    /// What was captured.
    pub(super) data: &'a [u8],
    /// Whether it was longer.
    pub(super) is_cut: bool,
    /// Since 1970.
    pub(super) at: Duration,
    pub(super) place: Place,
}

/// Reads a packet.
pub(super) fn read(captured: Captured<'_>) -> Packet {
    let Captured { link, data, is_cut, at, place } = captured;
    let of_type = |at: usize, rest: usize| {
        let kind = data.get(at..).and_then(<[u8]>::first_chunk).map(|kind| u16::from_be_bytes(*kind));
        Some(LaxSlicedPacket::from_ether_type(EtherType(kind?), data.get(rest..)?))
    };
    let ip = |data: &'_ [u8]| LaxSlicedPacket::from_ip(data).ok().map(|packet| own(&packet));
    let read = match link {
        // LINKTYPE_ETHERNET
        1 => LaxSlicedPacket::from_ethernet(data).ok().map(|packet| own(&packet)),
        // LINKTYPE_NULL and LINKTYPE_LOOP: the family, in either order, then IP.
        0 | 108 => data.get(4..).and_then(ip),
        // LINKTYPE_RAW as files and as systems number it, LINKTYPE_IPV4, LINKTYPE_IPV6
        12 | 14 | 101 | 228 | 229 => ip(data),
        // LINKTYPE_LINUX_SLL: the protocol at 14, the packet at 16.
        113 => of_type(14, 16).map(|packet| own(&packet)),
        // LINKTYPE_LINUX_SLL2: the protocol at 0, the packet at 20.
        276 => of_type(0, 20).map(|packet| own(&packet)),
        other => return Packet::UnknownLink(other),
    };
    let Some(packet) = read else { return Packet::Other };
    match packet {
        Inside::Fragment => Packet::Fragment,
        Inside::Other => Packet::Other,
        Inside::Tcp(mut segment) => {
            segment.is_cut |= is_cut;
            segment.at = at;
            segment.place = place;
            Packet::Tcp(segment)
        }
    }
}

enum Inside {
    Tcp(Box<Segment>),
    Fragment,
    Other,
}

/// What is inside a packet, as our own.
fn own(packet: &LaxSlicedPacket<'_>) -> Inside {
    let (from, to) = match &packet.net {
        Some(LaxNetSlice::Ipv4(ip)) => {
            (IpAddr::V4(ip.header().source_addr()), IpAddr::V4(ip.header().destination_addr()))
        }
        Some(LaxNetSlice::Ipv6(ip)) => {
            (IpAddr::V6(ip.header().source_addr()), IpAddr::V6(ip.header().destination_addr()))
        }
        _ => return Inside::Other,
    };
    let ip = packet.ip_payload();
    if ip.is_some_and(|ip| ip.fragmented && ip.ip_number == etherparse::IpNumber::TCP) {
        return Inside::Fragment;
    }
    let Some(TransportSlice::Tcp(tcp)) = &packet.transport else { return Inside::Other };
    Inside::Tcp(Box::new(Segment {
        from: SocketAddr::new(from, tcp.source_port()),
        to: SocketAddr::new(to, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
        syn: tcp.syn(),
        fin: tcp.fin(),
        rst: tcp.rst(),
        payload: Bytes::copy_from_slice(tcp.payload()),
        is_cut: ip.is_some_and(|ip| ip.incomplete),
        at: Duration::ZERO,
        place: Place::End,
    }))
}
