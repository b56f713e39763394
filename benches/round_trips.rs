//! Measures round trips a second over net.tcp, on one session and on 64, each reply decoded and checked as a run does,
//! beside the same bytes over bare TCP.
//!
//! `cargo bench --bench round_trips`. The server, `ipamspec serve`, is a process of its own, and so is its client; so are
//! the bare server and the bare client, which know only how many bytes to wait for before they write theirs. That is the
//! limit: what the kernel and the runtime take, without framing, binary XML, SOAP or an answer to be made. The two take
//! turns: the ratio is that of each pair. Servers run on one processor and clients on another (with `taskset`).

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod machine;

use std::{
    future::Future,
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use ipamspec::{
    session::{Guard, Observation, Observed, Outgoing, Permitted},
    soap::{
        self,
        contract::{self, Answer},
    },
    spec::{Effect, Operation, PortType},
    transport::{MessageEncoding, NetTcpOptions, NetTcpTransport, Session, TargetUrl},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
};

use machine::{Place, Ratios, Reference};

/// What is asked.
const OPERATION: &str = "GetIpamVersion";
const SESSIONS: [usize; 2] = [1, 64];
const LENGTH: Duration = Duration::from_secs(1);
const PAIRS: usize = 15;
const LIMIT: Duration = Duration::from_secs(10);
const MESSAGE_ID: &str = "urn:uuid:0438627c-633b-8536-a46c-31d195c8d51e";
/// The words before the arguments where this process is started as the client, the bare server or the bare client.
const CLIENT: &str = "--client";
const BARE_SERVER: &str = "--bare-server";
const BARE_CLIENT: &str = "--bare-client";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some([url, sessions]) = machine::after(&arguments, CLIENT) {
        println!("{:.1}", ask(url, number(sessions)));
    } else if let Some([request, reply]) = machine::after(&arguments, BARE_SERVER) {
        bare_server(number(request), number(reply));
    } else if let Some([address, sessions, request, reply]) = machine::after(&arguments, BARE_CLIENT) {
        println!("{:.1}", bare_client(address, number(sessions), number(request), number(reply)));
    } else if arguments.iter().any(|argument| argument == "--bench") {
        // `cargo test --benches` only wants to know that it builds.
        compare();
    }
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

fn compare() {
    let place = Place { apart: true };
    let ours = Reference::start(place, "net.tcp://");
    let (request, reply) = runtime().block_on(sizes(&ours.url));
    println!("{OPERATION} once a session knows its strings: {request} bytes there, {reply} back");
    let bare = Bare::start(place, request, reply);
    for sessions in SESSIONS {
        println!("round trips a second, {sessions} sessions, {} s each:", LENGTH.as_secs());
        let (sessions, request, reply) = (sessions.to_string(), request.to_string(), reply.to_string());
        let our_client = || place.client(&[CLIENT, &ours.url, &sessions]);
        let bare_client = || place.client(&[BARE_CLIENT, &bare.address, &sessions, &request, &reply]);
        let mut ratios = Ratios::default();
        for pair in 1..=PAIRS {
            // Each goes first as often as the other.
            let ((ours, bare), disturbed) = machine::pair(Duration::from_secs(20), || {
                if pair % 2 == 1 {
                    let ours = our_client();
                    (ours, bare_client())
                } else {
                    let bare = bare_client();
                    (our_client(), bare)
                }
            });
            let note = if disturbed { "; something else ran as well" } else { "" };
            println!("  {pair}: ipamspec {ours:.0}, bare TCP {bare:.0}, ratio {:.3}{note}", ours / bare);
            ratios.add(disturbed, ours / bare);
        }
        ratios.print();
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

fn operation() -> &'static Operation {
    Operation::named(PortType::IIpamServer, OPERATION).expect("the operation")
}

/// Our client: its transport, and the request that it sends again and again.
struct Client {
    transport: NetTcpTransport,
    url: TargetUrl,
    request: Permitted,
}

impl Client {
    fn new(url: &str) -> Self {
        let action = operation().action;
        let envelope = soap::write::request(operation(), action, MESSAGE_ID, soap::write::Route::to(url), "").into();
        let outgoing = Outgoing { action: Some(action.to_owned()), message_id: Some(MESSAGE_ID.to_owned()), envelope };
        let encoding = MessageEncoding::Binary;
        Self {
            transport: NetTcpTransport::new(NetTcpOptions {
                connect: LIMIT,
                reply: LIMIT,
                overall: LIMIT,
                reply_bytes: 1 << 20,
                idle: 0,
                encoding,
                security: None,
            }),
            url: TargetUrl::parse(url).expect("the server's address"),
            request: Guard::new([Effect::Read], None).permit(outgoing).expect("a request that reads"),
        }
    }

    fn open(&self) -> Session {
        self.transport.open(&self.url, true)
    }

    /// One round trip: what was sent, and the reply, which is held to the contract and must be the operation's.
    async fn ask(&self, session: &mut Session) -> (Observation, Observation) {
        session.send(&self.request);
        let mut sent = None;
        loop {
            let observation = session.next(LIMIT).await;
            match &observation.what {
                Observed::Sent(_) => sent = Some(observation),
                Observed::SentRecords | Observed::Accepted => {}
                Observed::Received(received) => {
                    let envelope = received.envelope().expect("an envelope");
                    let checked = contract::check(envelope, Some(operation()), Some(MESSAGE_ID), None);
                    assert!(matches!(checked.answer, Answer::Reply(_)), "{checked:?}");
                    return (sent.expect("the request was sent"), observation);
                }
                other => panic!("no answer: {other:?}"),
            }
        }
    }
}

/// How many bytes a request and its reply are, framing included, once their strings were sent.
async fn sizes(url: &str) -> (usize, usize) {
    let client = Client::new(url);
    let mut session = client.open();
    let _ = client.ask(&mut session).await;
    let (request, reply) = client.ask(&mut session).await;
    let length = |observation: Observation| observation.wire.expect("net.tcp has records").bytes.len();
    (length(request), length(reply))
}

/// Round trips a second of our client.
fn ask(url: &str, sessions: usize) -> f64 {
    let client = Arc::new(Client::new(url));
    count(sessions, |done, began| {
        let client = client.clone();
        async move {
            let mut session = client.open();
            while began.elapsed() < LENGTH {
                let _ = client.ask(&mut session).await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
    })
}

/// Round trips a second of a client that only counts bytes.
fn bare_client(address: &str, sessions: usize, request: usize, reply: usize) -> f64 {
    count(sessions, |done, began| {
        let address = address.to_owned();
        async move {
            let mut stream = TcpStream::connect(address).await.expect("a connection");
            stream.set_nodelay(true).expect("an option");
            let (request, mut reply) = (vec![0x55; request], vec![0; reply]);
            while began.elapsed() < LENGTH {
                stream.write_all(&request).await.expect("a peer that reads");
                let _ = stream.read_exact(&mut reply).await.expect("a peer that writes");
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
    })
}

/// What all of some sessions do a second, side by side.
fn count<F>(sessions: usize, session: impl Fn(Arc<AtomicU64>, Instant) -> F) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    let done = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    runtime().block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..sessions {
            tasks.spawn(session(done.clone(), began));
        }
        while let Some(ended) = tasks.join_next().await {
            ended.expect("a client that does not fail");
        }
    });
    let done = u32::try_from(done.load(Ordering::Relaxed)).expect("fewer than four thousand million");
    f64::from(done) / began.elapsed().as_secs_f64()
}

/// Answers each so many bytes with so many.
fn bare_server(request: usize, reply: usize) {
    runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("{}", listener.local_addr().expect("an address"));
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                stream.set_nodelay(true).expect("an option");
                let (mut request, reply) = (vec![0; request], vec![0x55; reply]);
                while stream.read_exact(&mut request).await.is_ok() && stream.write_all(&reply).await.is_ok() {}
            });
        }
    });
}

/// The bare server as a process, which ends with this.
struct Bare {
    child: Child,
    address: String,
}

impl Bare {
    fn start(place: Place, request: usize, reply: usize) -> Self {
        let this = std::env::current_exe().expect("a program that runs");
        let mut child = place
            .command("0", this)
            .args([BARE_SERVER, &request.to_string(), &reply.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program");
        let mut address = String::new();
        BufReader::new(child.stdout.as_mut().expect("its output")).read_line(&mut address).expect("its first line");
        Self { child, address: address.trim().to_owned() }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
