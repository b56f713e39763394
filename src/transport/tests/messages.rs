//! Responses that are complete, in every form that HTTP/1.x gives them, and the request that asks for them.

use super::*;

async fn bytes_of(answer: impl AsRef<[u8]>) -> Bytes {
    received(ask(&transport(|_| ()), &answering(answer).await).await).bytes
}

#[tokio::test]
async fn the_request_is_a_soap_post() {
    let (sent, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let url = serve(move |_, mut stream| {
        let sent = sent.clone();
        async move {
            sent.send(read_request(&mut stream).await.unwrap()).unwrap();
            stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        }
    })
    .await;
    assert_eq!(received(ask(&transport(|_| ()), &url).await).http.unwrap().status, 202);
    let request = seen.recv().await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    assert_eq!(lines.next(), Some("POST /Ipam/Server HTTP/1.1"));
    let mut fields: Vec<_> = lines.map(str::to_owned).collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "accept-encoding: identity".to_owned(),
            "accept: application/soap+xml".to_owned(),
            "content-length: 11".to_owned(),
            "content-type: application/soap+xml; charset=utf-8; action=\"urn:a\"".to_owned(),
            format!("host: 127.0.0.1:{}", url.port()),
            format!("user-agent: ipamspec/{}", env!("CARGO_PKG_VERSION")),
        ]
    );
    assert_eq!(body, "<envelope/>");
}

#[tokio::test]
async fn a_body_comes_with_a_length_in_chunks_or_until_the_end() {
    let length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: x\r\n\r\n";
    let until_the_end = "HTTP/1.1 200 OK\r\n\r\nhello";
    let old = "HTTP/1.0 200 OK\r\n\r\nhello";
    let old_with_length = "HTTP/1.0 200 OK\nContent-Length: 5\n\nhello";
    let closing = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
    let after_interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n\
                         HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    for answer in [length, chunked, until_the_end, old, old_with_length, closing, after_interim] {
        assert_eq!(bytes_of(answer).await, "hello", "{answer:?}");
    }
    assert_eq!(bytes_of("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await, "");
    assert_eq!(bytes_of("HTTP/1.1 204 No Content\r\n\r\n").await, "");
}

#[tokio::test]
async fn one_byte_chunks_are_one_body() {
    let body: String = (0..4000).map(|n| char::from(b'a' + u8::try_from(n % 26).unwrap())).collect();
    let chunks: String = body.chars().flat_map(|c| ['1', '\r', '\n', c, '\r', '\n']).collect();
    let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
    assert_eq!(bytes_of(answer).await, body);
}

#[tokio::test]
async fn one_byte_segments_are_one_response() {
    let url = serve(|_, mut stream| async move {
        stream.set_nodelay(true).unwrap();
        read_request(&mut stream).await;
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" {
            stream.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        wait_for_close(&mut stream).await;
    })
    .await;
    assert_eq!(received(ask(&transport(|_| ()), &url).await).bytes, "hello");
}

#[tokio::test]
async fn status_and_content_type_are_told_and_not_judged() {
    for (head, status, content_type) in [
        ("HTTP/1.1 500 Oops\r\nContent-Type: application/soap+xml", 500, Some("application/soap+xml")),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html", 200, Some("text/html")),
        ("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/", 302, None),
        ("HTTP/1.1 999 Odd", 999, None),
        ("HTTP/1.1 200 OK\r\nContent-Type: a\r\nContent-Type: b", 200, Some("a, b")),
    ] {
        let answer = format!("{head}\r\nContent-Length: 2\r\n\r\nhi");
        let received = received(ask(&transport(|_| ()), &answering(answer).await).await);
        let http = received.http.unwrap();
        assert_eq!((http.status, http.content_type.as_deref()), (status, content_type), "{head}");
        assert_eq!(received.bytes, "hi");
    }
    let answer = b"HTTP/1.1 200 OK\r\nContent-Type: \xe9\r\nContent-Length: 1\r\n\r\n\xff";
    let received = received(ask(&transport(|_| ()), &answering(answer).await).await);
    assert_eq!(received.http.unwrap().content_type.as_deref(), Some("\u{fffd}"));
    assert_eq!(received.bytes, &b"\xff"[..]);
}

#[tokio::test]
async fn another_protocol_after_101_is_left_alone() {
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nnot for us";
    let received = received(ask(&transport(|_| ()), &answering(answer).await).await);
    assert_eq!((received.http.unwrap().status, received.bytes), (101, Bytes::new()));
}

#[tokio::test]
async fn a_long_request_to_a_slow_reader_arrives() {
    let url = serve(|_, mut stream| async move {
        let request = read_request(&mut stream).await.unwrap();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{:07}", request.len() / 1000);
        stream.write_all(answer.as_bytes()).await.unwrap();
        wait_for_close(&mut stream).await;
    })
    .await;
    let long = Outgoing { envelope: Bytes::from(vec![b'x'; 8_000_000]), ..outgoing() };
    let observed = transport(|_| ()).perform(&url, &long, true).await;
    assert_eq!(received(observed).bytes, "0008000");
}

#[tokio::test]
async fn ipv6_is_spoken() {
    let url = serve_on("[::1]:0", |_, mut stream| async move {
        let request = read_request(&mut stream).await.unwrap();
        assert!(request.contains("host: [::1]:"), "{request}");
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nv6").await.unwrap();
        wait_for_close(&mut stream).await;
    })
    .await;
    assert_eq!(received(ask(&transport(|_| ()), &url).await).bytes, "v6");
}
