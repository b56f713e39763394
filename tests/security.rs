//! Our client and our reference server with sessions that are protected: two readings of NTLM and SPNEGO, one of them
//! `sspi`'s. What is on the wire, what is refused, and what a peer between them can do.
#![cfg(feature = "security")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use ipamspec::{
    reference::{Addresses, Behaviour, Guard, Scenario, Server, Users},
    session::{self, End, Observed, Permitted, guard::plain_request},
    spec::{Effect, Operation, PortType},
    transport::{MessageEncoding, NetTcpOptions, NetTcpTransport, Secret, Security, SecurityMode, TargetUrl},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

const USERS: &str = "EXAMPLE:alice:Passw0rd!\nEXAMPLE:bob:bobs:ipam-user\nEXAMPLE:eve:eves:nobody\n\
                     EXAMPLE:locked:l:locked-out\nEXAMPLE:gone:g:disabled\n";
const LIMIT: Duration = Duration::from_secs(20);

fn server(required: bool) -> Server {
    let guard = Guard { users: Some(Users::read(USERS).unwrap()), required };
    Server::start_in(Addresses::FREE, Behaviour::default(), Scenario::Default, guard).unwrap()
}

fn transport(mode: Option<SecurityMode>, username: &str, password: &str) -> NetTcpTransport {
    let security = mode.map(|mode| {
        Arc::new(Security {
            mode,
            spn: "host/127.0.0.1".to_owned(),
            kdc: None,
            username: username.to_owned(),
            password: Secret::new(password.to_owned()),
            kdc_limit: LIMIT,
        })
    });
    let encoding = MessageEncoding::Binary;
    NetTcpTransport::new(NetTcpOptions {
        connect: LIMIT,
        reply: LIMIT,
        overall: LIMIT,
        reply_bytes: 1 << 20,
        idle: 2,
        encoding,
        security,
    })
}

fn alice() -> NetTcpTransport {
    transport(Some(SecurityMode::Ntlm), r"EXAMPLE\alice", "Passw0rd!")
}

fn url(address: SocketAddr) -> TargetUrl {
    TargetUrl::parse(&format!("net.tcp://{address}/Ipam/Server")).unwrap()
}

fn request(name: &str, body: &str, to: &TargetUrl) -> Permitted {
    let operation = Operation::named(PortType::IIpamServer, name).unwrap();
    let mut outgoing = plain_request(operation, body);
    let envelope = String::from_utf8(outgoing.envelope.to_vec()).unwrap();
    outgoing.envelope = envelope.replace("http://127.0.0.1/", &to.to_string()).into();
    session::Guard::new(Effect::ALL, None).permit(outgoing).unwrap()
}

async fn ask(transport: &NetTcpTransport, address: SocketAddr) -> Observed {
    let url = url(address);
    transport.exchange_fresh(&url, &request("GetIpamVersion", "", &url)).await.answer
}

/// Why a session was refused.
fn refusal(observed: &Observed) -> &str {
    match observed {
        Observed::Ended(End::SecurityRefused { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

/// Carries a connection, changes what the client sends, and keeps what passes.
async fn between(server: SocketAddr, change: fn(usize, &mut Vec<u8>)) -> (SocketAddr, Arc<Mutex<[Vec<u8>; 2]>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let passed = Arc::new(Mutex::new([Vec::new(), Vec::new()]));
    let kept = Arc::clone(&passed);
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(server).await.unwrap();
        let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
            (client.into_split(), server.into_split());
        let back = Arc::clone(&kept);
        tokio::spawn(async move {
            let mut piece = vec![0; 1 << 16];
            while let Ok(length @ 1..) = from_server.read(&mut piece).await {
                back.lock().unwrap()[1].extend(&piece[..length]);
                if to_client.write_all(&piece[..length]).await.is_err() {
                    return;
                }
            }
        });
        let mut number = 0;
        let mut piece = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from_client.read(&mut piece).await {
            let mut bytes = piece[..length].to_vec();
            change(number, &mut bytes);
            number += 1;
            kept.lock().unwrap()[0].extend(&bytes);
            if to_server.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    (address, passed)
}

fn holds(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_session_is_served_and_nothing_of_it_is_read_on_the_way() {
    let server = server(true);
    for mode in [SecurityMode::Ntlm, SecurityMode::Negotiate] {
        let (address, passed) = between(server.addresses().net_tcp, |_, _| {}).await;
        let observed = ask(&transport(Some(mode), r"EXAMPLE\alice", "Passw0rd!"), address).await;
        assert!(matches!(observed, Observed::Received(_)), "{mode:?}: {observed:?}");
        let [sent, received] = &*passed.lock().unwrap();
        assert!(holds(sent, "application/negotiate"));
        for plain in ["GetIpamVersion", "Microsoft.Windows.Ipam", "Passw0rd!"] {
            assert!(!holds(sent, plain) && !holds(received, plain), "{plain} is on the wire");
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_messages_of_any_size_pass_on_one_session() {
    let server = server(true);
    let url = url(server.addresses().net_tcp);
    let mut session = alice().open(&url, false);
    for size in [0, 1, 10, 1_000, 60_000, 70_000, 300_000, 5, 5, 5] {
        let body = format!("<taskType>Discovery</taskType><server>{}</server>", "x".repeat(size));
        session.send(&request("StartTask", &body, &url));
        loop {
            match session.next(LIMIT).await.what {
                Observed::Received(_) => break,
                Observed::Sent(_) | Observed::SentRecords | Observed::Security { .. } | Observed::Accepted => {}
                other => panic!("{size}: {other:?}"),
            }
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_told_apart_with_what_to_check() {
    let server = server(true);
    let address = server.addresses().net_tcp;
    let probes = [
        (r"EXAMPLE\alice", "wrong", "check `username` with its domain, and the password"),
        (r"EXAMPLE\mallory", "Passw0rd!", "check `username` with its domain, and the password"),
        (r"EXAMPLE\locked", "l", "the account is locked out"),
        (r"EXAMPLE\gone", "g", "the account is disabled"),
    ];
    for (name, password, says) in probes {
        let observed = ask(&transport(Some(SecurityMode::Ntlm), name, password), address).await;
        let reason = refusal(&observed);
        assert!(reason.contains(says), "{name}: {reason}");
        assert!(!reason.contains(password) || password.len() == 1, "{reason}");
    }
    let observed = ask(&transport(None, "", ""), address).await;
    assert!(matches!(observed, Observed::Ended(_)), "without the upgrade: {observed:?}");
    server.stop().await;

    let plain = Server::start(Addresses::FREE, Behaviour::default()).unwrap();
    let observed = ask(&alice(), plain.addresses().net_tcp).await;
    assert!(refusal(&observed).contains("refuses the upgrade"), "{observed:?}");
    plain.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_altered_on_the_way_ends_the_session_unanswered() {
    let server = server(true);
    let (address, _) = between(server.addresses().net_tcp, |_, bytes| {
        // The last octet of what is no preamble and no message of the handshake.
        if bytes.first().is_some_and(|first| !matches!(first, 0 | 0x14..=0x16))
            && let Some(last) = bytes.last_mut()
        {
            *last ^= 1;
        }
    })
    .await;
    let observed = ask(&alice(), address).await;
    assert!(matches!(observed, Observed::Ended(End::Closed | End::Reset)), "{observed:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_may_do_what_the_role_allows() {
    let server = server(true);
    let url = url(server.addresses().net_tcp);
    let start = request("StartTask", "<taskType>Discovery</taskType><server>s</server>", &url);
    let read = request("GetIpamVersion", "", &url);
    for (name, password, reads, starts) in
        [("alice", "Passw0rd!", true, true), ("bob", "bobs", true, false), ("eve", "eves", false, false)]
    {
        let transport = transport(Some(SecurityMode::Ntlm), &format!(r"EXAMPLE\{name}"), password);
        for (request, allowed) in [(&read, reads), (&start, starts)] {
            let observed = transport.exchange_fresh(&url, request).await.answer;
            let Observed::Received(received) = observed else { panic!("{name}: {observed:?}") };
            assert_eq!(received.shown().contains("IpamApiAccessDenied"), !allowed, "{name}: {}", received.shown());
        }
    }
    server.stop().await;
}
