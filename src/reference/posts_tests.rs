//! Sessions over HTTP on real sockets: a client that listens, requests that are taken, and what is posted back.
//!
//! Leaves out what is said in a session. Sockets are on loopback.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;
use crate::reference::{Addresses, Server, Variant};

/// A client that has an address.
struct Client {
    listener: TcpListener,
    posted: Option<TcpStream>,
    address: String,
}

impl Client {
    async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/callback/7", listener.local_addr().unwrap());
        Self { listener, posted: None, address }
    }

    fn envelope(&self, operation: &str, id: &str, inside: &str) -> String {
        format!(
            "<s:Envelope xmlns:s='{}' xmlns:a='{}'><s:Header>\
             <a:Action>{ipam}/IIpamOperationWithProgress/{operation}</a:Action><a:MessageID>{id}</a:MessageID>\
             <a:ReplyTo><a:Address>{}</a:Address></a:ReplyTo></s:Header>\
             <s:Body><{operation} xmlns='{ipam}'>{inside}</{operation}></s:Body></s:Envelope>",
            namespace::SOAP12,
            namespace::ADDRESSING,
            self.address,
            ipam = namespace::IPAM,
        )
    }

    /// The next message that is posted: its head and its content.
    async fn posted(&mut self) -> (String, String) {
        let posted = timeout(Duration::from_secs(20), async {
            let mut stream = match self.posted.take() {
                Some(stream) => stream,
                None => self.listener.accept().await.unwrap().0,
            };
            let mut bytes = Vec::new();
            let (head, content) = loop {
                let read = stream.read_buf(&mut bytes).await.unwrap();
                assert!(read > 0, "the server closed the connection");
                let text = String::from_utf8(bytes.clone()).unwrap();
                if let Some((head, content)) = text.split_once("\r\n\r\n")
                    && content.ends_with("</s:Envelope>")
                {
                    break (head.to_owned(), content.to_owned());
                }
            };
            stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").await.unwrap();
            self.posted = Some(stream);
            (head, content)
        });
        posted.await.expect("a post in time")
    }
}

/// The status of the response to a request.
async fn status(server: &Server, path: &str, content: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(server.addresses().http).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/soap+xml\r\n\
         Content-Length: {}\r\n\r\n{content}",
        content.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(Duration::from_secs(20), stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    (answer[9..12].parse().unwrap(), answer)
}

const PATH: &str = "/Ipam/OperationWithProgress";
const EDIT: &str = "<paramters i:type='UpdateDhcpServerParameters' xmlns:i='http://www.w3.org/2001/XMLSchema-instance'>\
    <OperationId>EditDhcpServer</OperationId><Server i:type='DhcpServerV4'/></paramters>";

#[tokio::test]
async fn replies_and_callbacks_are_posted_to_the_address_of_the_session() {
    let server = Server::start(Addresses::FREE, Behaviour::default()).unwrap();
    let mut client = Client::listen().await;
    let initialize = client.envelope("InitializeOperationParameters", "urn:x:1", EDIT);
    assert_eq!(status(&server, PATH, &initialize).await.0, 202);
    let (head, content) = client.posted().await;
    assert!(head.starts_with("POST /callback/7 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("InitializeOperationParametersResponse\""), "{head}");
    assert!(content.contains(">urn:x:1</a:RelatesTo>"), "{content}");
    assert!(content.contains(&format!(">{}</a:To>", client.address)), "{content}");

    assert_eq!(status(&server, PATH, &client.envelope("StartOperationWithCallback", "urn:x:2", "")).await.0, 202);
    let mut heard = Vec::new();
    while heard.last().is_none_or(|last: &String| !last.contains("SetOverallStatus")) {
        heard.push(client.posted().await.1);
    }
    assert!(heard[0].contains("<StartProgressCallback"), "{}", heard[0]);
    assert_eq!(heard.iter().filter(|content| content.contains(">urn:x:2</a:RelatesTo>")).count(), 1);

    // The session is over, and the next request in it is refused; another address is another session.
    assert_eq!(status(&server, PATH, &client.envelope("StartOperationWithCallback", "urn:x:3", "")).await.0, 202);
    let refused = client.posted().await.1;
    assert!(refused.contains("EndpointUnavailable") && refused.contains(">urn:x:3</a:RelatesTo>"), "{refused}");
    let mut other = Client::listen().await;
    assert_eq!(status(&server, PATH, &other.envelope("StartOperationWithCallback", "urn:x:4", "")).await.0, 202);
    assert!(other.posted().await.1.contains("IpamApiOperationNotAllowed"));
    server.stop().await;
}

#[tokio::test]
async fn what_the_lab_moves_is_posted_when_it_is_moved() {
    let server = Server::start(Addresses::FREE, Behaviour::default()).unwrap();
    let world = server.lab().open(Some("operation-takes-30s")).unwrap();
    let path = format!("{}{PATH}", world.path_prefix());
    let mut client = Client::listen().await;
    for (operation, inside) in [("InitializeOperationParameters", EDIT), ("StartOperationWithCallback", "")] {
        assert_eq!(status(&server, &path, &client.envelope(operation, "urn:x:1", inside)).await.0, 202);
    }
    while !client.posted().await.1.contains("InProgress</status>") {}
    server.lab().advance(world, Duration::from_secs(30));
    while !client.posted().await.1.contains("<SetOverallStatus") {}
    server.stop().await;
}

#[tokio::test]
async fn a_session_needs_an_address_on_this_machine() {
    let server = Server::start(Addresses::FREE, Behaviour::default()).unwrap();
    let mut client = Client::listen().await;
    for address in [namespace::ANONYMOUS, "http://192.0.2.1/", "https://127.0.0.1/", "http://contoso.example/", "urn:x"]
    {
        client.address = address.to_owned();
        let (status, answer) =
            status(&server, PATH, &client.envelope("StartOperationWithCallback", "urn:x:1", "")).await;
        assert_eq!(status, 400, "{address}: {answer}");
        assert!(answer.contains("OnlyNonAnonymousAddressSupported"), "{address}: {answer}");
    }
    assert_eq!(status(&server, PATH, "hello").await.0, 400);
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_answer_is_given_up() {
    let server = Server::start(Addresses::FREE, Variant::StartReplyFirst.into()).unwrap();
    let mut client = Client::listen().await;
    let request = client.envelope("StartOperationWithCallback", "urn:x:1", "");
    assert_eq!(status(&server, PATH, &request).await.0, 202);
    let (mut stream, _) = client.listener.accept().await.unwrap();
    stream.write_all(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    // The connection of the session that was given up ends; the address may begin another.
    let mut rest = Vec::new();
    timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await.unwrap().unwrap();
    assert_eq!(status(&server, PATH, &request).await.0, 202);
    client.posted().await;
    server.stop().await;
}

#[test]
fn only_loopback_is_posted_to() {
    for (address, socket, path) in [
        ("http://127.0.0.1:4711/a?b", "127.0.0.1:4711", "/a?b"),
        ("HTTP://localhost", "127.0.0.1:80", "/"),
        ("http://[::1]:5/", "[::1]:5", "/"),
        ("http://127.8.9.10:5/x", "127.8.9.10:5", "/x"),
    ] {
        let place = Place::of(address).unwrap();
        assert_eq!((place.socket.to_string(), place.path), (socket.to_owned(), path.to_owned()), "{address}");
    }
    for address in ["http://10.0.0.1/", "http://0.0.0.0/", "http://u@127.0.0.1/", "net.tcp://127.0.0.1/", "/x", ""] {
        assert!(Place::of(address).is_none(), "{address}");
    }
}
