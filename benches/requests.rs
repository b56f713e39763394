//! Measures start-up to the first request, and requests a second with each reply parsed and checked, beside `wrk`
//! against the same server with the same request.
//!
//! `cargo bench --bench requests`. The server is a process of its own; the two clients take turns, and the ratio is
//! that of each pair. Without `wrk` on the PATH only our own figures are printed.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use ipamspec::{
    session::{Guard, Observed, Outgoing},
    soap::{
        self,
        contract::{self, Answer},
    },
    spec::{Effect, Operation, PortType},
    transport::{HttpOptions, HttpTransport, TargetUrl},
    xml,
};

const CONNECTIONS: usize = 64;
const LENGTH: Duration = Duration::from_secs(4);
const PAIRS: usize = 5;
const MESSAGE_ID: &str = "urn:uuid:0438627c-633b-8536-a46c-31d195c8d51e";

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    start_up();
    let server = Server::start();
    let operation = Operation::named(PortType::IIpamServer, "GetIpamVersion").expect("the operation");
    let envelope = soap::write::request(operation, operation.action, MESSAGE_ID, soap::write::Route::to(&server.url), "");
    let mut ratios = Vec::new();
    println!("requests a second, {CONNECTIONS} connections, {} s each:", LENGTH.as_secs());
    for pair in 1..=PAIRS {
        let ours = ours(&server.url, operation, &envelope);
        match wrk(&server.url, operation, &envelope) {
            None => println!("  {pair}: ipamspec {ours:.0}; wrk is not installed"),
            Some(theirs) => {
                println!("  {pair}: ipamspec {ours:.0}, wrk {theirs:.0}, ratio {:.3}", ours / theirs);
                ratios.push(ours / theirs);
            }
        }
    }
    ratios.sort_by(f64::total_cmp);
    if let Some(median) = ratios.get(ratios.len() / 2) {
        println!("median ratio: {median:.3}");
    }
}

/// From the start of the process to the first byte of its first request.
fn start_up() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let folder = std::env::temp_dir().join(format!("ipamspec-bench-{}", std::process::id()));
    let mut times = Vec::new();
    for _ in 0..11 {
        let began = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_ipamspec"))
            .args(["run", "--quiet", "--target", &url, "--out"])
            .arg(&folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary");
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a request");
        times.push(began.elapsed());
        let _ = child.kill();
        let _ = child.wait();
    }
    let _ = std::fs::remove_dir_all(folder);
    times.sort();
    println!(
        "start-up to the first request: {:.1} ms (median of {})",
        times.get(times.len() / 2).map_or(0.0, Duration::as_secs_f64) * 1e3,
        times.len()
    );
}

struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ipamspec"))
            .args(["serve", "--http", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("its output")).read_line(&mut line).expect("its first line");
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect("its address").to_owned();
        Self { child, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Requests a second of our own client: each reply is parsed, held against the contract, and must be the operation's.
fn ours(url: &str, operation: &'static Operation, envelope: &str) -> f64 {
    let url = TargetUrl::parse(url).expect("the server's address");
    let limit = Duration::from_secs(10);
    let options = HttpOptions { connect: limit, reply: limit, overall: limit, reply_bytes: 1 << 20, ca_pem: None };
    let done = Arc::new(AtomicU64::new(0));
    let outgoing = Outgoing {
        action: Some(operation.action.to_owned()),
        message_id: Some(MESSAGE_ID.to_owned()),
        envelope: envelope.to_owned().into(),
    };
    let permitted = Arc::new(Guard::new([Effect::Read], None).permit(outgoing).expect("a request that reads"));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let began = Instant::now();
    runtime.block_on(async {
        let transport = HttpTransport::new(options).expect("a transport");
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (transport, url, permitted, done) = (transport.clone(), url.clone(), permitted.clone(), done.clone());
            tasks.spawn(async move {
                while began.elapsed() < LENGTH {
                    let Observed::Received(received) = transport.exchange(&url, &permitted).await else {
                        panic!("no answer");
                    };
                    let envelope = soap::read(&received.bytes, &xml::Limits::default()).expect("an envelope");
                    let checked = contract::check(envelope, Some(operation), Some(MESSAGE_ID), None);
                    assert!(matches!(checked.answer, Answer::Reply(_)), "{checked:?}");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended.expect("a client that does not fail");
        }
    });
    let done = u32::try_from(done.load(Ordering::Relaxed)).expect("fewer than four thousand million");
    f64::from(done) / began.elapsed().as_secs_f64()
}

/// Requests a second of `wrk`, which reads replies and checks nothing.
fn wrk(url: &str, operation: &Operation, envelope: &str) -> Option<f64> {
    let path = std::env::temp_dir().join(format!("ipamspec-bench-{}.lua", std::process::id()));
    let mut script = String::new();
    let kind = format!("application/soap+xml; charset=utf-8; action=\"{}\"", operation.action);
    let _ =
        write!(script, "wrk.method = 'POST'\nwrk.body = [[{envelope}]]\nwrk.headers['Content-Type'] = [[{kind}]]\n");
    std::fs::File::create(&path).and_then(|mut file| file.write_all(script.as_bytes())).expect("a script");
    let output = Command::new("wrk")
        .args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{}s", LENGTH.as_secs()), "-s"])
        .arg(&path)
        .arg(url)
        .output();
    let _ = std::fs::remove_file(&path);
    let output = String::from_utf8_lossy(&output.ok()?.stdout).into_owned();
    assert!(!output.contains("Non-2xx"), "wrk was refused: {output}");
    output.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:")?.trim().parse().ok())
}
