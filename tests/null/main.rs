//! The suite against peers that are no server of this protocol at all: what passes there checks nothing.
//!
//! The program runs as a user runs it, everything allowed. Whatever a peer does, no case that could fail may pass, and the
//! run must end by itself. Leaves out servers that lie (the mutants, `tests/foreign`), and cases that only observe.

mod peer;

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

use self::peer::{Binding, Peer};

/// The one case that a server which succeeds with nothing does not break: by 3.19.4.3.2.2 the reply holds nothing, and what
/// it promises shows only when the operation is started, which is more than the effect of this case.
const HOLDS_NOTHING: &str = "progress/initializes";

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Most of a trial is waiting for what does not come.
    arguments.test_threads = arguments.test_threads.or(Some(6));
    let trials = Peer::ALL
        .into_iter()
        .flat_map(|(peer, name)| Binding::ALL.map(|binding| (peer, name, binding)))
        .filter(|(peer, _, binding)| peer.is_of(*binding))
        .map(|(peer, name, binding)| {
            Trial::test(format!("{name}/{}", binding.scheme()), move || nothing_passes(peer, name, binding))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Runs the whole suite against a peer, and holds that nothing passed and that the run says so.
fn nothing_passes(peer: Peer, name: &str, binding: Binding) -> Result<(), Failed> {
    let address = peer::start(peer, binding)?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("null").join(name).join(binding.scheme());
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("target.toml"), target(binding, &address))?;
    let output = Command::new(env!("CARGO_BIN_EXE_ipamspec"))
        .args(["run", "--quiet", "--target", "target.toml", "--out", "out", "--seed", "3", "--repeat", "1"])
        .current_dir(&folder)
        .env_remove("IPAMSPEC_TARGET")
        .env("CI", "true")
        .stdin(Stdio::null())
        .output()?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let report = fs::read(folder.join("out/report.json")).map_err(|error| format!("{error}: {said}"))?;
    let report: Value = serde_json::from_slice(&report)?;
    let cases = report.get("cases").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if cases.len() < 400 {
        return Err(format!("only {} cases: {said}", cases.len()).into());
    }
    let passed: Vec<&str> = with(cases, "outcome", "pass")
        .filter(|case| text(case, "level") != "observe")
        .map(|case| text(case, "id"))
        .filter(|id| !(peer == Peer::SucceedsEmptily && *id == HOLDS_NOTHING))
        .collect();
    if !passed.is_empty() {
        return Err(format!("{} cases pass: {passed:#?}", passed.len()).into());
    }
    // What answers and is wrong has failed; of what never answers nothing is known.
    let claim = report.get("claim").map(|claim| text(claim, "kind")).unwrap_or_default();
    let code = output.status.code();
    let fine = if peer.can_be_judged(binding) { code == Some(1) } else { code == Some(3) && claim == "none" };
    if !fine {
        return Err(format!("claim {claim}, exit code {code:?}: {said}").into());
    }
    Ok(())
}

fn target(binding: Binding, address: &str) -> String {
    let security = match binding {
        Binding::Http => "",
        Binding::NetTcp => "[security]\nmode = \"none\"\n",
    };
    format!(
        "name = \"Nothing\"\nurl = \"{}://{address}\"\n\
         [endpoints]\nIIpamServer = \"/Ipam/Server\"\nIIpamOperationWithProgress = \"/Ipam/OperationWithProgress\"\n\
         {security}[timing]\nconnect = \"5s\"\nreply = \"1s\"\nquiescence = \"2s\"\noperation = \"2500ms\"\nscale = 0.2\n\
         [allow]\neffects = [\"read\", \"start-task\", \"write\", \"disrupt\"]\n\
         [limits]\nsessions = 64\nrate = 100000\n\
         [vars]\nmanaged_server = \"dhcp1.example\"\ndhcp_server_record_id = 17\n",
        binding.scheme()
    )
}

fn with<'a>(items: &'a [Value], key: &'a str, value: &'a str) -> impl Iterator<Item = &'a Value> {
    items.iter().filter(move |item| text(item, key) == value)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
