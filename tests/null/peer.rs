//! Peers that keep no protocol: each does one thing to everything that comes.
//!
//! Requests are looked at as text, and only for what an answer must hold to look like one. Framing is the library's.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
};

use ipamspec::{
    wire::{
        framing::{Deframer, FaultUri, KnownEncoding, Limits, Record},
        nbfse,
        nbfx::Style,
    },
    xml,
};

/// What a peer does to everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Reads, and says nothing.
    Silent,
    /// Takes sessions, and says nothing in them.
    SilentInSessions,
    /// Closes each connection as it comes.
    Closes,
    /// Reads one request, then closes.
    ClosesOnRequest,
    /// Sends back the bytes that came.
    EchoesBytes,
    /// Sends back each message as the answer to itself.
    EchoesMessages,
    /// Answers every request with success and no content.
    SucceedsWithNothing,
    /// Answers every request with its own reply's element, empty.
    SucceedsEmptily,
    /// Answers every request with a fault of the common shape.
    FaultsEverything,
    /// Refuses every session.
    RefusesSessions,
    /// Answers with bytes of no protocol.
    Babbles,
}

/// What carries the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    Http,
    NetTcp,
}

impl Binding {
    pub(crate) const ALL: [Self; 2] = [Self::Http, Self::NetTcp];

    pub(crate) fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::NetTcp => "net.tcp",
        }
    }
}

impl Peer {
    pub(crate) const ALL: [(Self, &'static str); 11] = [
        (Self::Silent, "silent"),
        (Self::SilentInSessions, "silent-in-sessions"),
        (Self::Closes, "closes"),
        (Self::ClosesOnRequest, "closes-on-request"),
        (Self::EchoesBytes, "echoes-bytes"),
        (Self::EchoesMessages, "echoes-messages"),
        (Self::SucceedsWithNothing, "succeeds-with-nothing"),
        (Self::SucceedsEmptily, "succeeds-emptily"),
        (Self::FaultsEverything, "faults-everything"),
        (Self::RefusesSessions, "refuses-sessions"),
        (Self::Babbles, "babbles"),
    ];

    /// Whether there is such a peer over a binding.
    pub(crate) fn is_of(self, binding: Binding) -> bool {
        binding == Binding::NetTcp || !matches!(self, Self::SilentInSessions | Self::RefusesSessions)
    }

    /// Whether what it sends is of the protocol, so that it can be wrong.
    pub(crate) fn can_be_judged(self, binding: Binding) -> bool {
        match self {
            Self::EchoesMessages | Self::SucceedsEmptily | Self::FaultsEverything => true,
            // Its empty answers are of HTTP alone, and the first bytes of a preamble are records of a receiver too.
            Self::SucceedsWithNothing | Self::EchoesBytes => binding == Binding::NetTcp,
            _ => false,
        }
    }

    /// The answer to a document.
    fn answer(self, request: &str) -> String {
        let message_id = between(request, "MessageID>", "</");
        let action = between(request, "Action", "</").rsplit('>').next().unwrap_or_default();
        let operation = action.rsplit('/').next().unwrap_or_default();
        let envelope = |action: &str, body: &str| {
            format!(
                "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
                 xmlns:a=\"http://www.w3.org/2005/08/addressing\"><s:Header>\
                 <a:Action s:mustUnderstand=\"1\">{action}</a:Action><a:RelatesTo>{message_id}</a:RelatesTo>\
                 </s:Header><s:Body>{body}</s:Body></s:Envelope>"
            )
        };
        let reply = format!("{action}Response");
        match self {
            Self::EchoesMessages => request.to_owned(),
            Self::SucceedsWithNothing => envelope(&reply, ""),
            Self::SucceedsEmptily => {
                envelope(&reply, &format!("<{operation}Response xmlns=\"http://Microsoft.Windows.Ipam\"/>"))
            }
            _ => envelope(
                &format!("{action}IpamExceptionFault"),
                "<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang=\"en-US\">no</s:Text>\
                 </s:Reason></s:Fault>",
            ),
        }
    }
}

/// The text between two others; empty where it does not stand there.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let after = text.split_once(from).map(|(_, after)| after).unwrap_or_default();
    after.split_once(to).map(|(inside, _)| inside).unwrap_or_default()
}

/// Starts a peer on a free port of the loopback, for as long as the process lives; its address.
pub(crate) fn start(peer: Peer, binding: Binding) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            // A client that goes away is no concern of ours.
            thread::spawn(move || match (peer, binding) {
                (Peer::Closes, _) => stream.shutdown(Shutdown::Both),
                (Peer::Silent, _) => drain(&stream),
                (Peer::EchoesBytes, _) => echo(&stream),
                (Peer::Babbles, _) => babble(&stream),
                (_, Binding::Http) => http(peer, &stream),
                (_, Binding::NetTcp) => net_tcp(peer, &stream),
            });
        }
    });
    Ok(address)
}

fn drain(mut stream: &TcpStream) -> io::Result<()> {
    io::copy(&mut stream, &mut io::sink()).map(drop)
}

fn echo(mut stream: &TcpStream) -> io::Result<()> {
    let mut bytes = [0; 4096];
    loop {
        match stream.read(&mut bytes)? {
            0 => return Ok(()),
            read => stream.write_all(bytes.get(..read).unwrap_or_default())?,
        }
    }
}

fn babble(mut stream: &TcpStream) -> io::Result<()> {
    stream.write_all(b"220 mail.example ESMTP\r\n")?;
    drain(stream)
}

fn http(peer: Peer, mut stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        while reader.read_line(&mut line)? > 0 && line != "\r\n" {
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            line.clear();
        }
        let mut content = vec![0; length];
        reader.read_exact(&mut content)?;
        if line.is_empty() || peer == Peer::ClosesOnRequest {
            return stream.shutdown(Shutdown::Both);
        }
        if peer == Peer::SucceedsWithNothing {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
            continue;
        }
        let content = peer.answer(&String::from_utf8_lossy(&content));
        let status = if peer == Peer::FaultsEverything { "500 No" } else { "200 OK" };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/soap+xml; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
            content.len()
        );
        stream.write_all((head + &content).as_bytes())?;
    }
}

fn net_tcp(peer: Peer, mut stream: &TcpStream) -> io::Result<()> {
    let mut deframer = Deframer::new(Limits::windows());
    let mut codec = Codec::new();
    let mut bytes = [0; 4096];
    loop {
        let framed = match deframer.next() {
            Ok(Some(framed)) => framed,
            // What cannot be read is passed over, as everything else is.
            Err(_) => return drain(stream),
            Ok(None) => {
                match stream.read(&mut bytes)? {
                    0 => return Ok(()),
                    read => deframer.push(bytes.get(..read).unwrap_or_default()),
                }
                continue;
            }
        };
        match framed.record {
            Record::KnownEncodingRecord(encoding) => codec.encoding = encoding,
            Record::PreambleEndRecord if peer == Peer::RefusesSessions => {
                stream.write_all(&Record::FaultRecord(FaultUri::EndpointNotFound.uri()).to_bytes())?;
                return stream.shutdown(Shutdown::Both);
            }
            Record::PreambleEndRecord => stream.write_all(&Record::PreambleAckRecord.to_bytes())?,
            Record::SizedEnvelopeRecord(_) if peer == Peer::SilentInSessions => {}
            Record::SizedEnvelopeRecord(_) if peer == Peer::ClosesOnRequest => return stream.shutdown(Shutdown::Both),
            Record::SizedEnvelopeRecord(request) => {
                let request = codec.decode(&request);
                let answer = codec.encode(&peer.answer(&request));
                stream.write_all(&Record::SizedEnvelopeRecord(answer.into()).to_bytes())?;
            }
            _ => {}
        }
    }
}

/// Both directions of a session, in the encoding that its client asked for.
struct Codec {
    encoding: KnownEncoding,
    decoder: nbfse::Decoder,
    encoder: nbfse::Encoder,
}

impl Codec {
    fn new() -> Self {
        Self {
            encoding: KnownEncoding::Soap12Utf8,
            decoder: nbfse::Decoder::new(nbfse::Limits::default()),
            encoder: nbfse::Encoder::new(Style::default()),
        }
    }

    /// A document as text; nothing where it is none.
    fn decode(&mut self, bytes: &[u8]) -> String {
        let document = match self.encoding {
            KnownEncoding::BinarySession => self.decoder.decode(bytes).ok(),
            KnownEncoding::BinarySessionless => nbfse::decode_without_table(bytes, &xml::Limits::default()).ok(),
            _ => return String::from_utf8_lossy(bytes).into_owned(),
        };
        document.map(|document| xml::write(&document.root)).unwrap_or_default()
    }

    fn encode(&mut self, text: &str) -> Vec<u8> {
        let document = xml::read(text.as_bytes(), &xml::Limits::default());
        match (self.encoding, document) {
            (KnownEncoding::BinarySession, Ok(document)) => self.encoder.encode(&document.root),
            (KnownEncoding::BinarySessionless, Ok(document)) => {
                nbfse::encode_without_table(&document.root, Style::default())
            }
            _ => text.as_bytes().to_vec(),
        }
    }
}
