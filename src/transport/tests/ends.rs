//! Answers that never come, break off, never end, or are something else.

use super::*;

const SHORT: Duration = Duration::from_millis(60);

async fn answered(answer: impl AsRef<[u8]>) -> Observed {
    ask(&transport(|_| ()), &answering(answer).await).await
}

/// Writes `answer`, then keeps the connection open and says no more.
async fn stalling(answer: &'static [u8]) -> TargetUrl {
    serve(move |_, mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(answer).await.unwrap();
        wait_for_close(&mut stream).await;
    })
    .await
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = at(listener.local_addr().unwrap());
    drop(listener);
    let End::Unreachable { reason } = ended(ask(&transport(|_| ()), &url).await) else { panic!() };
    assert_eq!(
        reason,
        format!("127.0.0.1:{} refused the connection; check the port, and that the server runs", url.port())
    );
}

#[tokio::test]
async fn a_name_without_an_address() {
    let url = TargetUrl::parse("http://no-such-host.invalid/").unwrap();
    let End::UnknownName { reason } = ended(ask(&transport(|_| ()), &url).await) else { panic!() };
    assert!(reason.contains("`no-such-host.invalid`"), "{reason}");
}

#[tokio::test]
async fn silence_is_told_while_the_connection_is_up() {
    let url = stalling(b"").await;
    let observed = ask(&transport(|o| o.reply = SHORT), &url).await;
    assert_eq!(observed, Observed::Silence { waited: SHORT });
    let observed = ask(&transport(|o| o.overall = SHORT), &url).await;
    assert_eq!(observed, Observed::Silence { waited: SHORT });
}

#[tokio::test]
async fn a_target_that_does_not_even_read_is_silent() {
    let url = serve(|_, stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let long = Outgoing { envelope: Bytes::from(vec![b'x'; 32_000_000]), ..outgoing() };
    let observed = transport(|o| o.reply = SHORT).perform(&url, &long, true).await;
    assert_eq!(observed, Observed::Silence { waited: SHORT });
}

#[tokio::test]
async fn a_close_before_the_answer_is_orderly_and_one_within_is_not() {
    assert_eq!(ended(answered("").await), End::Closed);
    assert_eq!(ended(answered("HTTP/1.1 20").await), End::ClosedMidway { received: 0 });
    assert_eq!(ended(answered("HTTP/1.1 200 OK\r\nContent-Le").await), End::ClosedMidway { received: 0 });
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
    assert_eq!(ended(answered(half).await), End::ClosedMidway { received: 5 });
    let no_last_chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    assert_eq!(ended(answered(no_last_chunk).await), End::ClosedMidway { received: 5 });
    let only_interim = "HTTP/1.1 100 Continue\r\n\r\n";
    assert_eq!(ended(answered(only_interim).await), End::ClosedMidway { received: 0 });
}

#[tokio::test]
async fn a_reset_is_told_from_a_close() {
    for answer in ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"] {
        let url = serve(move |_, mut stream| async move {
            read_request(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.set_zero_linger().unwrap();
        })
        .await;
        assert_eq!(ended(ask(&transport(|_| ()), &url).await), End::Reset, "{answer}");
    }
}

#[tokio::test]
async fn an_answer_that_pauses_too_long_is_too_slow() {
    for (answer, received) in [
        (&b"H"[..], 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n", 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", 5),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 5),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", 5),
    ] {
        let url = stalling(answer).await;
        let end = ended(ask(&transport(|o| o.reply = SHORT), &url).await);
        assert_eq!(end, End::TooSlow { waited: SHORT, received }, "{}", String::from_utf8_lossy(answer));
    }
}

#[tokio::test]
async fn an_answer_byte_by_byte_meets_the_overall_limit() {
    for endless in [&b"HTTP/1.1 200 OK\r\nX: y"[..], b"HTTP/1.1 200 OK\r\n\r\n"] {
        let url = serve(move |_, mut stream| async move {
            read_request(&mut stream).await;
            stream.write_all(endless).await.unwrap();
            let mut beat = tokio::time::interval(Duration::from_millis(2));
            while stream.write_all(b"z").await.is_ok() {
                beat.tick().await;
            }
        })
        .await;
        let overall = Duration::from_millis(300);
        match ended(ask(&transport(|o| o.overall = overall), &url).await) {
            End::TooSlow { waited, .. } => assert_eq!(waited, overall),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn interim_responses_without_end_meet_the_overall_limit() {
    let url = serve(|_, mut stream| async move {
        read_request(&mut stream).await;
        let flood = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
        while stream.write_all(flood.as_bytes()).await.is_ok() {}
    })
    .await;
    let overall = Duration::from_millis(200);
    let end = ended(ask(&transport(|o| o.overall = overall), &url).await);
    assert_eq!(end, End::TooSlow { waited: overall, received: 0 });
}

#[tokio::test]
async fn what_is_not_http_is_shown() {
    for (said, reason) in [
        (&b"SSH-2.0-OpenSSH_9.6\r\n"[..], "is no HTTP/1.1 response"),
        (b"\x00\x01\x02\x03", "is no HTTP/1.1 response"),
        (b"<html>", "is no HTTP/1.1 response"),
        (b"HTTP/2 200\r\n\r\n", "is no HTTP/1.1 response"),
        (b"\x15\x03\x03\x00\x02\x02\x0a", "answered with TLS; use `https`"),
        (b"\x08\x3ahttp://schemas.microsoft.com/ws/2006/05/framing/faults/Unsu", "use `net.tcp`"),
        (b"HTTP/1.1 two hundred\r\n\r\n", "the head of the response is not well-formed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", "the head of the response is not well-formed"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "the head of the response is not well-formed"),
    ] {
        let (told, began) = not_the_protocol(answered(said).await);
        assert!(told.contains(reason), "{told}");
        assert_eq!(began, said);
    }
    let (_, began) = not_the_protocol(answered("x".repeat(1000)).await);
    assert_eq!(began, "x".repeat(256));
}

#[tokio::test]
async fn a_target_that_speaks_first_is_not_http() {
    let url = serve(|_, mut stream| async move {
        stream.write_all(b"220 mail.example ESMTP\r\n").await.unwrap();
        wait_for_close(&mut stream).await;
    })
    .await;
    let (reason, began) = not_the_protocol(ask(&transport(|_| ()), &url).await);
    // Whether the words or the request are there first is not ours to say.
    assert!(reason.contains("spoke before it was asked") || reason.contains("no HTTP/1.1 response"), "{reason}");
    assert_eq!(began, "220 mail.example ESMTP\r\n");
}

#[tokio::test]
async fn bad_chunks_and_codings_nobody_asked_for_are_not_the_protocol() {
    for (rest, reason) in [
        ("Transfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n", "not framed as HTTP asks"),
        ("Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", "`Content-Encoding: gzip`"),
        ("Transfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", "`Transfer-Encoding: gzip, chunked`"),
    ] {
        let (told, began) = not_the_protocol(answered(format!("HTTP/1.1 200 OK\r\n{rest}")).await);
        assert!(told.contains(reason), "{told}");
        assert!(began.starts_with(b"HTTP/1.1 200 OK"));
    }
    let identity = "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 1\r\n\r\nx";
    assert_eq!(received(answered(identity).await).bytes, "x");
}

#[tokio::test]
async fn a_body_may_have_the_limit_and_not_a_byte_more() {
    let small = || transport(|o| o.reply_bytes = 10);
    for framing in [
        |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len()),
        |body: &str| format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len()),
        |body: &str| format!("\r\n{body}"),
    ] {
        let answer = |body: &str| format!("HTTP/1.1 200 OK\r\n{}", framing(body));
        let whole = ask(&small(), &answering(answer("0123456789")).await).await;
        assert_eq!(received(whole).bytes, "0123456789");
        let more = ask(&small(), &answering(answer("0123456789+")).await).await;
        assert_eq!(ended(more), End::Oversize { limit: 10 });
    }
    let huge = "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551613\r\n\r\n";
    assert_eq!(ended(answered(huge).await), End::Oversize { limit: 1 << 20 });
}

#[tokio::test]
async fn an_endless_body_is_stopped_at_the_limit() {
    let (written, mut total) = tokio::sync::mpsc::channel(1);
    let url = serve(move |_, mut stream| {
        let written = written.clone();
        async move {
            read_request(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            let (mut count, block) = (0, vec![b'x'; 65536]);
            while stream.write_all(&block).await.is_ok() {
                count += block.len();
            }
            written.send(count).await.ok();
        }
    })
    .await;
    assert_eq!(ended(ask(&transport(|_| ()), &url).await), End::Oversize { limit: 1 << 20 });
    // The server notices that nobody reads: what it wrote beyond the limit lies in the buffers of the system.
    assert!(total.recv().await.is_some());
}

#[tokio::test]
async fn a_flood_of_header_bytes_or_fields_is_stopped() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    assert_eq!(ended(answered(long).await), End::Oversize { limit: 64 * 1024 });
    let endless = serve(|_, mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n").await.unwrap();
        while stream.write_all(b"X-Flood: yes\r\n").await.is_ok() {}
    })
    .await;
    assert_eq!(ended(ask(&transport(|_| ()), &endless).await), End::Oversize { limit: 64 * 1024 });
    let no_length = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n";
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(101));
    for (answer, told) in [(many.as_str(), "more than 100 fields"), (no_length, "length")] {
        let (reason, _) = not_the_protocol(answered(answer).await);
        assert!(reason.contains(told), "{reason}");
    }
}
