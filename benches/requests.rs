//! Measures start-up to the first request, and requests a second with each reply parsed and checked, beside `wrk`
//! against the same server with the same request.
//!
//! `cargo bench --bench requests`. The server, `ipamspec serve`, is a process of its own, and so is either client, which
//! take turns: the ratio is that of each pair. They run as on two machines, the server on one processor and the client
//! on another (with `taskset`), and then wherever the system puts them, where client and server take time from each
//! other. Without `wrk` on the PATH only our own figures are printed.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    path::PathBuf,
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
    if let Some(url) = arguments.iter().skip_while(|argument| *argument != CLIENT).nth(1) {
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
        let place = Place { apart };
        println!("requests a second, {CONNECTIONS} connections, {} s each, {placed}:", LENGTH.as_secs());
        place.compare();
    }
}

/// Where the processes run.
#[derive(Clone, Copy)]
struct Place {
    /// The server on the first processor, the client on the second.
    apart: bool,
}

impl Place {
    fn command(self, processor: &str, program: impl Into<PathBuf>) -> Command {
        let program = program.into();
        if !self.apart {
            return Command::new(program);
        }
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", processor]).arg(program);
        command
    }

    fn compare(self) {
        let server = Server::start(self);
        let mut ratios = Vec::new();
        for pair in 1..=PAIRS {
            wait_for_quiet();
            // Each goes first as often as the other.
            let (ours, theirs) = if pair % 2 == 1 {
                let ours = self.ours(&server.url);
                (ours, self.wrk(&server.url))
            } else {
                let theirs = self.wrk(&server.url);
                (self.ours(&server.url), theirs)
            };
            let disturbed = !is_quiet();
            let note = if disturbed { "; something else ran as well" } else { "" };
            match theirs {
                None => println!("  {pair}: ipamspec {ours:.0}; wrk is not installed"),
                Some(theirs) => {
                    println!("  {pair}: ipamspec {ours:.0}, wrk {theirs:.0}, ratio {:.3}{note}", ours / theirs);
                    ratios.push((disturbed, ours / theirs));
                }
            }
        }
        // What else ran took its time from one of the two more than from the other.
        if ratios.iter().filter(|(disturbed, _)| !disturbed).count() >= 5 {
            ratios.retain(|(disturbed, _)| !disturbed);
        }
        let mut ratios: Vec<f64> = ratios.into_iter().map(|(_, ratio)| ratio).collect();
        ratios.sort_by(f64::total_cmp);
        if let (Some(least), Some(median), Some(most)) =
            (ratios.first(), ratios.get(ratios.len().saturating_sub(1) / 2), ratios.last())
        {
            println!("  median ratio of {}: {median:.3} (from {least:.3} to {most:.3})", ratios.len());
        }
    }

    /// Requests a second of our own client.
    fn ours(self, url: &str) -> f64 {
        let this = std::env::current_exe().expect("a program that runs");
        let output = self.command("1", this).args([CLIENT, url]).stderr(Stdio::inherit()).output().expect("the client");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
    }

    /// Requests a second of `wrk`, which reads replies and checks nothing.
    fn wrk(self, url: &str) -> Option<f64> {
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
        let output = self
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
}

/// Waits, for a minute at most, until the machine does nothing else.
fn wait_for_quiet() {
    let until = Instant::now() + Duration::from_mins(1);
    while !is_quiet() && Instant::now() < until {}
}

/// Whether the machine did next to nothing for a moment; taken for granted where there is no `/proc/stat`.
fn is_quiet() -> bool {
    let idle_and_all = || {
        let text = std::fs::read_to_string("/proc/stat").ok()?;
        let times: Vec<f64> = text.lines().next()?.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        Some((*times.get(3)?, times.iter().take(8).sum::<f64>()))
    };
    let before = idle_and_all();
    std::thread::sleep(Duration::from_millis(200));
    let (Some((idle, all)), Some((later, all_later))) = (before, idle_and_all()) else { return true };
    later - idle > 0.9 * (all_later - all)
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

struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(place: Place) -> Self {
        let mut child = place
            .command("0", env!("CARGO_BIN_EXE_ipamspec"))
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
