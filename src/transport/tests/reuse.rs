//! Which connection a request goes out on, and what happens when an idle one has gone.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::*;
use crate::{session::guard::Guard, spec::Effect};

/// Starts a server that answers every request of a connection with `answer`, and counts the connections.
async fn counting(answer: &'static str) -> (TargetUrl, Arc<AtomicUsize>) {
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = connections.clone();
    let url = serve(move |_, mut stream| {
        counter.fetch_add(1, Ordering::SeqCst);
        async move {
            while read_request(&mut stream).await.is_some() {
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    break;
                }
            }
        }
    })
    .await;
    (url, connections)
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn a_clean_connection_is_used_again() {
    let (url, connections) = counting(OK).await;
    let transport = transport(|_| ());
    for _ in 0..50 {
        assert_eq!(received(ask(&transport, &url).await).bytes, "ok");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    // A clone shares the connections; another path of the server does too.
    received(ask(&transport.clone(), &url.with_path("/other").unwrap()).await);
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_is_more_than_a_read_goes_on_a_new_connection() {
    let (url, connections) = counting(OK).await;
    let transport = transport(|_| ());
    for asked in 1..=3 {
        received(transport.perform(&url, &outgoing(), false).await);
        assert_eq!(connections.load(Ordering::SeqCst), asked);
    }
}

#[tokio::test]
async fn the_guard_decides_what_is_a_read() {
    let (url, connections) = counting(OK).await;
    let transport = transport(|_| ());
    let guard = Guard::new([Effect::Read, Effect::StartTask], None);
    let permit = |action: &str| guard.permit(Outgoing { action: Some(action.to_owned()), ..outgoing() }).unwrap();
    let (read, start) = (permit("urn:a"), permit("StartTask"));
    assert_eq!((read.effect(), start.effect()), (Effect::Read, Effect::StartTask));
    received(transport.exchange(&url, &read).await);
    received(transport.exchange(&url, &read).await);
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    received(transport.exchange(&url, &start).await);
    assert_eq!(connections.load(Ordering::SeqCst), 2);
    received(transport.exchange(&url, &read).await);
    assert_eq!(connections.load(Ordering::SeqCst), 2);
    received(transport.exchange_fresh(&url, &read).await);
    assert_eq!(connections.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_connection_that_the_target_closes_is_not_kept() {
    for answer in [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more than was said",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    ] {
        let (url, connections) = counting(answer).await;
        let transport = transport(|_| ());
        received(ask(&transport, &url).await);
        received(ask(&transport, &url).await);
        assert_eq!(connections.load(Ordering::SeqCst), 2, "{answer}");
    }
}

#[tokio::test]
async fn a_failed_exchange_leaves_nothing_behind() {
    let (url, connections) = counting("HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\nhalf").await;
    let transport = transport(|o| o.reply = Duration::from_millis(40));
    for asked in 1..=2 {
        assert!(matches!(ended(ask(&transport, &url).await), End::TooSlow { received: 4, .. }));
        assert_eq!(connections.load(Ordering::SeqCst), asked);
    }
}

#[tokio::test]
async fn a_dropped_exchange_closes_its_connection() {
    let (closed, mut told) = tokio::sync::mpsc::channel(1);
    let (asked, mut heard) = tokio::sync::mpsc::channel(1);
    let url = serve(move |number, mut stream| {
        let (asked, closed) = (asked.clone(), closed.clone());
        async move {
            read_request(&mut stream).await.unwrap();
            if number > 0 {
                stream.write_all(OK.as_bytes()).await.unwrap();
            }
            asked.send(()).await.ok();
            wait_for_close(&mut stream).await;
            closed.send(number).await.ok();
        }
    })
    .await;
    let transport = transport(|_| ());
    tokio::select! {
        biased;
        observed = ask(&transport, &url) => panic!("{observed:?}"),
        _ = heard.recv() => {}
    }
    assert_eq!(told.recv().await, Some(0));
    assert_eq!(received(ask(&transport, &url).await).bytes, "ok");
}

/// The first connection answers once and goes away at the second request; later ones answer always.
async fn racing(away: fn(&TcpStream)) -> (TargetUrl, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = requests.clone();
    let url = serve(move |number, mut stream| {
        let counter = counter.clone();
        async move {
            let mut answered = 0;
            while read_request(&mut stream).await.is_some() {
                counter.fetch_add(1, Ordering::SeqCst);
                if number == 0 && answered == 1 {
                    away(&stream);
                    return;
                }
                stream.write_all(OK.as_bytes()).await.unwrap();
                answered += 1;
            }
        }
    })
    .await;
    (url, requests)
}

#[tokio::test]
async fn a_read_is_sent_once_more_when_an_idle_connection_had_gone() {
    let close: fn(&TcpStream) = |_| ();
    let reset: fn(&TcpStream) = |stream| stream.set_zero_linger().unwrap();
    for away in [close, reset] {
        let (url, requests) = racing(away).await;
        let transport = transport(|_| ());
        assert_eq!(received(ask(&transport, &url).await).bytes, "ok");
        assert_eq!(received(ask(&transport, &url).await).bytes, "ok");
        assert_eq!(requests.load(Ordering::SeqCst), 3);
    }
}

#[tokio::test]
async fn a_new_connection_that_closes_is_not_tried_again() {
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = requests.clone();
    let url = serve(move |_, mut stream| {
        let counter = counter.clone();
        async move {
            read_request(&mut stream).await;
            counter.fetch_add(1, Ordering::SeqCst);
        }
    })
    .await;
    let transport = transport(|_| ());
    assert_eq!(ended(ask(&transport, &url).await), End::Closed);
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    assert_eq!(ended(transport.perform(&url, &outgoing(), false).await), End::Closed);
    assert_eq!(requests.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_target_that_says_goodbye_on_an_idle_connection_is_asked_anew() {
    let (closed, mut told) = tokio::sync::mpsc::channel::<()>(1);
    let url = serve(move |number, mut stream| {
        let closed = closed.clone();
        async move {
            read_request(&mut stream).await;
            stream.write_all(OK.as_bytes()).await.unwrap();
            if number == 0 {
                stream.write_all(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n").await.unwrap();
                drop(stream);
                closed.send(()).await.ok();
            } else {
                wait_for_close(&mut stream).await;
            }
        }
    })
    .await;
    let transport = transport(|_| ());
    assert_eq!(received(ask(&transport, &url).await).bytes, "ok");
    told.recv().await.unwrap();
    assert_eq!(received(ask(&transport, &url).await).bytes, "ok");
}

#[tokio::test]
async fn exchanges_at_once_have_a_connection_each() {
    // Neither is answered before both have been read.
    let both = Arc::new(tokio::sync::Barrier::new(2));
    let url = serve(move |_, mut stream| {
        let both = both.clone();
        async move {
            while let Some(request) = read_request(&mut stream).await {
                both.wait().await;
                let body = request.rsplit_once("\r\n").unwrap().1;
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    })
    .await;
    let transport = transport(|_| ());
    let with = |body| Outgoing { envelope: Bytes::from_static(body), ..outgoing() };
    let (one, two) = (with(b"one"), with(b"two"));
    for _ in 0..3 {
        let (first, second) = tokio::join!(transport.perform(&url, &one, true), transport.perform(&url, &two, true));
        assert_eq!((received(first).bytes, received(second).bytes), (one.envelope.clone(), two.envelope.clone()));
    }
}
