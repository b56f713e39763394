//! Byte streams to a target: making the TCP connection, and a recorder that remembers how an answer began and ended.
//!
//! Leaves out TLS and HTTP, which lie above.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::{client::TlsStream, rustls};

use super::url::{Authority, Host};
use crate::session::End;

/// How much of what a target said is kept where it was not the protocol, in bytes.
const BEGAN_BYTES: usize = 256;

/// A plain or a secured stream.
pub(super) enum Stream {
    /// TCP.
    Plain(TcpStream),
    /// TLS over TCP.
    Secure(Box<TlsStream<Recorder<TcpStream>>>),
}

/// Connects to a host, trying each of its addresses in turn until `deadline`, which is `limit` after the start.
///
/// # Errors
/// [`End::UnknownName`] or [`End::Unreachable`], with what to check.
pub(super) async fn connect(authority: &Authority, deadline: Instant, limit: Duration) -> Result<TcpStream, End> {
    let unreachable = |reason| End::Unreachable { reason };
    let addresses = match &authority.host {
        Host::V4(address) => vec![SocketAddr::from((*address, authority.port))],
        Host::V6(address) => vec![SocketAddr::from((*address, authority.port))],
        Host::Name(name) => {
            let found = timeout_at(deadline, tokio::net::lookup_host((name.as_str(), authority.port))).await;
            let found = found.map_err(|_| {
                let reason = format!("the name `{name}` was not looked up within {limit:?}; check the name server");
                End::UnknownName { reason }
            })?;
            let found: Vec<_> = found.map(Iterator::collect).unwrap_or_default();
            if found.is_empty() {
                let reason = format!("no address is known for `{name}`; check how it is spelled");
                return Err(End::UnknownName { reason });
            }
            found
        }
    };
    let mut last = unreachable(format!("no connection to {authority} was tried within {limit:?}"));
    let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    for address in addresses {
        // An address that never answers leaves the others their share of the time.
        let share = deadline.saturating_duration_since(Instant::now()) / left.max(1);
        left = left.saturating_sub(1);
        last = match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Without it a request of two segments waits for the target's delayed acknowledgement.
                stream.set_nodelay(true).ok();
                return Ok(stream);
            }
            Ok(Err(error)) => unreachable(why_unreachable(address, &error)),
            Err(_) => unreachable(format!(
                "nothing answered at {address} within {limit:?}; check the address, and that no firewall drops packets"
            )),
        };
    }
    Err(last)
}

fn why_unreachable(address: SocketAddr, error: &io::Error) -> String {
    /// Too many open files, of this process and of this machine, on Unix.
    const NO_FILES: [i32; 2] = [24, 23];
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            format!("{address} refused the connection; check the port, and that the server runs")
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            format!("there is no way to {address} from this machine; check the address and the network")
        }
        io::ErrorKind::TimedOut => format!("nothing answered at {address}; check the address and the firewalls"),
        io::ErrorKind::AddrNotAvailable => {
            format!("this machine has no local port left to connect to {address}; run fewer sessions at once")
        }
        _ if cfg!(unix) && error.raw_os_error().is_some_and(|code| NO_FILES.contains(&code)) => {
            "this machine may open no more files; raise `ulimit -n` or run fewer sessions at once".to_owned()
        }
        _ => format!("no connection to {address}: {error}"),
    }
}

/// What was seen on a stream since the last question was put.
#[derive(Debug)]
pub(super) struct Seen {
    /// How many bytes came.
    pub(super) bytes: usize,
    /// The first of them.
    pub(super) began: Vec<u8>,
    /// When the last of them came.
    pub(super) last: Option<Instant>,
    /// Why no more can come.
    pub(super) lost: Option<Lost>,
}

/// How a stream was lost.
#[derive(Debug, Clone)]
pub(super) enum Lost {
    /// The peer closed in order, or in the middle of a TLS session.
    Closed,
    /// The connection was reset, or failed in another way.
    Reset,
    /// TLS found something wrong after the handshake.
    Tls(rustls::Error),
}

/// What the [`Recorder`] of a stream saw, for whoever holds this.
#[derive(Debug, Clone)]
pub(super) struct Witness(Arc<Mutex<Seen>>);

impl Witness {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Seen { bytes: 0, began: Vec::new(), last: None, lost: None })))
    }

    /// Forgets what came, but not that the stream was lost.
    pub(super) fn restart(&self) {
        let mut seen = self.seen();
        seen.bytes = 0;
        seen.began.clear();
        seen.last = None;
    }

    /// Locks what was seen; hold it for a moment only.
    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first bytes that came.
    pub(super) fn began(&self) -> Bytes {
        Bytes::copy_from_slice(&self.seen().began)
    }
}

impl Seen {
    fn note(&mut self, read: &[u8]) {
        self.bytes = self.bytes.saturating_add(read.len());
        self.last = Some(Instant::now());
        let room = BEGAN_BYTES.saturating_sub(self.began.len());
        self.began.extend(read.iter().take(room));
    }

    fn lose(&mut self, error: &io::Error) {
        if self.lost.is_some() {
            return;
        }
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        self.lost = Some(match (error.kind(), tls) {
            (_, Some(error)) => Lost::Tls(error.clone()),
            (io::ErrorKind::UnexpectedEof, None) => Lost::Closed,
            _ => Lost::Reset,
        });
    }
}

/// A stream that tells a [`Witness`] what is read from it and how it is lost.
pub(super) struct Recorder<S> {
    inner: S,
    witness: Witness,
}

impl<S> Recorder<S> {
    pub(super) fn new(inner: S, witness: Witness) -> Self {
        Self { inner, witness }
    }

    fn watch<T>(&self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &result {
            self.witness.seen().lose(error);
        }
        result
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Recorder<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut self.inner).poll_read(cx, buf));
        let mut seen = self.witness.seen();
        match &result {
            Err(error) => seen.lose(error),
            Ok(()) => match buf.filled().get(before..) {
                Some(read) if !read.is_empty() => seen.note(read),
                _ if buf.remaining() > 0 => seen.lost = seen.lost.take().or(Some(Lost::Closed)),
                _ => {}
            },
        }
        drop(seen);
        Poll::Ready(result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Recorder<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.watch(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.watch(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_flush(cx);
        self.watch(result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Secure(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Secure(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Secure(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Secure(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secure(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
