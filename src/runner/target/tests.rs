//! Tests of target files: what they may say, what stands in for the rest, and that no secret is ever shown.

use proptest::prelude::*;

use super::*;
use crate::transport::TicketCache;

fn load(text: &str, sets: &[&str]) -> Result<Target, Mistakes> {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    Target::load(&SourceFile::new("targets/contoso.toml", text), &sets)
}

/// The mistakes: file, line, message.
fn told(text: &str, sets: &[&str]) -> Vec<String> {
    let Err(mistakes) = load(text, sets) else { return Vec::new() };
    let rendered = mistakes.render(false) + &mistakes.render(true);
    assert!(!rendered.contains("hunter2"), "{rendered}");
    mistakes.iter().map(|mistake| format!("{}:{}: {}", mistake.file.path, mistake.line(), mistake.message)).collect()
}

const URL: &str = "url = \"http://ipam.contoso.example:8080\"\n";

#[test]
fn everything_that_a_file_may_say_is_read() {
    let target = load(
        r#"
name = "Contoso IPAM 4.2"
url = "https://ipam.contoso.example:8443"
lacks = ["CreateDnsZone"]
[endpoints]
IIpamServer = "/Ipam/Server"
IIpamOperationWithProgress = "/Ipam/OperationWithProgress"
[security]
ca_file = "ca.pem"
[timing]
connect = "1s"
reply = "2s"
quiescence = "100ms"
operation = "1m"
inactivity = "45s"
scale = 2
[allow]
effects = ["read", "start-task"]
tasks = ["Discovery"]
[limits]
sessions = 2
rate = 5
reply_bytes = 65536
[callback]
listen = "127.0.0.1:0"
public = "http://me.example/callback"
[vars]
dhcp_server_record_id = 0x11
name = "a b"
flag = true
ratio = 1.5
[snapshots]
dir = "faults"
"#,
        &[],
    )
    .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!(target.name, "Contoso IPAM 4.2");
    let endpoint = target.endpoint(PortType::IIpamServer).unwrap().to_string();
    assert_eq!(endpoint, "https://ipam.contoso.example:8443/Ipam/Server");
    assert_eq!(target.lacks, ["CreateDnsZone"]);
    assert_eq!(target.ca_file.as_deref(), Some(Path::new("targets/ca.pem")));
    assert_eq!(target.timing.connect, Duration::from_secs(2));
    assert_eq!(target.timing.inactivity, Some(Duration::from_secs(90)));
    assert_eq!(target.timing.scaled(Duration::from_secs(1)), Duration::from_secs(2));
    assert!(target.allow.permits(Effect::StartTask) && !target.allow.permits(Effect::Write));
    assert!(target.allow.permits_task("Discovery") && !target.allow.permits_task("Audit"));
    assert_eq!(target.limits, Limits { sessions: 2, rate: Some(5), reply_bytes: 65_536 });
    assert_eq!(target.callback.unwrap().public.unwrap().to_string(), "http://me.example/callback");
    let vars: Vec<_> = target.vars.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(vars, ["dhcp_server_record_id=17", "flag=true", "name=a b", "ratio=1.5"]);
    assert_eq!(target.snapshots.as_deref(), Some(Path::new("targets/faults")));
}

#[test]
fn defaults_are_gentle_beyond_the_loopback() {
    let far = load(URL, &[]).unwrap();
    assert_eq!(far.name, "ipam.contoso.example:8080");
    assert_eq!(far.limits, Limits { sessions: 4, rate: Some(20), reply_bytes: 1 << 20 });
    assert_eq!(far.timing.reply, Duration::from_secs(10));
    assert_eq!((far.timing.quiescence, far.timing.inactivity), (Duration::from_millis(500), None));
    assert!(far.allow.permits(Effect::Read) && !far.allow.permits(Effect::StartTask));
    assert!(far.allow.permits_task("Audit"));
    assert_eq!(far.snapshots.as_deref(), Some(Path::new("targets/snapshots/contoso")));
    for url in ["http://localhost:1/x", "http://127.0.0.1:1/x", "http://[::1]:1/x"] {
        let near = Target::from_url(url, &[]).unwrap();
        assert_eq!(near.limits, Limits { sessions: 32, rate: None, reply_bytes: 1 << 20 });
        assert_eq!(near.endpoint(PortType::IIpamServer).unwrap().to_string(), url);
        assert_eq!(near.snapshots, None);
    }
    let bare = Target::from_url("http://a.example", &[]).unwrap();
    assert_eq!(bare.endpoint(PortType::IIpamServer).unwrap().to_string(), "http://a.example/");
}

#[test]
fn what_is_set_stands_in_place_of_the_file() {
    let file = format!("{URL}[timing]\nreply = \"1s\"\n[allow]\neffects = [\"write\"]\n[vars]\na = 1\nb = 2\n");
    let sets = [
        "url=http://127.0.0.1:9",
        "timing.reply=3s",
        "timing.scale=0.5",
        "allow.effects=[\"start-task\"]",
        "vars.b=two words",
        "vars.c=2024-04-23",
        "limits.sessions=7",
        "name=\"quoted\"",
    ];
    let target = load(&file, &sets).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!((target.name.as_str(), target.url.port()), ("quoted", 9));
    assert_eq!(target.timing.reply, Duration::from_millis(1_500));
    assert!(target.allow.permits(Effect::StartTask) && !target.allow.permits(Effect::Write));
    assert_eq!(target.vars.values().collect::<Vec<_>>(), ["1", "two words", "2024-04-23"]);
    assert_eq!((target.limits.sessions, target.limits.rate), (7, None));
}

#[test]
fn what_cannot_be_set_is_told() {
    for (set, says) in [
        ("security.password=hunter2", "a secret is not set on the command line"),
        ("security.password.value=\"hunter2\"", "a secret is not set on the command line"),
        ("vars.api_token=hunter2", "a secret is not set on the command line"),
        ("password hunter2", "a secret is not set on the command line"),
        ("url=http://a:hunter2@host", "a user or a password in a URL"),
        ("timing.reply", "a setting is a key and a value"),
        ("timing..reply=5s", "words joined by"),
        ("timing.reply=soon", "`soon` is not a duration"),
        ("timing.replay=5s", "means nothing in [timing]"),
        ("limits.rate=0", "out of range"),
        ("allow.effects=read", "must be an array of strings"),
    ] {
        let told = told(URL, &[set]);
        assert!(told.iter().any(|told| told.starts_with("--set:1: ") && told.contains(says)), "{set}: {told:?}");
    }
    assert!(!told(URL, &["timing.reply=1s", "timing.reply=2s"]).is_empty(), "a key is set once");
}

#[test]
fn every_mistake_of_a_file_is_told_and_no_secret_shown() {
    let text = r#"nmae = "Contoso"
url = "http://alice:hunter2@ipam.contoso.example"
product = "windows-server-2019"
lacks = ["Create DnsZone"]
[endpoints]
IIpamServr = "/x"
IIpamEnumerator = "Ipam/Enumerator"
[security]
mode = "ntlm"
password = "hunter2"
[timing]
reply = 10
operation = "0s"
scale = 0.0
[allow]
effects = ["start_task"]
tasks = ["None"]
[limits]
sessions = -1
[callback]
listen = "localhost:80"
[vars]
Record = 1
record = [1]
"#;
    let mistakes = load(text, &[]).unwrap_err();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../../../snapshots" }, {
        insta::assert_snapshot!("target_mistakes", mistakes);
    });
    assert!(!told(text, &[]).is_empty());
}

#[test]
fn what_only_holds_together_is_told() {
    let with = |more: &str| told(&format!("{URL}{more}"), &[]).join("\n");
    assert!(with("[security]\nmode = \"none\"").contains("`mode` is for net.tcp"));
    assert!(with("[security]\n").contains("[security] says nothing"));
    assert!(with("[security]\nca_file = \"x\"").contains("`ca_file` is for https"));
    assert!(with("[security]\npassword = { env = \"A\" }").contains("`password` is for net.tcp"));
    assert!(with("[endpoints]\nIIpamEnumerator = \"/x\"").contains("`IIpamServer` is missing"));
    let ports = "url = \"http://a\"\n[endpoints]\nIIpamServer = \"/y\"\nIIpamOperationWithProgress = \"http://A:81/z\"";
    let target = load(ports, &[]).unwrap();
    assert_eq!(target.endpoint(PortType::IIpamServer).unwrap().to_string(), "http://a/y");
    assert_eq!(target.endpoint(PortType::IIpamOperationWithProgress).unwrap().to_string(), "http://a:81/z");
    for elsewhere in ["http://b/y", "https://ipam.contoso.example/y"] {
        let told = with(&format!("[endpoints]\nIIpamServer = \"{elsewhere}\""));
        assert!(told.contains("another scheme or host"), "{told}");
    }
    assert!(with("[endpoints]\nIIpamServer = \"ftp://a/y\"").contains("the URL of IIpamServer is none"));
    assert!(with("product = \"a\"\nlacks = []").contains("`product` says"));
    assert!(told("", &[]).join("").contains("`url` is missing"));
    assert!(told("", &["url=http://a"]).is_empty());
    assert!(told("url = \"net.tcp://a:1\"", &[]).join("").contains("nothing says who logs on"));
    let protected = "url = \"net.tcp://a:1\"\n[security]\nmode = \"negotiate\"\nusername = \"a\"\nspn = \"host/a\"";
    assert!(told(protected, &["security.mode=none"]).is_empty());
    let path = "url = \"http://a/x\"\n[endpoints]\nIIpamServer = \"/y\"";
    assert!(told(path, &[]).join("").contains("the URL has a path"));
    assert!(with("[vars]\na = \"\\u0001\"").contains("characters that XML cannot hold"));
}

#[test]
fn a_password_is_hidden_however_the_file_is_broken() {
    for text in [
        "[security]\npassword = \"hunter2",
        "[security]\npassword = \"hunter2\" mode = 1",
        "security = { password = \"hunter2\", mdoe = \"ntlm\" }",
        "[security]\npassword = { value = \"hunter2\" }",
        "[security.password]\nvalue = \"hunter2\"",
        "[security]\npassword = \"\"\"\nhunter2\n\"\"\"",
        "[[security.user]]\nname = \"a\"\npassword = \"hunter2\"",
        "url = \"http://hunter2@\" x",
    ] {
        assert!(!told(text, &[]).is_empty(), "{text}");
    }
    let url = Target::from_url("http://u:hunter2@a", &[]).unwrap_err();
    assert!(!url.to_string().contains("hunter2"), "{url}");
}

#[test]
fn who_logs_on_and_how_is_read() {
    let file = "url = \"net.tcp://ipam.contoso.example\"\n[security]\nusername = 'CONTOSO\\alice'\n\
                password = { file = \"p.txt\" }\nkdc = \"dc1:88\"\n[[security.user]]\nrole = \"ipam-user\"\n\
                username = \"bob@contoso.example\"\npassword = { env = \"BOB\" }";
    let target = load(file, &["security.mode=ntlm"]).unwrap();
    let log_on = target.log_on.as_ref().unwrap();
    assert_eq!((log_on.mode.as_str(), log_on.spn.as_str()), ("ntlm", "host/ipam.contoso.example"));
    let User::Password { name, password: Some(security::PasswordFrom::File(path)) } = &log_on.user else {
        panic!("{:?}", log_on.user)
    };
    assert_eq!((name.as_str(), log_on.kdc.as_deref()), (r"CONTOSO\alice", Some("dc1:88")));
    assert!(path.ends_with("p.txt"));
    assert_eq!(log_on.users.len(), 1);
    assert_eq!(target.record(false).security, "ntlm");
    assert_eq!(target.lacks_password(), Some(r"CONTOSO\alice"));
    let given = target.with_password(Secret::new("hunter2".to_owned()));
    assert!(given.lacks_password().is_none());
    assert!(!format!("{given:?}").contains("hunter2"));

    let none = load(file, &["security.mode=none"]).unwrap();
    assert_eq!((none.log_on.is_none(), none.record(false).security.as_str()), (true, "none"));
}

#[test]
fn a_ticket_cache_stands_in_place_of_user_and_password() {
    let of = |text: &str, sets: &[&str]| {
        let text = format!("url = \"net.tcp://a\"\n[security]\n{text}");
        load(&text, sets).unwrap_or_else(|mistakes| panic!("{mistakes}")).log_on.unwrap()
    };
    let file = |path: &str| User::TicketCache(TicketCache::File(path.into()));
    let usual = User::TicketCache(TicketCache::Usual);
    assert_eq!(of("ticket_cache = true", &[]).user, usual);
    assert_eq!(of("ticket_cache = \"cc\"", &[]).user, file("targets/cc"));
    assert_eq!(of("ticket_cache = \"FILE:/run/cc\"\nmode = \"kerberos\"", &[]).user, file("/run/cc"));
    let set = ["security.ticket_cache=cc"];
    assert_eq!(of("username = \"a\"\npassword = { env = \"A\" }", &set).user, file("cc"));
    assert_eq!(of("ticket_cache = true", &["security.username=a", "security.mode=ntlm"]).user.to_string(), "a");
    let by_role = of("ticket_cache = true\n[[security.user]]\nrole = \"ipam-user\"\nticket_cache = \"bob\"", &[]);
    assert_eq!(by_role.users, [(Role::IpamUser, file("targets/bob"))]);

    let target = load("url = \"net.tcp://a\"\n[security]\nticket_cache = true", &[]).unwrap();
    assert_eq!(target.lacks_password(), None);
    let target = target.with_passwords().unwrap();
    assert_eq!(target.security.unwrap().identity, Identity::TicketCache(TicketCache::Usual));
}

#[test]
fn what_is_no_ticket_cache_is_told_at_its_place() {
    let with = |more: &str| told(&format!("url = \"net.tcp://a\"\n[security]\n{more}"), &[]).join("\n");
    let beside = |other: &str| format!("`ticket_cache` stands beside `{other}`: two ways to log on");
    for (more, says) in [
        ("ticket_cache = false", "contoso.toml:3: `ticket_cache` is neither `true` nor the path of a file"),
        ("ticket_cache = \"\"", "contoso.toml:3: `ticket_cache` is neither"),
        ("ticket_cache = \"KCM:0\"", "contoso.toml:3: ticket caches of the kind `KCM` are not read, only files"),
        ("username = \"a\"\nticket_cache = true", &format!("contoso.toml:4: {}", beside("username"))),
        ("ticket_cache = true\npassword = { env = \"A\" }", &format!("contoso.toml:3: {}", beside("password"))),
        (
            "mode = \"ntlm\"\nticket_cache = true",
            "contoso.toml:4: `ticket_cache` is for Kerberos, and `mode` says NTLM",
        ),
        ("mode = \"none\"\nticket_cache = true", "contoso.toml:4: `ticket_cache` is for a session that is protected"),
        (
            "username = \"a\"\nmode = \"ntlm\"\n[[security.user]]\nrole = \"nobody\"\nticket_cache = true",
            "contoso.toml:7: `ticket_cache` is for Kerberos",
        ),
        (
            "username = \"a\"\n[[security.user]]\nrole = \"nobody\"\nusername = \"b\"\nticket_cache = true",
            &format!("contoso.toml:7: {}", beside("username")),
        ),
    ] {
        assert!(with(more).contains(says), "{more}: {}", with(more));
    }
    let file = "url = \"net.tcp://a\"\n[security]\nticket_cache = true";
    assert!(told(file, &["security.mode=ntlm"]).join("").contains("`mode` says NTLM"));
    assert!(told(file, &["security.mode=none"]).is_empty());
    assert!(
        told("url = \"http://a\"\n[security]\nticket_cache = true", &[])
            .join("")
            .contains("`ticket_cache` is for net.tcp")
    );
}

#[test]
fn what_cannot_protect_is_told() {
    let with = |more: &str| told(&format!("url = \"net.tcp://a\"\n[security]\n{more}"), &[]).join("\n");
    for (more, says) in [
        ("mode = \"none\"\nusername = \"a\"", "`username` is for a session that is protected"),
        ("mode = \"tls\"\nusername = \"a\"", "is no mode of security"),
        ("username = \"a\"\nspn = \"ipam\"", "is no name of a service"),
        ("username = \"a\"\nkdc = \"tcp://dc1\"", "is no address of a KDC"),
        ("username = \"\"", "this is no name of a user"),
        ("username = \"a\"\npassword = { cmd = \"x\" }", "a password is not written into a target file"),
        ("username = \"a\"\n[[security.user]]\nrole = \"king\"\nusername = \"b\"", "is no role"),
        ("mode = \"ntlm\"", "nothing says who logs on"),
    ] {
        assert!(with(more).contains(says), "{more}: {}", with(more));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_text_is_too_wrong(text in target_text(), set in "([a-z.]{0,12}=)?[ -~]{0,12}") {
        if let Err(mistakes) = Target::load(&SourceFile::new("t.toml", text), &[set]) {
            prop_assert!(mistakes.iter().count() > 0);
            prop_assert!(!mistakes.render(false).is_empty());
        }
    }
}

/// Lines of a target file in any order, some of them broken.
fn target_text() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("url = \"http://a:1\"".to_owned()),
        Just("[timing]".to_owned()),
        Just("[vars]".to_owned()),
        Just("[security]".to_owned()),
        Just("password = \"x\"".to_owned()),
        Just("[[allow]]".to_owned()),
        Just("effects = [\"read\", 1]".to_owned()),
        Just("reply = \"5s\"".to_owned()),
        "[ -~\u{e9}\t]{0,20}",
    ];
    proptest::collection::vec(line, 0..10).prop_map(|lines| lines.join("\n"))
}
