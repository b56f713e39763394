//! The reference server as a whole: binds an address, accepts connections, stops in good order.
//!
//! Leaves out what is said on a connection.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{
    net::{TcpListener, TcpSocket},
    sync::{Semaphore, watch},
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};

use super::{http, lab::Lab, moment::Moment, mutant::Behaviour};

/// How many connections are served at once; others wait.
const CONNECTIONS: usize = 1024;
/// How long connections have to finish when the server stops.
const PATIENCE: Duration = Duration::from_secs(2);

/// A reference server that runs. Dropped without [`Server::stop`], it stops at once.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    lab: Lab,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Starts a server on an address; port 0 asks for a free one.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    ///
    /// # Errors
    /// Where the address cannot be bound.
    pub fn start(address: SocketAddr, behaviour: Behaviour) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if cfg!(unix) {
            // So that a server that is started again gets its port again.
            socket.set_reuseaddr(true)?;
        }
        socket.bind(address)?;
        let listener = socket.listen(1024)?;
        let address = listener.local_addr()?;
        let lab = Lab::new(behaviour, Moment::of(SystemTime::now()).whole_second());
        let (stop, stopped) = watch::channel(false);
        let accepting = tokio::spawn(accept(listener, lab.clone(), stopped));
        Ok(Self { address, lab, stop, accepting })
    }

    /// The address that it listens at.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where a client on this machine reaches it, as in `http://127.0.0.1:4711`.
    pub fn url(&self) -> String {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(ip, self.address.port()))
    }

    /// Its lab.
    pub fn lab(&self) -> Lab {
        self.lab.clone()
    }

    /// Stops: takes no more connections, lets the requests that are being answered finish, and then closes.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // The task fails only by a panic or by being ended, and is over either way.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, lab: Lab, stopped: watch::Receiver<bool>) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    let mut to_stop = stopped.clone();
    let stopping = async { drop(to_stop.wait_for(|stop| *stop).await) };
    tokio::pin!(stopping);
    loop {
        let accepted = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, connection) = tokio::select! {
            () = stopping.as_mut() => break,
            accepted = accepted => accepted,
        };
        if let Ok((stream, _)) = connection {
            // A reply is small and should not wait for more.
            let _ = stream.set_nodelay(true);
            let served = http::serve(stream, lab.clone(), stopped.clone());
            connections.spawn(async move {
                served.await;
                drop(permit);
            });
        } else {
            // Out of file handles, say: others may close in a moment.
            sleep(Duration::from_millis(20)).await;
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    if timeout(PATIENCE, finished).await.is_err() {
        connections.shutdown().await;
    }
}
