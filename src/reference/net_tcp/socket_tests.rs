//! The net.tcp listener on real sockets: refusals reach the peer before the connection closes, splits do not matter, sessions
//! are apart from each other.
//!
//! Leaves out what the dialogue decides. Sockets are on loopback.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::dialogue_tests::{bytes, preamble, refusals, request, sized, text, text_preamble};
use crate::{
    reference::{Addresses, Behaviour, Server, Variant},
    wire::framing::{Deframer, FaultUri, KnownEncoding, Limits, Mode, Record},
};

const LONG: Duration = Duration::from_secs(20);

struct Peer {
    stream: TcpStream,
    deframer: Deframer,
}

impl Peer {
    async fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.addresses().net_tcp).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, deframer: Deframer::new(Limits::default()) }
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next record, or none where the stream has ended.
    async fn next(&mut self) -> Option<Record> {
        loop {
            if let Some(framed) = self.deframer.next().unwrap() {
                return Some(framed.record);
            }
            let mut piece = [0; 4096];
            match timeout(LONG, self.stream.read(&mut piece)).await.expect("an answer in time") {
                Ok(0) | Err(_) => return None,
                Ok(length) => self.deframer.push(&piece[..length]),
            }
        }
    }

    async fn rest(&mut self) -> Vec<Record> {
        let mut rest = Vec::new();
        while let Some(record) = self.next().await {
            rest.push(record);
        }
        rest
    }
}

fn start(behaviour: Behaviour) -> Server {
    Server::start(Addresses::FREE, behaviour).unwrap()
}

#[tokio::test]
async fn a_refusal_is_read_before_the_connection_closes() {
    let server = start(Behaviour::default());
    for (what, stream, fault) in refusals() {
        let mut peer = Peer::connect(&server).await;
        // What goes on behind what is refused is not read, and takes nothing back.
        peer.send(&[stream, vec![0x20; 4096]].concat()).await;
        let mut answer = peer.rest().await;
        answer.retain(|record| *record != Record::PreambleAckRecord);
        let expected: Vec<_> = fault.into_iter().map(|fault| Record::FaultRecord(fault.uri())).collect();
        assert_eq!(answer, expected, "{what}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_preamble_is_taken_at_every_split() {
    let server = start(Behaviour::default());
    let preamble = text_preamble();
    for at in 1..preamble.len() {
        let mut peer = Peer::connect(&server).await;
        peer.send(&preamble[..at]).await;
        tokio::task::yield_now().await;
        peer.send(&preamble[at..]).await;
        assert_eq!(peer.next().await, Some(Record::PreambleAckRecord), "split at {at}");
    }
    server.stop().await;
}

#[tokio::test]
async fn text_is_exchanged_in_a_session_of_any_pace() {
    for behaviour in [Behaviour::default(), Variant::ByteByByte.into(), Variant::LateRecords.into()] {
        let server = start(behaviour);
        assert_eq!(server.net_tcp_url(), format!("net.tcp://{}", server.addresses().net_tcp));
        let world = server.lab().open(Some("task-running")).unwrap();
        let via = format!("{}{}/Ipam/Server", server.net_tcp_url(), world.path_prefix());
        let mut peer = Peer::connect(&server).await;
        peer.send(&preamble(Mode::Duplex, &via, KnownEncoding::Soap12Utf8)).await;
        assert_eq!(peer.next().await, Some(Record::PreambleAckRecord));
        let asked = sized(&request("IsTaskRunning", "urn:x:1")).to_bytes();
        peer.send(&asked).await;
        assert!(text(&peer.next().await.unwrap()).contains(">true<"));
        server.lab().advance(world, Duration::from_secs(5));
        peer.send(&asked).await;
        assert!(text(&peer.next().await.unwrap()).contains(">false<"));
        // A world that is closed takes its sessions with it.
        server.lab().close(world);
        peer.send(&asked).await;
        assert_eq!(peer.next().await, None);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_session_ends_in_order_when_the_server_stops() {
    let server = start(Behaviour::default());
    let mut peer = Peer::connect(&server).await;
    peer.send(&[text_preamble(), bytes(&[sized(&request("GetIpamVersion", "urn:x:1"))])].concat()).await;
    assert_eq!(peer.next().await, Some(Record::PreambleAckRecord));
    assert!(text(&peer.next().await.unwrap()).contains("_Major"));
    server.stop().await;
    assert_eq!(peer.rest().await, [Record::EndRecord]);
}

#[tokio::test]
async fn five_hundred_sessions_stand_side_by_side() {
    let server = start(Behaviour::default());
    let mut peers = Vec::new();
    for _ in 0..500 {
        let mut peer = Peer::connect(&server).await;
        peer.send(&text_preamble()).await;
        peers.push(peer);
    }
    for (number, peer) in peers.iter_mut().enumerate() {
        peer.send(&sized(&request("IsIpamConfigured", &format!("urn:x:{number}"))).to_bytes()).await;
    }
    for (number, peer) in peers.iter_mut().enumerate() {
        assert_eq!(peer.next().await, Some(Record::PreambleAckRecord));
        assert!(text(&peer.next().await.unwrap()).contains(&format!(">urn:x:{number}</a:RelatesTo>")));
    }
    server.stop().await;
}

#[tokio::test]
async fn windows_says_less() {
    let server = start(Variant::WindowsRefusals.into());
    for (stream, expected) in [
        (vec![0xFF], Vec::new()),
        (vec![0x00, 0x02, 0x00], vec![Record::FaultRecord(FaultUri::UnsupportedVersion.uri())]),
    ] {
        let mut peer = Peer::connect(&server).await;
        peer.send(&stream).await;
        assert_eq!(peer.rest().await, expected);
    }
    server.stop().await;
}
