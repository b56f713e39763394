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
    spec::namespace,
    wire::framing::{Deframer, FaultUri, KnownEncoding, Limits, Mode, Record},
    wire::{nbfse, nbfx::Style},
    xml::{self, Element},
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

/// Both directions of a binary session, as a client has them.
struct Binary {
    peer: Peer,
    encoder: nbfse::Encoder,
    decoder: nbfse::Decoder,
}

impl Binary {
    async fn open(server: &Server, path: &str) -> Self {
        let mut peer = Peer::connect(server).await;
        let via = format!("{}{path}", server.net_tcp_url());
        peer.send(&preamble(Mode::Duplex, &via, KnownEncoding::BinarySession)).await;
        assert_eq!(peer.next().await, Some(Record::PreambleAckRecord));
        let encoder = nbfse::Encoder::new(Style::default());
        Self { peer, encoder, decoder: nbfse::Decoder::new(nbfse::Limits::default()) }
    }

    async fn send(&mut self, message: &str) {
        let document = xml::read(message.as_bytes(), &xml::Limits::default()).unwrap();
        let payload = self.encoder.encode(&document.root);
        self.peer.send(&Record::SizedEnvelopeRecord(payload.into()).to_bytes()).await;
    }

    /// The body of the next message, or none where the session has ended.
    async fn body(&mut self) -> Option<Element> {
        match self.peer.next().await? {
            Record::SizedEnvelopeRecord(payload) => {
                let document = self.decoder.decode(&payload).unwrap();
                let body = document.root.child(namespace::SOAP12, "Body").unwrap();
                body.elements().next().cloned()
            }
            Record::EndRecord => None,
            other => panic!("{other}"),
        }
    }

    /// The local name of that.
    async fn heard(&mut self) -> Option<String> {
        self.body().await.map(|element| element.name.local.to_string())
    }
}

#[tokio::test]
async fn binary_is_exchanged_whatever_records_are_written() {
    let plain = [None, Some(Variant::ByteByByte), Some(Variant::PlainRecords), Some(Variant::NoStaticDictionary)];
    let interned = [Some(Variant::InternsNothing), Some(Variant::InternsHeaders), Some(Variant::NoPrefixLetters)];
    let records = [Some(Variant::EndElementsApart), Some(Variant::TypedValues), Some(Variant::ArrayRecords)];
    for variant in [&plain[..], &interned, &records, &[Some(Variant::UnicodeRecords)]].concat() {
        let server = start(variant.map_or_else(Behaviour::default, Behaviour::from));
        let mut session = Binary::open(&server, "/Ipam/Server").await;
        for number in 0..3 {
            session.send(&request("GetIpamTasksInfo", &format!("urn:x:{number}"))).await;
            let reply = session.body().await.unwrap();
            assert!(reply.name.is(namespace::IPAM, "GetIpamTasksInfoResponse"), "{variant:?}");
            let result = reply.child(namespace::IPAM, "GetIpamTasksInfoResult").unwrap();
            assert_eq!(result.all(namespace::IPAM, "TaskInfo").count(), 8, "{variant:?}");
            session.send(&request("IsTaskRunning", "urn:x:again")).await;
            let reply = session.body().await.unwrap();
            let result = reply.child(namespace::IPAM, "IsTaskRunningResult").unwrap();
            assert_eq!(result.text(), "false", "{variant:?}");
            session.send(&request("StartTask", "urn:x:no").replace("Discovery", "None")).await;
            assert_eq!(session.heard().await.as_deref(), Some("Fault"), "{variant:?}");
        }
        session.peer.send(&Record::EndRecord.to_bytes()).await;
        assert_eq!(session.heard().await, None);
        server.stop().await;
    }
}

#[tokio::test]
async fn what_is_no_binary_xml_breaks_the_session_off() {
    let server = start(Behaviour::default());
    for payload in [
        &[0x00, 0xFF][..],               // StringTable of 0 bytes, no record type
        &[0x00, 0x42, 0x01, 0x01],       // ShortDictionaryElement with id 1, which no table has told
        &[0x05, 0x01, 0x41],             // StringTable of 5 bytes, 2 of them there
        &[0x00, 0x40, 0x01, 0x61],       // ShortElement `a` that is not closed
        &[0x00, 0x40, 0x01, 0xFF, 0x01], // ShortElement whose name is no UTF-8
    ] {
        let mut session = Binary::open(&server, "/Ipam/Server").await;
        session.peer.send(&Record::SizedEnvelopeRecord(payload.to_vec().into()).to_bytes()).await;
        assert_eq!(session.peer.rest().await, [], "{payload:02X?}");
    }
    server.stop().await;
}

fn progress(operation: &str, inside: &str) -> String {
    request(operation, "urn:x:1")
        .replace("IIpamServer", "IIpamOperationWithProgress")
        .replace("<taskType>Discovery</taskType>", inside)
}

const EDIT: &str = "<paramters i:type='UpdateDhcpServerParameters' xmlns:i='http://www.w3.org/2001/XMLSchema-instance'>\
    <OperationId>EditDhcpServer</OperationId><Server i:type='DhcpServerV4'/></paramters>";

#[tokio::test]
async fn an_operation_tells_of_its_progress_when_the_lab_moves_the_clock() {
    let server = start(Behaviour::default());
    let world = server.lab().open(Some("operation-takes-30s")).unwrap();
    let path = format!("{}/Ipam/OperationWithProgress", world.path_prefix());
    let (mut session, mut other) = (Binary::open(&server, &path).await, Binary::open(&server, &path).await);
    session.send(&progress("InitializeOperationParameters", EDIT)).await;
    assert_eq!(session.heard().await.as_deref(), Some("InitializeOperationParametersResponse"));
    session.send(&progress("StartOperationWithCallback", "")).await;
    let mut heard = Vec::new();
    while heard.len() < 5 {
        heard.push(session.heard().await.unwrap());
    }
    let begun = ["StartProgressCallback", "StartOperationWithCallbackResponse", "AddSubTask", "AddSubTask"];
    assert_eq!(heard[..4], begun);
    assert_eq!(heard[4], "SetSubTaskStatus");
    // Nothing more comes before the clock is moved: what is asked meanwhile is answered first.
    session.send(&progress("StartOperationWithCallback", "")).await;
    assert_eq!(session.heard().await.as_deref(), Some("Fault"));
    server.lab().advance(world, Duration::from_secs(30));
    let mut rest = Vec::new();
    while let Some(name) = session.heard().await {
        rest.push(name);
    }
    assert_eq!(rest.last().map(String::as_str), Some("SetOverallStatus"), "{rest:?}");
    // The other session knows nothing of it.
    other.send(&progress("StartOperationWithCallback", "")).await;
    assert_eq!(other.heard().await.as_deref(), Some("Fault"));
    // The one that ended may be followed by another on its connection.
    let via = format!("{}{path}", server.net_tcp_url());
    session.peer.send(&Record::EndRecord.to_bytes()).await;
    session.peer.send(&preamble(Mode::Duplex, &via, KnownEncoding::BinarySession)).await;
    assert_eq!(session.peer.next().await, Some(Record::PreambleAckRecord));
    server.stop().await;
}

#[tokio::test]
async fn an_idle_session_is_broken_off_when_the_lab_moves_the_clock() {
    let server = start(Behaviour::default());
    let world = server.lab().open(None).unwrap();
    let mut session = Binary::open(&server, &format!("{}/Ipam/Server", world.path_prefix())).await;
    server.lab().advance(world, Duration::from_mins(2));
    assert_eq!(session.peer.rest().await, []);
    server.stop().await;
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
