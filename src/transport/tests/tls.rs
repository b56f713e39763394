//! HTTPS with certificates that are right, wrong, or not there.

use std::sync::Arc;

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        version::TLS12,
        version::TLS13,
    },
};

use super::*;

const CA: &[u8] = include_bytes!("../../../tests/tls/ca.pem");
const KEY: &[u8] = include_bytes!("../../../tests/tls/server.key");
const SERVER: &[u8] = include_bytes!("../../../tests/tls/server.pem");
const ELSEWHERE: &[u8] = include_bytes!("../../../tests/tls/elsewhere.pem");
const EXPIRED: &[u8] = include_bytes!("../../../tests/tls/expired.pem");

fn trusting() -> HttpTransport {
    transport(|o| o.ca_pem = Some(CA.to_vec()))
}

/// Starts a server over TLS that echoes each request's body.
async fn serve_tls(certificate: &[u8], only_tls12: bool) -> TargetUrl {
    let versions = if only_tls12 { &[&TLS12][..] } else { &[&TLS13, &TLS12] };
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate).unwrap()],
            PrivateKeyDer::from_pem_slice(KEY).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let url = serve(move |_, stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            while let Some(request) = read_request(&mut stream).await {
                let body = request.rsplit_once("\r\n").unwrap().1;
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    })
    .await;
    secure(&url)
}

fn refused(observed: Observed) -> String {
    match observed {
        Observed::Ended(End::SecurityRefused { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_trusted_server_is_spoken_with() {
    for only_tls12 in [false, true] {
        let url = serve_tls(SERVER, only_tls12).await;
        let transport = trusting();
        for _ in 0..3 {
            assert_eq!(received(ask(&transport, &url).await).bytes, "<envelope/>");
        }
        let by_name = TargetUrl::parse(&format!("https://localhost:{}/", url.port())).unwrap();
        assert_eq!(received(ask(&transport, &by_name).await).bytes, "<envelope/>");
    }
}

#[tokio::test]
async fn certificates_that_are_not_good_are_told_apart() {
    for (certificate, reason) in
        [(ELSEWHERE, "is not for `127.0.0.1` but for"), (ELSEWHERE, "elsewhere.example"), (EXPIRED, "has expired")]
    {
        let told = refused(ask(&trusting(), &serve_tls(certificate, false).await).await);
        assert!(told.contains(reason), "{told}");
    }
    let other_authority = transport(|o| o.ca_pem = Some(ELSEWHERE.to_vec()));
    let told = refused(ask(&other_authority, &serve_tls(SERVER, false).await).await);
    assert!(told.contains("not trusted here; give that authority's certificate as `ca_file`"), "{told}");
}

#[tokio::test]
async fn a_plain_server_is_told_when_https_was_asked() {
    let url = serve(|_, mut stream| async move {
        let mut hello = [0; 64];
        stream.read_exact(&mut hello).await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        wait_for_close(&mut stream).await;
    })
    .await;
    let told = refused(ask(&trusting(), &secure(&url)).await);
    assert!(told.ends_with("answered in plain HTTP, not TLS; use `http`"), "{told}");
}

#[tokio::test]
async fn a_tls_server_is_told_when_http_was_asked() {
    let url = serve_tls(SERVER, false).await;
    let plain = TargetUrl::parse(&url.to_string().replace("https:", "http:")).unwrap();
    let (reason, began) = not_the_protocol(ask(&trusting(), &plain).await);
    assert_eq!(reason, "the target answered with TLS; use `https`");
    assert_eq!(began.first(), Some(&0x15));
}

#[tokio::test]
async fn a_handshake_that_does_not_happen_is_told() {
    let closing = serve(|_, mut stream| async move {
        // All of the hello: a close with bytes unread is a reset.
        let mut record = [0; 5];
        stream.read_exact(&mut record).await.unwrap();
        let mut hello = vec![0; usize::from(u16::from_be_bytes([record[3], record[4]]))];
        stream.read_exact(&mut hello).await.unwrap();
        stream.shutdown().await.ok();
        wait_for_close(&mut stream).await;
    })
    .await;
    let told = refused(ask(&trusting(), &secure(&closing)).await);
    assert!(told.contains("closed the connection during the TLS handshake"), "{told}");

    let garbage = serve(|_, mut stream| async move {
        stream.write_all(&[0xff; 64]).await.unwrap();
        wait_for_close(&mut stream).await;
    })
    .await;
    let told = refused(ask(&trusting(), &secure(&garbage)).await);
    assert!(told.contains("something that is not TLS"), "{told}");

    let silent = serve(|_, mut stream| async move { wait_for_close(&mut stream).await }).await;
    let limit = Duration::from_millis(50);
    let impatient = transport(|o| {
        o.connect = limit;
        o.ca_pem = Some(CA.to_vec());
    });
    let told = refused(ask(&impatient, &secure(&silent)).await);
    assert!(told.contains("did not finish a TLS handshake within 50ms"), "{told}");
}
