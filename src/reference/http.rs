//! One HTTP connection of the reference server: which requests it takes, and how its responses are cut into pieces.
//!
//! Leaves out accepting connections and everything inside envelopes. Follows SOAP 1.2 part 2, 7 (the HTTP binding); what
//! a peer sends is bounded in size and in time.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{
    Method, Request, StatusCode,
    body::{Body, Frame, Incoming, SizeHint},
    header::{self, HeaderMap, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpStream, sync::watch, time::timeout};

use super::{lab::Lab, moment::Moment, posts::Posts, respond::Response, variant::Variant};

/// How large a request's content may be, in bytes.
const CONTENT: usize = 1 << 20;
/// How long a request's head, or its content, may take to come.
const SLOWEST: Duration = Duration::from_secs(20);

/// Serves one connection until the peer closes it or `stop` changes.
pub(super) async fn serve(stream: TcpStream, lab: Lab, posts: Posts, mut stop: watch::Receiver<bool>) {
    let title_case = lab.behaviour().varies(Variant::TitleCaseFields);
    let service = service_fn(move |request| {
        let (lab, posts) = (lab.clone(), posts.clone());
        async move { Ok::<_, Infallible>(answer(request, &lab, &posts).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SLOWEST)
        .max_buf_size(64 << 10)
        .title_case_headers(title_case)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // What goes wrong on a connection is the peer's affair and ends with it.
    let stopping = async { drop(stop.wait_for(|stopped| *stopped).await) };
    let ended = tokio::select! {
        _ = connection.as_mut() => true,
        () = stopping => false,
    };
    if !ended {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

async fn answer(request: Request<Incoming>, lab: &Lab, posts: &Posts) -> hyper::Response<Pieces> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let refused = if lab.port_type_at(&path).is_none() {
        Some(Response::plain(404, "there is no such endpoint: post to /Ipam/Server"))
    } else if head.method != Method::POST {
        Some(Response::plain(405, "a SOAP request is sent by POST"))
    } else if !is_soap12(&head.headers) {
        Some(Response::plain(415, "the media type must be application/soap+xml, its charset utf-8"))
    } else {
        None
    };
    let response = match refused {
        Some(response) => response,
        None => match content(body).await {
            Ok(content) => match posts.take(&path, &content) {
                Some(response) => response,
                None => lab
                    .respond(&path, &content, Moment::of(SystemTime::now()))
                    .unwrap_or_else(|| Response::plain(404, "this world of the lab was closed")),
            },
            Err(response) => response,
        },
    };
    written(response, lab)
}

/// Whether the media type is that of SOAP 1.2, in an encoding that the server reads.
fn is_soap12(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let mut parts = value.split(';').map(str::trim);
    let is_soap = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/soap+xml"));
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_ascii_lowercase())
    });
    is_soap && charset.is_none_or(|charset| matches!(charset.as_str(), "utf-8" | "us-ascii"))
}

async fn content(body: Incoming) -> Result<Bytes, Response> {
    match timeout(SLOWEST, Limited::new(body, CONTENT).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Response::plain(413, &format!("the request is larger than {CONTENT} bytes")))
        }
        Ok(Err(_)) => Err(Response::plain(400, "the request's content ended too early")),
        Err(_) => Err(Response::plain(408, "the request's content came too slowly")),
    }
}

fn written(response: Response, lab: &Lab) -> hyper::Response<Pieces> {
    let varies = |variant| lab.behaviour().varies(variant);
    let piece = if varies(Variant::SmallChunks) { Some(7) } else { None };
    let mut written = hyper::Response::new(Pieces { rest: response.content.into(), piece });
    *written.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content_type = response.content_type.and_then(|value| HeaderValue::from_maybe_shared(Bytes::from(value)).ok());
    if let Some(value) = content_type {
        written.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    if written.status() == StatusCode::METHOD_NOT_ALLOWED {
        written.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    if varies(Variant::ClosesConnection) {
        written.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    written
}

/// Content that goes out whole, or in pieces of so many bytes each, its length unsaid.
#[derive(Debug)]
struct Pieces {
    rest: Bytes,
    piece: Option<usize>,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let length = self.rest.len().min(self.piece.unwrap_or(usize::MAX));
        if length == 0 {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        match self.piece {
            None => SizeHint::with_exact(u64::try_from(self.rest.len()).unwrap_or(u64::MAX)),
            Some(_) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(content_type: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        is_soap12(&headers)
    }

    #[test]
    fn only_the_media_type_of_soap_12_is_taken() {
        for right in [
            "application/soap+xml",
            "Application/SOAP+XML ; Charset=\"UTF-8\"",
            "application/soap+xml; action=\"a\"; charset=utf-8",
        ] {
            assert!(takes(right), "{right}");
        }
        for wrong in ["text/xml; charset=utf-8", "application/soap+xml; charset=utf-16", "application/soap", ""] {
            assert!(!takes(wrong), "{wrong}");
        }
        assert!(!is_soap12(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn pieces_are_the_whole_whatever_their_size() {
        for piece in [None, Some(1), Some(7), Some(1000)] {
            let pieces = Pieces { rest: Bytes::from_static(b"a body that is cut"), piece };
            assert_eq!(pieces.size_hint().exact().is_some(), piece.is_none());
            assert_eq!(pieces.collect().await.unwrap().to_bytes(), "a body that is cut");
        }
    }
}
