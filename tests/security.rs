//! Our client and our reference server with sessions that are protected: two readings of NTLM and SPNEGO, one of them
//! `sspi`'s. What is on the wire, what is refused, and what a peer between them can do.
#![cfg(feature = "security")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use ipamspec::{
    reference::{Addresses, Behaviour, Guard, Scenario, Server, Users},
    session::{self, End, Observed, Permitted, guard::plain_request},
    spec::{Effect, Operation, PortType},
    transport::{Identity, MessageEncoding, NetTcpOptions, NetTcpTransport, Secret, Security, SecurityMode, TargetUrl},
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
            identity: Identity::Password { username: username.to_owned(), password: Secret::new(password.to_owned()) },
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
        Observed::Ended(End::SecurityRefused { reason } | End::LogOnRefused { reason }) => reason,
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

/// A target file for a server, and what it needs of the environment.
fn target_file(name: &str, address: SocketAddr, mode: &str, more: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("security-{name}"));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("target.toml");
    let log_on =
        if mode == "none" { "" } else { "username = 'EXAMPLE\\alice'\npassword = { env = \"IPAM_TEST_PASSWORD\" }\n" };
    let text = format!(
        "url = \"net.tcp://{address}\"\n[endpoints]\nIIpamServer = \"/Ipam/Server\"\n[security]\nmode = \"{mode}\"\n{log_on}{more}"
    );
    std::fs::write(&file, text).unwrap();
    file
}

/// Runs the command line, and gives its exit code and all that it prints.
async fn command(password: &'static str, file: PathBuf, arguments: &'static [&'static str]) -> (i32, String) {
    let run = move || {
        let out = file.with_file_name("out");
        let _ = std::fs::remove_dir_all(&out);
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_ipamspec"))
            .args(["run", "--color", "never", "--target"])
            .arg(&file)
            .arg("--out")
            .arg(out)
            .args(arguments)
            .env("IPAM_TEST_PASSWORD", password)
            .env("CI", "1")
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

/// Text without its line breaks, which depend on how wide the screen is.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Takes the upgrade of whoever comes, and answers the first token with these bytes.
async fn answering(bytes: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let bytes = bytes.clone();
            tokio::spawn(async move {
                let mut piece = vec![0; 1 << 16];
                let mut came = Vec::new();
                while !holds(&came, "application/negotiate") {
                    let length = stream.read(&mut piece).await.unwrap_or(0);
                    if length == 0 {
                        return;
                    }
                    came.extend(&piece[..length]);
                }
                let _ = stream.write_all(&[0x0A]).await;
                let _ = stream.read(&mut piece).await;
                let _ = stream.write_all(&bytes).await;
                while matches!(stream.read(&mut piece).await, Ok(1..)) {}
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_ends_a_run_with_exit_code_3_and_one_message() {
    const ASKS: &[&str] = &["--case", "status/get_ipam_version_answers"];
    let error = |code: u32| [&[0x15, 1, 0, 0, 8, 0, 0, 0, 0], code.to_be_bytes().as_slice()].concat();
    // A CHALLENGE_MESSAGE whose flags grant neither signing nor sealing ([MS-NLMP] 2.2.1.2).
    let challenge = b"NTLMSSP\0\x02\0\0\0\0\0\0\0\0\0\0\0\x05\x02\x08\0".as_slice();
    let level = [&[0x16, 1, 0, 0, u8::try_from(challenge.len()).unwrap()], challenge].concat();
    let scripted = [
        ("clock", error(0x8009_0324), "the clocks differ too much"),
        ("spn", error(0x8009_0303), "check `spn`"),
        ("expired", error(0x532), "has expired"),
        ("protection", error(0x6FE), "asks for another protection or impersonation level"),
        ("level", level, "does not grant signing and sealing"),
        ("nothing", b"GET / HTTP/1.1".to_vec(), "is not NegotiateStream"),
    ];
    for (name, bytes, says) in scripted {
        let file = target_file(name, answering(bytes).await, "ntlm", "");
        let (code, said) = command("Passw0rd!", file, ASKS).await;
        let said = unwrapped(&said);
        assert_eq!(code, 3, "{name}: {said}");
        assert!(said.contains(says), "{name}: {said}");
        assert!(!said.contains("Caused by") && !said.contains("RUST_BACKTRACE"), "{said}");
    }
    let server = server(true);
    let address = server.addresses().net_tcp;
    let known = [
        ("wrong", r"EXAMPLE\alice", "wrong", "check `username` with its domain, and the password"),
        ("locked", r"EXAMPLE\locked", "l", "the account is locked out"),
        ("gone", r"EXAMPLE\gone", "g", "the account is disabled"),
    ];
    for (name, user, password, says) in known {
        let file = target_file(name, address, "ntlm", "");
        let text = std::fs::read_to_string(&file).unwrap().replace(r"EXAMPLE\alice", user);
        std::fs::write(&file, text).unwrap();
        let (code, said) = command(password, file, ASKS).await;
        assert_eq!(code, 3, "{name}: {said}");
        assert!(unwrapped(&said).contains(says), "{name}: {said}");
    }
    server.stop().await;
    let plain = Server::start(Addresses::FREE, Behaviour::default()).unwrap();
    let file = target_file("upgrade", plain.addresses().net_tcp, "ntlm", "");
    let (code, said) = command("Passw0rd!", file, ASKS).await;
    assert_eq!(code, 3, "{said}");
    assert!(unwrapped(&said).contains("refuses the upgrade application/negotiate"), "{said}");
    plain.stop().await;
}

/// How a secret may be written: as it is, in UTF-16 as tokens have it, in hexadecimal digits.
fn writings(secret: &str) -> Vec<Vec<u8>> {
    let wide: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let digits = |bytes: &[u8]| bytes.iter().flat_map(|octet| format!("{octet:02x}").into_bytes()).collect::<Vec<u8>>();
    vec![secret.as_bytes().to_vec(), digits(secret.as_bytes()), digits(&wide), wide]
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { vec![entry.path()] })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_in_nothing_that_a_run_says_or_leaves() {
    const LOUD: &[&str] =
        &["-vv", "--case", "status/*", "--case", "security/*", "--allow", "disrupt", "--format", "html,json,junit,tap"];
    let server = server(true);
    for (name, password) in [("right", "Passw0rd!"), ("not", "N0tThePassw0rd!")] {
        let file = target_file(&format!("secret-{name}"), server.addresses().net_tcp, "ntlm", "");
        let folder = file.parent().unwrap().to_owned();
        let (_, said) = command(password, file, LOUD).await;
        let files = files_below(&folder);
        assert!(files.iter().any(|file| file.ends_with("events.jsonl")), "{said}\n{files:?}");
        for secret in writings(password) {
            let there = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret);
            assert!(!there(said.as_bytes()), "{name}: printed");
            for file in &files {
                assert!(!there(&std::fs::read(file).unwrap()), "{name}: in {}", file.display());
            }
        }
        // Tokens are not shown either.
        assert!(!said.contains("NTLMSSP"), "{said}");
    }
    server.stop().await;
    let security = Security {
        mode: SecurityMode::Ntlm,
        spn: "host/h".to_owned(),
        kdc: None,
        identity: Identity::Password { username: "u".to_owned(), password: Secret::new("Passw0rd!".to_owned()) },
        kdc_limit: LIMIT,
    };
    let panicked = std::panic::catch_unwind(|| panic!("{security:?}")).unwrap_err();
    assert!(!panicked.downcast_ref::<String>().unwrap().contains("Passw0rd!"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_protection_says_so_first() {
    let server = Server::start(Addresses::FREE, Behaviour::default()).unwrap();
    let file = target_file("none", server.addresses().net_tcp, "none", "");
    let (code, said) = command("", file, &["--case", "status/get_ipam_version_answers"]).await;
    assert_eq!(code, 0, "{said}");
    let said = unwrapped(&said);
    let first = said.split("skip").next().unwrap();
    assert!(first.contains("security none: the claim is partial at most"), "{said}");
    assert!(said.contains("claim: partial — no transport security: [MS-IPAMM2] 2.1 asks for EncryptAndSign"), "{said}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_of_roles_run_where_the_target_file_names_the_users() {
    const ROLES: &[&str] = &[
        "--case",
        "security/refuses_the_version_to_users_without_a_role",
        "--case",
        "security/starts_no_task_for_others/*",
    ];
    let server = server(true);
    let address = server.addresses().net_tcp;
    let file = target_file("roles", address, "ntlm", "[allow]\neffects = [\"read\", \"start-task\"]\n");
    let (code, said) = command("Passw0rd!", file.clone(), ROLES).await;
    assert_eq!(code, 3, "{said}");
    assert!(unwrapped(&said).contains("no [[security.user]] of the role nobody"), "{said}");
    for (role, name, password) in
        [("nobody", "eve", "eves"), ("ipam-user", "bob", "bobs"), ("ipam-administrator", "alice", "Passw0rd!")]
    {
        let secret = file.with_file_name(format!("{name}.txt"));
        std::fs::write(secret, password).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        let user = format!(
            "[[security.user]]\nrole = \"{role}\"\nusername = 'EXAMPLE\\{name}'\npassword = {{ file = \"{name}.txt\" }}\n"
        );
        std::fs::write(&file, format!("{text}{user}")).unwrap();
    }
    let (code, said) = command("Passw0rd!", file, ROLES).await;
    assert_eq!(code, 0, "{said}");
    assert!(unwrapped(&said).contains("0 fail, 0 warn, 0 inconclusive"), "{said}");
    server.stop().await;
}
