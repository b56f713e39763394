//! Targets that are dead, or hostile: small servers written by hand, each of which does one thing to every connection.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use super::Kind;

/// What listens.
#[derive(Clone)]
pub(crate) enum Peer {
    /// Nobody: the connection is refused.
    Nobody,
    /// Writes this once a request has come, and closes.
    Says(Vec<u8>),
    /// Writes this once a request has come, and waits for the client to go.
    SaysAndStays(Vec<u8>),
    /// Writes this, then a byte now and then.
    Drips(Vec<u8>),
}

impl Peer {
    /// Starts it on a free port of the loopback, for as long as the process lives.
    pub(crate) fn start(&self) -> io::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        if !matches!(self, Self::Nobody) {
            let peer = self.clone();
            thread::spawn(move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    let peer = peer.clone();
                    // What a client makes of it is looked at where the client speaks.
                    thread::spawn(move || peer.serve(stream).ok());
                }
            });
        }
        Ok(address)
    }

    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        read_request(&mut stream)?;
        match self {
            Self::Nobody => {}
            Self::Says(bytes) => {
                stream.write_all(bytes)?;
                stream.shutdown(Shutdown::Write)?;
                wait_for_the_end(&mut stream)?;
            }
            Self::SaysAndStays(bytes) => {
                stream.write_all(bytes)?;
                wait_for_the_end(&mut stream)?;
            }
            Self::Drips(bytes) => {
                stream.write_all(bytes)?;
                loop {
                    stream.write_all(b" ")?;
                    // Being slow is what this peer is for; nobody waits for it.
                    thread::sleep(Duration::from_millis(40));
                }
            }
        }
        Ok(())
    }
}

/// Reads until the head of a request has ended, or what came cannot be one.
fn read_request(stream: &mut TcpStream) -> io::Result<()> {
    let (mut seen, mut some) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut some)?;
        seen.extend(some.iter().take(count));
        let is_http = seen.starts_with(b"POST");
        if count == 0 || !is_http || seen.ends_with(b"Envelope>") {
            return Ok(());
        }
    }
}

fn wait_for_the_end(stream: &mut TcpStream) -> io::Result<()> {
    io::copy(stream, &mut io::sink()).map(|_| ())
}

/// An answer of HTTP.
fn http(status: &str, head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{head}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

fn soap(body: &str) -> Vec<u8> {
    http("200 OK", "Content-Type: application/soap+xml; charset=utf-8\r\n", body)
}

/// One case, whose message ids are always the same.
const ASKS: &str = "run --seed 1 --case status/get_ipam_version_answers --target";
const HTML: &str = "Content-Type: text/html\r\n";

fn kind(name: &'static str, code: i32, peer: Peer) -> Kind {
    let limits = "[timing]\nreply = \"500ms\"\noperation = \"900ms\"\n[limits]\nreply_bytes = 65536\n";
    // What comes to a verdict is told as a finding; its proof alone is what is held here.
    let detail = if code == 1 { " --quiet" } else { "" };
    Kind::new(name, code, &format!("{ASKS} target.toml{detail} --set"))
        .argument("url=http://{peer}/Ipam/Server")
        .file("target.toml", format!("name = \"Contoso\"\n{limits}"))
        .peer(peer)
}

fn says(name: &'static str, code: i32, bytes: Vec<u8>) -> Kind {
    kind(name, code, Peer::Says(bytes))
}

pub(crate) fn kinds() -> Vec<Kind> {
    let envelope = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body/></s:Envelope>";
    let mut endless = http("200 OK", "Content-Type: application/soap+xml\r\n", &"<a>".repeat(100_000));
    endless.truncate(200_000);
    let mut utf16 = b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml; charset=utf-16\r\n\r\n\xff\xfe".to_vec();
    utf16.extend(envelope.encode_utf16().flat_map(u16::to_le_bytes));
    vec![
        // No packet leaves for it: the system knows that nobody is there.
        Kind::new("peer_unreachable", 3, ASKS).argument("http://255.255.255.255/Ipam/Server"),
        kind("peer_refuses", 3, Peer::Nobody),
        says("peer_closes", 3, Vec::new()),
        kind("peer_silent", 3, Peer::SaysAndStays(Vec::new())),
        kind(
            "peer_slow",
            3,
            Peer::Drips(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: 9999\r\n\r\n".to_vec(),
            ),
        ),
        kind("peer_slow_head", 3, Peer::Drips(b"HTTP/1.1 200 OK\r\nX:".to_vec())),
        says("peer_not_http", 3, b"220 mail.contoso.example ESMTP\r\n".to_vec()),
        // An alert of TLS 1.2: unexpected message.
        says("peer_tls_where_http_is_asked", 3, vec![21, 3, 3, 0, 2, 2, 10]),
        Kind::new("peer_http_where_tls_is_asked", 3, ASKS)
            .argument("https://{peer}/Ipam/Server")
            .peer(Peer::Says(http("400 Bad Request", HTML, "speak plainly"))),
        says("peer_not_soap", 3, http("200 OK", HTML, "<html><body>It works!</body></html>")),
        says("peer_not_xml", 1, soap("{\"version\": 1}")),
        says("peer_wrong_media_type", 1, http("200 OK", "Content-Type: text/plain\r\n", envelope)),
        says("peer_dtd", 1, soap(&format!("<!DOCTYPE s [<!ENTITY a \"b\">]>{envelope}"))),
        says(
            "peer_soap_1_1",
            1,
            soap(&envelope.replace("www.w3.org/2003/05/soap-envelope", "schemas.xmlsoap.org/soap/envelope/")),
        ),
        says("peer_not_utf8", 3, utf16),
        says(
            "peer_truncated",
            3,
            b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: 900\r\n\r\n<s:Env".to_vec(),
        ),
        kind("peer_oversize", 3, Peer::SaysAndStays(endless)),
        says("peer_empty", 3, http("200 OK", "", "")),
        says("peer_escapes", 1, soap("<a>\u{9b}2J\u{202e}\u{1b}[31m</a>")),
        says("peer_redirects", 3, http("302 Found", "Location: http://elsewhere.example/\r\n", "")),
        says("peer_401", 3, http("401 Unauthorized", "WWW-Authenticate: Negotiate\r\n", "")),
        says("peer_403", 3, http("403 Forbidden", HTML, "<h1>no</h1>")),
        says("peer_404", 3, http("404 Not Found", HTML, "<h1>Not Found</h1>")),
        says("peer_405", 3, http("405 Method Not Allowed", HTML, "")),
        says("peer_500_without_soap", 3, http("500 Internal Server Error", HTML, "<h1>sorry</h1>")),
        says("peer_503", 3, http("503 Service Unavailable", "Retry-After: 9\r\n", "")),
    ]
}
