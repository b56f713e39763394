//! Tests of the HTTP client against servers written by hand, each of which does one thing.
//!
//! A server here does what its script says on every connection; nothing waits for a clock but the limits under test.

mod ends;
mod messages;
mod reuse;
mod tls;

use std::{future::Future, net::SocketAddr, time::Duration};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::{HttpOptions, HttpTransport, TargetUrl};
use crate::session::{End, Observed, Outgoing, Received};

/// Long enough for a busy machine: no test passes by waiting for it.
const PLENTY: Duration = Duration::from_secs(20);

fn options() -> HttpOptions {
    HttpOptions { connect: PLENTY, reply: PLENTY, overall: PLENTY, reply_bytes: 1 << 20, ca_pem: None }
}

fn transport(change: impl FnOnce(&mut HttpOptions)) -> HttpTransport {
    let mut options = options();
    change(&mut options);
    HttpTransport::new(options).unwrap()
}

fn outgoing() -> Outgoing {
    Outgoing { action: Some("urn:a".to_owned()), message_id: None, envelope: Bytes::from_static(b"<envelope/>") }
}

/// Starts a server on a free port; each connection is given to `script`, with its number from 0.
async fn serve<F, Run>(script: F) -> TargetUrl
where
    F: Fn(usize, TcpStream) -> Run + Send + 'static,
    Run: Future<Output = ()> + Send + 'static,
{
    serve_on("127.0.0.1:0", script).await
}

async fn serve_on<F, Run>(address: &str, script: F) -> TargetUrl
where
    F: Fn(usize, TcpStream) -> Run + Send + 'static,
    Run: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind(address).await.unwrap();
    let url = at(listener.local_addr().unwrap());
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(script(number, stream));
        }
    });
    url
}

fn at(address: SocketAddr) -> TargetUrl {
    TargetUrl::parse(&format!("http://{address}/Ipam/Server")).unwrap()
}

fn secure(url: &TargetUrl) -> TargetUrl {
    TargetUrl::parse(&url.to_string().replace("http:", "https:")).unwrap()
}

/// Starts a server that reads one request, writes `answer` and closes in order.
async fn answering(answer: impl AsRef<[u8]>) -> TargetUrl {
    let answer = answer.as_ref().to_vec();
    serve(move |_, mut stream| {
        let answer = answer.clone();
        async move {
            read_request(&mut stream).await;
            // The client may have seen enough before all is written.
            stream.write_all(&answer).await.ok();
            stream.shutdown().await.ok();
            wait_for_close(&mut stream).await;
        }
    })
    .await
}

/// Reads a request with a `Content-Length`; none at the end of the stream.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        if let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let text = String::from_utf8(bytes[..head].to_vec()).unwrap().to_ascii_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if bytes.len() == head + 4 + length.parse::<usize>().unwrap() {
                return Some(String::from_utf8(bytes).unwrap());
            }
        }
        match stream.read_buf(&mut bytes).await {
            Ok(0) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

/// Returns when the peer has closed.
async fn wait_for_close(stream: &mut (impl AsyncRead + Unpin)) {
    let mut sink = [0; 1024];
    while matches!(stream.read(&mut sink).await, Ok(1..)) {}
}

async fn ask(transport: &HttpTransport, url: &TargetUrl) -> Observed {
    transport.perform(url, &outgoing(), true).await
}

fn received(observed: Observed) -> Received {
    match observed {
        Observed::Received(received) => received,
        other => panic!("{other:?}"),
    }
}

fn ended(observed: Observed) -> End {
    match observed {
        Observed::Ended(end) => end,
        other => panic!("{other:?}"),
    }
}

/// The reason and the beginning of what was not the protocol.
fn not_the_protocol(observed: Observed) -> (String, Bytes) {
    match observed {
        Observed::Ended(End::NotTheProtocol { reason, began }) => (reason, began),
        other => panic!("{other:?}"),
    }
}
