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
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Semaphore, watch},
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};

use super::{
    http,
    lab::{Guard, Lab},
    moment::Moment,
    mutant::Behaviour,
    net_tcp,
    posts::Posts,
    scenario::Scenario,
};

/// How many HTTP connections are served at once; others wait.
const CONNECTIONS: usize = 1024;
/// How many net.tcp connections are served at once; others wait.
const SESSIONS: usize = 16_384;
const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// How long connections have to finish when the server stops.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where a server listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// For HTTP.
    pub http: SocketAddr,
    /// For net.tcp.
    pub net_tcp: SocketAddr,
}

impl Addresses {
    /// A free port of loopback for each.
    pub const FREE: Self = Self { http: LOOPBACK, net_tcp: LOOPBACK };
}

/// Why a server cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {error}")]
pub struct CannotListen {
    /// The address.
    pub address: SocketAddr,
    /// What the system says.
    #[source]
    pub error: io::Error,
}

/// A reference server that runs. Dropped without [`Server::stop`], it stops at once.
#[derive(Debug)]
pub struct Server {
    addresses: Addresses,
    lab: Lab,
    stop: watch::Sender<bool>,
    accepting: [JoinHandle<()>; 2],
}

impl Server {
    /// Starts a server on its addresses; port 0 asks for a free one.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    ///
    /// # Errors
    /// Where an address cannot be bound.
    pub fn start(addresses: Addresses, behaviour: Behaviour) -> Result<Self, CannotListen> {
        Self::start_in(addresses, behaviour, Scenario::Default, Guard::default())
    }

    /// Does the same, with a default world of this scenario, and for whom the guard lets in.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    ///
    /// # Errors
    /// Where an address cannot be bound.
    pub fn start_in(
        addresses: Addresses,
        behaviour: Behaviour,
        scenario: Scenario,
        guard: Guard,
    ) -> Result<Self, CannotListen> {
        let (http, http_address) = listen(addresses.http)?;
        let (net_tcp, net_tcp_address) = listen(addresses.net_tcp)?;
        let addresses = Addresses { http: http_address, net_tcp: net_tcp_address };
        let lab = Lab::new(behaviour, scenario, Moment::of(SystemTime::now()).whole_second()).guarded(guard);
        let (stop, stopped) = watch::channel(false);
        let posts = Posts::new(lab.clone(), stopped.clone());
        let accepting = [
            tokio::spawn(accept(
                http,
                CONNECTIONS,
                move |stream, lab, stop| http::serve(stream, lab, posts.clone(), stop),
                lab.clone(),
                stopped.clone(),
            )),
            tokio::spawn(accept(net_tcp, SESSIONS, net_tcp::serve, lab.clone(), stopped)),
        ];
        Ok(Self { addresses, lab, stop, accepting })
    }

    /// The addresses that it listens at.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Where a client on this machine reaches it over HTTP, as in `http://127.0.0.1:4711`.
    pub fn url(&self) -> String {
        format!("http://{}", reachable(self.addresses.http))
    }

    /// Where a client on this machine reaches it over net.tcp, as in `net.tcp://127.0.0.1:4712`.
    pub fn net_tcp_url(&self) -> String {
        format!("net.tcp://{}", reachable(self.addresses.net_tcp))
    }

    /// Its lab.
    pub fn lab(&self) -> Lab {
        self.lab.clone()
    }

    /// Stops: takes no more connections, lets the requests that are being answered finish, and then closes.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        for accepting in &mut self.accepting {
            // The task fails only by a panic or by being ended, and is over either way.
            let _ = accepting.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.iter().for_each(JoinHandle::abort);
    }
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), CannotListen> {
    let bind = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if cfg!(unix) {
            // So that a server that is started again gets its port again.
            socket.set_reuseaddr(true)?;
        }
        socket.bind(address)?;
        let listener = socket.listen(1024)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    bind().map_err(|error| CannotListen { address, error })
}

/// An address that a client on this machine can connect to.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

async fn accept<Served: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    most: usize,
    serve: impl Fn(TcpStream, Lab, watch::Receiver<bool>) -> Served,
    lab: Lab,
    stopped: watch::Receiver<bool>,
) {
    let permits = Arc::new(Semaphore::new(most));
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
            let served = serve(stream, lab.clone(), stopped.clone());
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::reference::{Mutant, Variant};

    const IS_RUNNING: &str = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
        xmlns:a=\"http://www.w3.org/2005/08/addressing\"><s:Header>\
        <a:Action>http://Microsoft.Windows.Ipam/IIpamServer/IsTaskRunning</a:Action>\
        <a:MessageID>urn:uuid:7</a:MessageID></s:Header><s:Body>\
        <IsTaskRunning xmlns=\"http://Microsoft.Windows.Ipam\"><taskType>Discovery</taskType></IsTaskRunning>\
        </s:Body></s:Envelope>";

    fn request(path: &str, content: &str, more: &str) -> String {
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml; charset=utf-8\r\n{more}\
             Content-Length: {}\r\n\r\n{content}",
            content.len()
        )
    }

    /// Sends bytes on a new connection and reads until the server closes it.
    async fn exchange(server: &Server, bytes: &str) -> String {
        let mut stream = TcpStream::connect(server.addresses().http).await.unwrap();
        // A server that has answered may close before it has read all.
        let _ = stream.write_all(bytes.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    const CLOSE: &str = "Connection: close\r\n";

    #[tokio::test]
    async fn a_hand_written_request_is_answered() {
        let server = Server::start(Addresses::FREE, Behaviour::default()).unwrap();
        assert_eq!(server.url(), format!("http://{}", server.addresses().http));
        let answer = exchange(&server, &request("/Ipam/Server", IS_RUNNING, CLOSE)).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        let action = "http://Microsoft.Windows.Ipam/IIpamServer/IsTaskRunningResponse";
        let content_type = format!("content-type: application/soap+xml; charset=utf-8; action=\"{action}\"\r\n");
        assert!(answer.contains(&content_type), "{answer}");
        assert!(answer.contains("<IsTaskRunningResult>false</IsTaskRunningResult>"), "{answer}");
        assert!(answer.contains("<a:RelatesTo>urn:uuid:7</a:RelatesTo>"), "{answer}");
        server.stop().await;
    }

    #[tokio::test]
    async fn worlds_are_reached_by_path_and_their_clocks_moved_by_the_lab() {
        let server = Server::start(Addresses::FREE, Behaviour::default()).unwrap();
        let lab = server.lab();
        let (running, plain) = (lab.open(Some("task-running")).unwrap(), lab.open(None).unwrap());
        let path = |id: crate::reference::WorldId| format!("{}/Ipam/Server", id.path_prefix());
        let told = async |id| exchange(&server, &request(&path(id), IS_RUNNING, CLOSE)).await.contains(">true<");
        assert!(told(running).await && !told(plain).await);
        lab.advance(running, Duration::from_secs(5));
        assert!(!told(running).await);
        lab.close(plain);
        let answer = exchange(&server, &request(&path(plain), IS_RUNNING, CLOSE)).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        server.stop().await;
    }

    #[tokio::test]
    async fn what_is_no_soap_request_is_refused_by_status() {
        let server = Server::start(Addresses::FREE, Behaviour::default()).unwrap();
        let good = request("/Ipam/Server", IS_RUNNING, CLOSE);
        for (bytes, status) in [
            (good.replace("POST", "GET"), "405"),
            (good.replace("/Ipam/Server HTTP", "/Ipam HTTP"), "404"),
            (good.replace("application/soap+xml", "text/xml"), "415"),
            (good.replace("charset=utf-8", "charset=utf-16"), "415"),
            (request("/Ipam/Server", "hello", CLOSE), "400"),
            (request("/Ipam/Server", &"x".repeat((1 << 20) + 1), CLOSE), "413"),
            ("nonsense\r\n\r\n".into(), "400"),
            (request("/Ipam/Server", &IS_RUNNING.replace("Running</a", "Halted</a"), CLOSE), "400"),
            (good.replace("2003/05/soap-envelope", "2003/05/soap-envelopf"), "500"),
        ] {
            let answer = exchange(&server, &bytes).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{status}: {answer}");
        }
        server.stop().await;
    }

    #[tokio::test]
    async fn a_connection_is_kept_and_stopping_closes_it() {
        let server = Server::start(Addresses::FREE, Behaviour::default()).unwrap();
        let mut stream = TcpStream::connect(server.addresses().http).await.unwrap();
        for _ in 0..3 {
            stream.write_all(request("/Ipam/Server", IS_RUNNING, "").as_bytes()).await.unwrap();
            let mut answer = String::new();
            while !answer.contains("</s:Envelope>") {
                let mut piece = [0; 512];
                let read = timeout(Duration::from_secs(20), stream.read(&mut piece)).await.unwrap().unwrap();
                assert!(read > 0, "closed after {answer}");
                answer.push_str(std::str::from_utf8(&piece[..read]).unwrap());
            }
        }
        let address = server.addresses().http;
        server.stop().await;
        assert_eq!(stream.read(&mut [0; 8]).await.unwrap_or(0), 0);
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn behaviours_of_the_connection_show() {
        let get = async |behaviour: Behaviour, more| {
            let server = Server::start(Addresses::FREE, behaviour).unwrap();
            let answer = exchange(&server, &request("/Ipam/Server", IS_RUNNING, more)).await;
            server.stop().await;
            answer
        };
        let chunked = get(Variant::SmallChunks.into(), CLOSE).await;
        assert!(
            chunked.contains("transfer-encoding: chunked\r\n") && chunked.contains("\r\n7\r\n<s:Enve\r\n"),
            "{chunked}"
        );
        // Without a word from the client, the exchange ends only because the server closes.
        let closed = get(Variant::ClosesConnection.into(), "").await;
        assert!(closed.contains("connection: close\r\n"), "{closed}");
        let titled = get(Variant::TitleCaseFields.into(), CLOSE).await;
        assert!(titled.contains("\r\nContent-Type: "), "{titled}");
        let untyped = get(Mutant::NoMediaType.into(), CLOSE).await;
        assert!(!untyped.to_ascii_lowercase().contains("content-type"), "{untyped}");
    }
}
