//! Runs that log on with a ticket cache, and what they say of one that is of no use: one sentence, exit code 3, and no key in
//! anything that they print or leave.
#![cfg(feature = "security")]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    io::Read as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use ipamspec::reference::{Addresses, Behaviour, Guard, Scenario, Server, Users};

const REALM: &str = "EXAMPLE.TEST";
/// A session key that would be seen.
const KEY: &[u8; 32] = b"Key-of-the-session, never shown!";

fn data(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

fn name(kind: u8, components: &[&str]) -> Vec<u8> {
    let mut out = vec![0, 0, 0, kind, 0, 0, 0, u8::try_from(components.len()).unwrap()];
    out.extend(data(REALM.as_bytes()));
    out.extend(components.iter().flat_map(|component| data(component.as_bytes())));
    out
}

/// An element of DER with short contents.
fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    assert!(contents.len() < 0x80);
    [&[tag, u8::try_from(contents.len()).unwrap()], contents].concat()
}

/// Ticket (RFC 4120 5.3) of a ticket-granting service.
fn ticket() -> Vec<u8> {
    let text = |text: &str| der(0x1B, text.as_bytes());
    let service = [der(0xA0, &[2, 1, 2]), der(0xA1, &der(0x30, &[text("krbtgt"), text(REALM)].concat()))];
    let sealed = [der(0xA0, &[2, 1, 18]), der(0xA2, &der(4, b"sealed"))];
    let fields = [
        der(0xA0, &[2, 1, 5]),
        der(0xA1, &text(REALM)),
        der(0xA2, &der(0x30, &service.concat())),
        der(0xA3, &der(0x30, &sealed.concat())),
    ];
    der(0x61, &der(0x30, &fields.concat()))
}

/// A cache of version 4 with one ticket of alice.
fn cache(server: &[&str], encryption: u8, end: u32) -> Vec<u8> {
    let alice = name(1, &["alice"]);
    let mut out = [&[5, 4, 0, 0], alice.as_slice(), &alice, &name(2, server), &[0, encryption]].concat();
    out.extend(data(KEY));
    out.extend([1, 1, end, 0_u32].iter().flat_map(|time| time.to_be_bytes()));
    out.extend([0; 13]); // is_skey, flags, no addresses, no authorization data
    out.extend(data(&ticket()));
    out.extend(data(b""));
    out
}

/// A folder with a target file for a server that wants protection.
fn folder(name: &str, server: &Server, security: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("tickets-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let address = server.addresses().net_tcp;
    let text = format!(
        "url = \"net.tcp://{address}\"\n[endpoints]\nIIpamServer = \"/Ipam/Server\"\n[security]\nspn = \"host/h\"\n{security}\n"
    );
    std::fs::write(folder.join("target.toml"), text).unwrap();
    folder
}

/// Runs the command line in a folder: its exit code, and what it prints without line breaks.
async fn run(folder: &Path, variable: Option<&str>) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipamspec"));
    command
        .args([
            "run",
            "-vv",
            "--color",
            "never",
            "--format",
            "html,json,junit",
            "--case",
            "status/get_ipam_version_answers",
        ])
        .arg("--target")
        .arg(folder.join("target.toml"))
        .arg("--out")
        .arg(folder.join("out"))
        .env("CI", "1")
        .env_remove("KRB5CCNAME");
    if let Some(variable) = variable {
        command.env("KRB5CCNAME", variable);
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    let words = String::from_utf8_lossy(&said).split_whitespace().collect::<Vec<_>>().join(" ");
    (output.status.code().unwrap_or(-1), words)
}

fn server() -> Server {
    let guard = Guard { users: Some(Users::read("EXAMPLE:alice:Passw0rd!\n").unwrap()), required: true };
    Server::start_in(Addresses::FREE, Behaviour::default(), Scenario::Default, guard).unwrap()
}

/// Listens as a KDC, keeps what it is asked, and hangs up.
fn deaf_kdc() -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut piece = vec![0; 1 << 16];
            let length = (&stream).read(&mut piece).unwrap_or(0);
            kept.lock().unwrap().extend(piece.get(..length).unwrap());
        }
    });
    (address, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_that_is_of_no_use_ends_a_run_with_what_to_do() {
    let server = server();
    let granting = ["krbtgt", REALM];
    for (name, cache, says) in [
        ("absent", None, "it is not there; get a ticket with `kinit`"),
        ("none", Some(b"[libdefaults]".to_vec()), "the file is no ticket cache of version 3 or 4"),
        ("service", Some(cache(&["host", "h"], 18, u32::MAX)), "only one for host/h; get one with `kinit`"),
        (
            "expired",
            Some(cache(&granting, 18, 1_000_000_000)),
            "its ticket expired at 2001-09-09T01:46:40Z; get another",
        ),
        ("old", Some(cache(&granting, 23, u32::MAX)), "its session key is of the encryption type 23"),
    ] {
        let folder = folder(name, &server, "ticket_cache = \"cc\"\nkdc = \"127.0.0.1:1\"");
        if let Some(cache) = cache {
            std::fs::write(folder.join("cc"), cache).unwrap();
        }
        let (code, said) = run(&folder, None).await;
        assert_eq!(code, 3, "{said}");
        assert!(said.contains("nobody logs on with the ticket cache") && said.contains(says), "{name}: {said}");
    }
    let folder = folder("kind", &server, "ticket_cache = true");
    let (code, said) = run(&folder, Some("KEYRING:persistent:0")).await;
    assert_eq!(code, 3, "{said}");
    assert!(
        said.contains("nobody logs on with the usual ticket cache: its kind is KEYRING, and only files are read"),
        "{said}"
    );
    server.stop().await;
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    entries
        .flat_map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { vec![entry.path()] })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_in_nothing_that_a_run_says_leaves_or_sends() {
    let server = server();
    let (kdc, asked) = deaf_kdc();
    let folder = folder("key", &server, &format!("mode = \"negotiate\"\nticket_cache = true\nkdc = \"{kdc}\""));
    // Beside the folder of what the run leaves.
    let path = folder.with_extension("cc");
    let tomorrow = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 86_400;
    std::fs::write(&path, cache(&["krbtgt", REALM], 18, u32::try_from(tomorrow).unwrap())).unwrap();
    let (code, said) = run(&folder, Some(&format!("FILE:{}", path.display()))).await;
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("check `kdc` or krb5.conf"), "{said}");
    let asked = asked.lock().unwrap().clone();
    assert!(asked.get(4) == Some(&0x6C), "the KDC is asked for a ticket of the service (TGS-REQ)");
    let hex = KEY.map(|octet| format!("{octet:02x}")).concat();
    let list = format!("{KEY:?}");
    let list = list.trim_matches(['[', ']']);
    let shows = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        [std::str::from_utf8(KEY).unwrap(), &hex, &hex.to_uppercase(), list].iter().any(|key| text.contains(*key))
    };
    assert!(shows(&std::fs::read(&path).unwrap()), "it would be seen");
    assert!(!shows(said.as_bytes()) && !shows(&asked));
    let files = files_below(&folder);
    assert!(files.iter().any(|file| file.ends_with("events.jsonl")), "{files:?}");
    for file in files {
        assert!(!shows(&std::fs::read(&file).unwrap()), "in {}", file.display());
    }
    server.stop().await;
}
