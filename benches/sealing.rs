//! Measures what signing and sealing costs over net.tcp: round trips a second and MB a second of sessions under NTLM beside
//! the same without protection, on one session and on 64.
//!
//! `cargo bench --bench sealing`. Client and server are of this process, each with a thread; plain and sealed take turns, and
//! the ratio is that of each pair. Whoever logs on does before the time is taken. Large messages go from client to server.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use ipamspec::{
    reference::{Addresses, Behaviour, Guard, Scenario, Server, Users},
    session::{self, Observed, Permitted, guard::plain_request},
    spec::{Effect, Operation, PortType},
    transport::{
        Identity, MessageEncoding, NetTcpOptions, NetTcpTransport, Secret, Security, SecurityMode, Session, TargetUrl,
    },
};
use tokio::runtime::{Builder, Runtime};

const SESSIONS: [usize; 2] = [1, 64];
/// What a large request holds, in bytes.
const LARGE: usize = 500_000;
const LENGTH: Duration = Duration::from_secs(1);
const PAIRS: usize = 9;
const LIMIT: Duration = Duration::from_secs(20);
const PASSWORD: &str = "only for this process";

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let serving = runtime();
    let server = serving.block_on(async {
        let users = Users::read(&format!("BENCH:bench:{PASSWORD}")).expect("a user");
        let guard = Guard { users: Some(users), required: false };
        Server::start_in(Addresses::FREE, Behaviour::default(), Scenario::Default, guard).expect("a server")
    });
    let url = TargetUrl::parse(&format!("{}/Ipam/Server", server.net_tcp_url())).expect("its address");
    let large = format!("<taskType>None</taskType><server>{}</server>", "x".repeat(LARGE));
    let requests = [("GetIpamVersion", String::new(), 1.0, "round trips"), ("StartTask", large, 0.5, "MB")];
    for (operation, body, factor, unit) in &requests {
        let request = request(operation, body, &url);
        for sessions in SESSIONS {
            println!("{unit} a second, {operation}, {sessions} sessions, {} s each:", LENGTH.as_secs());
            let mut ratios = Vec::new();
            for pair in 1..=PAIRS {
                let one = |sealed| measure(&url, &request, sessions, sealed) * factor;
                let (plain, sealed) = if pair % 2 == 1 {
                    let plain = one(false);
                    (plain, one(true))
                } else {
                    let sealed = one(true);
                    (one(false), sealed)
                };
                println!("  {pair}: plain {plain:.0}, sealed {sealed:.0}, ratio {:.3}", sealed / plain);
                ratios.push((sealed / plain, plain, sealed));
            }
            ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
            if let (Some(least), Some(median), Some(most)) = (ratios.first(), ratios.get(PAIRS / 2), ratios.last()) {
                println!(
                    "  median {:.2} ({:.2} to {:.2}); its pair: {:.0}, {:.0}",
                    median.0, least.0, most.0, median.1, median.2
                );
            }
        }
    }
    serving.block_on(server.stop());
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

fn request(name: &str, body: &str, to: &TargetUrl) -> Permitted {
    let operation = Operation::named(PortType::IIpamServer, name).expect("an operation");
    let mut outgoing = plain_request(operation, body);
    let envelope = String::from_utf8(outgoing.envelope.to_vec()).expect("text");
    outgoing.envelope = envelope.replace("http://127.0.0.1/", &to.to_string()).into();
    session::Guard::new(Effect::ALL, None).permit(outgoing).expect("a request")
}

/// Answers a second, on so many sessions side by side.
fn measure(url: &TargetUrl, request: &Permitted, sessions: usize, sealed: bool) -> f64 {
    let security = sealed.then(|| {
        Arc::new(Security {
            mode: SecurityMode::Ntlm,
            spn: "host/localhost".to_owned(),
            kdc: None,
            identity: Identity::Password {
                username: "BENCH\\bench".to_owned(),
                password: Secret::new(PASSWORD.to_owned()),
            },
            kdc_limit: LIMIT,
        })
    });
    let encoding = MessageEncoding::Binary;
    let options = NetTcpOptions {
        connect: LIMIT,
        reply: LIMIT,
        overall: LIMIT,
        reply_bytes: 1 << 20,
        idle: 0,
        encoding,
        security,
    };
    let transport = NetTcpTransport::new(options);
    let done = Arc::new(AtomicU64::new(0));
    let took = runtime().block_on(async {
        let mut open = Vec::new();
        for _ in 0..sessions {
            let mut session = transport.open(url, false);
            answer(&mut session, request).await;
            open.push(session);
        }
        let began = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for mut session in open {
            let (done, request) = (done.clone(), request.clone());
            tasks.spawn(async move {
                while began.elapsed() < LENGTH {
                    answer(&mut session, &request).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended.expect("a client that does not fail");
        }
        began.elapsed()
    });
    let done = u32::try_from(done.load(Ordering::Relaxed)).expect("fewer than four thousand million");
    f64::from(done) / took.as_secs_f64()
}

async fn answer(session: &mut Session, request: &Permitted) {
    session.send(request);
    loop {
        match session.next(LIMIT).await.what {
            Observed::Received(_) => return,
            Observed::Sent(_) | Observed::SentRecords | Observed::Accepted | Observed::Security { .. } => {}
            other => panic!("no answer: {other:?}"),
        }
    }
}
