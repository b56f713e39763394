//! Measures start-up to the first request, and requests a second with each reply parsed and checked, beside `wrk`
//! against the same server with the same request.
//!
//! `cargo bench --bench requests`. The server, `ipamspec serve`, is a process of its own, and so is either client, which
//! take turns: the ratio is that of each pair. They run as on two machines, the server on one processor and the client
//! on another (with `taskset`), and then wherever the system puts them, where client and server take time from each
//! other. Without `wrk` on the PATH only our own figures are printed.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod machine;

use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::TcpListener,
    process::{Command, Stdio},
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

use machine::{Place, Ratios, Reference};

/// What is asked.
const OPERATION: &str = "GetIpamVersion";
const CONNECTIONS: usize = 64;
const LENGTH: Duration = Duration::from_secs(1);
const PAIRS: usize = 15;
const MESSAGE_ID: &str = "urn:uuid:0438627c-633b-8536-a46c-31d195c8d51e";
/// The word before the address, where this process is started as the client.
const CLIENT: &str = "--client";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some([url, ..]) = machine::after(&arguments, CLIENT) {
        println!("{:.1}", ask(url));
        return;
    }
    // `cargo test --benches` only wants to know that it builds.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    start_up();
    for (placed, apart) in
        [("server and client each on its own processor", true), ("wherever the system puts them", false)]
    {
        println!("requests a second, {CONNECTIONS} connections, {} s each, {placed}:", LENGTH.as_secs());
        compare(Place { apart });
    }
}

fn compare(place: Place) {
    let server = Reference::start(place, "http://");
    let ours = || place.client(&[CLIENT, &server.url]);
    let mut ratios = Ratios::default();
    for number in 1..=PAIRS {
        // Each goes first as often as the other.
        let ((ours, theirs), disturbed) = machine::pair(Duration::from_mins(1), || {
            if number % 2 == 1 {
                let ours = ours();
                (ours, wrk(place, &server.url))
            } else {
                let theirs = wrk(place, &server.url);
                (ours(), theirs)
            }
        });
        let note = if disturbed { "; something else ran as well" } else { "" };
        match theirs {
            None => println!("  {number}: ipamspec {ours:.0}; wrk is not installed"),
            Some(theirs) => {
                println!("  {number}: ipamspec {ours:.0}, wrk {theirs:.0}, ratio {:.3}{note}", ours / theirs);
                ratios.add(disturbed, ours / theirs);
            }
        }
    }
    ratios.print();
}

/// Requests a second of `wrk`, which reads replies and checks nothing.
fn wrk(place: Place, url: &str) -> Option<f64> {
    let operation = operation();
    let path = std::env::temp_dir().join(format!("ipamspec-bench-{}.lua", std::process::id()));
    let mut script = String::new();
    let kind = format!("application/soap+xml; charset=utf-8; action=\"{}\"", operation.action);
    let _ = write!(
        script,
        "wrk.method = 'POST'\nwrk.body = [[{}]]\nwrk.headers['Content-Type'] = [[{kind}]]\n",
        envelope(url)
    );
    std::fs::File::create(&path).and_then(|mut file| file.write_all(script.as_bytes())).expect("a script");
    let output = place
        .command("1", "wrk")
        .args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{}s", LENGTH.as_secs()), "-s"])
        .arg(&path)
        .arg(url)
        .output();
    let _ = std::fs::remove_file(&path);
    let output = String::from_utf8_lossy(&output.ok()?.stdout).into_owned();
    assert!(!output.contains("Non-2xx"), "wrk was refused: {output}");
    output.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:")?.trim().parse().ok())
}

fn operation() -> &'static Operation {
    Operation::named(PortType::IIpamServer, OPERATION).expect("the operation")
}

fn envelope(url: &str) -> String {
    soap::write::request(operation(), operation().action, MESSAGE_ID, soap::write::Route::to(url), "")
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

/// Requests a second: each reply is parsed, held against the contract, and must be the operation's.
fn ask(url: &str) -> f64 {
    let operation = operation();
    let envelope = envelope(url).into();
    let url = TargetUrl::parse(url).expect("the server's address");
    let limit = Duration::from_secs(10);
    let options = HttpOptions { connect: limit, reply: limit, overall: limit, reply_bytes: 1 << 20, ca_pem: None };
    let done = Arc::new(AtomicU64::new(0));
    let outgoing =
        Outgoing { action: Some(operation.action.to_owned()), message_id: Some(MESSAGE_ID.to_owned()), envelope };
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
