//! The way to a Kerberos KDC: one request over TCP, and its answer.
//!
//! Leaves out what is in them. Follows RFC 4120 7.2.2.

use std::{
    io::{self, Read as _, Write as _},
    net::{TcpStream, ToSocketAddrs as _},
    time::Duration,
};

use sspi::{Error, ErrorKind, NetworkProtocol, NetworkRequest, network_client::NetworkClient};

/// The longest answer that is read, in bytes.
const ANSWER: usize = 1 << 20;
/// Where a KDC listens unless told otherwise.
const PORT: u16 = 88;
/// Octets of the size before a message.
const SIZE: usize = 4;

/// Asks KDCs, and waits for each so long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kdc {
    /// To connect, and for each piece of the answer.
    pub(super) limit: Duration,
}

impl NetworkClient for Kdc {
    /// What is sent has its size in front already, and so has what is given back.
    fn send(&self, request: &NetworkRequest) -> sspi::Result<Vec<u8>> {
        let host = request.url.host_str().unwrap_or_default();
        let port = request.url.port().unwrap_or(PORT);
        let no_authority = |reason: String| Error::new(ErrorKind::NoAuthenticatingAuthority, reason);
        if request.protocol != NetworkProtocol::Tcp {
            return Err(no_authority(format!("the KDC at {host} is asked over TCP only")));
        }
        self.ask(host, port, &request.data)
            .map_err(|error| no_authority(format!("the KDC at {host}:{port} does not answer: {error}")))
    }
}

impl Kdc {
    fn ask(self, host: &str, port: u16, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "no address is known for its name");
        for address in (host, port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, self.limit) {
                Ok(stream) => return self.exchange(stream, request),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn exchange(self, mut stream: TcpStream, request: &[u8]) -> io::Result<Vec<u8>> {
        stream.set_read_timeout(Some(self.limit))?;
        stream.set_write_timeout(Some(self.limit))?;
        stream.write_all(request)?;
        let mut size = [0; SIZE];
        stream.read_exact(&mut size)?;
        let length = usize::try_from(u32::from_be_bytes(size)).unwrap_or(usize::MAX);
        if length > ANSWER {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its answer is longer than is read"));
        }
        let mut answer = size.to_vec();
        let read = stream.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(&mut answer)?;
        if read < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(answer) }
    }
}
