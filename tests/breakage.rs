//! The suite broken on purpose: whatever a hand may do to a case or to the catalogue, one of our own checks tells it.
//!
//! Each trial changes one file in memory and goes through what CI holds the suite to, the cheapest first: that it loads,
//! that names fit, that the case passes and decides what it lists, that it kills its mutant, that the catalogue agrees with
//! the documents, where they are here. A breakage that none of these tells is a check that is missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use ipamspec::{
    api::{
        self, Behaviour, Glob, Level, Mutant, Outcome, SourceFile, Suite,
        mutation::{self, Binding, Scope},
    },
    verdict::{Requirement, Sentence, Source, Specification},
};
use libtest_mimic::{Arguments, Failed, Trial};

/// What is done to a file: the name of the breakage, the file below `cases/`, what is replaced in it once, and by what.
type Breakage = (&'static str, &'static str, &'static str, &'static str);

const NONE: &str = "start_task/refuses_none";
const WORDS: &str = "start_task/refuses_values_outside_the_enumeration";
const LISTS: &str = "get_ipam_tasks_info/lists_each_task_type";
const NIL: &str = "is_task_running/refuses_nil";
const ONCE: &str = "sessions/replies_once";
const SUCCEEDS: &str = "progress/succeeds";
const VERSIONS: &str = "framing/refuses_another_version";
const CONFIGURED: &str = "status/is_ipam_configured_answers";
const AGREES: &str = "task_last_runtime/agrees_with_the_list";
const UNPROVISIONED: &str = "status/not_provisioned_refuses";
const TASKS: &str = "requirements/tasks";

/// What only the documents tell: a should is found broken as a must is.
const LOWERED: &str = "a must is made a should";

#[rustfmt::skip]
const BREAKAGES: [Breakage; 31] = [
    ("its sentence is gone", NONE, "about = ", "# about = "),
    ("a requirement is misspelt", NONE, "start-task.none-faults", "start-task.non-faults"),
    ("another requirement is named", NONE, "start-task.none-faults", "start-task.replies"),
    ("a requirement too many is named", NONE, "\"fault.soap12\"", "\"fault.soap12\", \"message.addressing-once\", \"get-ipam-version.value\""),
    ("any fault will do", NONE, "fault = \"common\"", "fault = \"any\""),
    ("whatever comes will do", NONE, "fault = \"common\"\nsnapshot = true", "either = true"),
    ("a reply is expected of what must be refused", NONE, "fault = \"common\"\nsnapshot = true", "reply = true"),
    ("the expectation is gone", NONE, "[step.expect]\nfault = \"common\"\nsnapshot = true", ""),
    ("its effect is lowered", NONE, "effect = \"start-task\"", "effect = \"read\""),
    ("its mutant does not exist", NONE, "\"starts-none\"", "\"starts-nonne\""),
    ("its mutant is another one's", NONE, "\"starts-none\"", "\"trims-task-type\""),
    ("it names no mutant", NONE, "mutant = ", "# mutant = "),
    ("its twin does not exist", NONE, "task_type=Discovery", "task_type=Discover"),
    ("its twin is something else", NONE, "start_task/takes_each_task_type/task_type=Discovery", "status/is_ipam_configured_answers"),
    ("it has no twin", NIL, "twin = ", "# twin = "),
    ("what is refused is what its twin asks", NIL, "<taskType i:nil=\"true\"/>", "<taskType>Discovery</taskType>"),
    ("its matrix is empty", WORDS, "task_type = [\"\", \"Nonsense\", \"discovery\", \"DISCOVERY\", \" Discovery\", \"Discovery \", \"DnsConfigurations\", \"Discover\", \"1\", \"7\", \"-1\"]", "task_type = []"),
    ("its matrix holds what must be taken", WORDS, "\"Nonsense\"", "\"Audit\""),
    ("its matrix leaves one out", LISTS, "    \"DnsConfiguration\",\n", ""),
    ("its value is gone", LISTS, "[[step.expect.value]]\npath = \"GetIpamTasksInfoResult/TaskInfo[TaskType='{{task_type}}']\"\ncount = 1", ""),
    ("its value need only be there", CONFIGURED, "typed = \"xsd:boolean\"", "present = true"),
    ("its last step is gone", ONCE, "[[step]]\nsession = \"main\"\n[step.await]\nanswer_to = \"asked\"\nwithin = \"500ms\"\n[step.expect]\nnothing = true", ""),
    ("another end of an operation will do", SUCCEEDS, "equals = \"CompletedWithSuccess\"", "matches = \"Completed.*\""),
    ("what it is given never holds", AGREES, "present = true", "equals = \"never\""),
    ("what is refused is taken as well", VERSIONS, "refused = true", "either = true"),
    ("its scenario is another one", UNPROVISIONED, "scenario = \"not-provisioned\"", "scenario = \"conversion-required\""),
    ("a level is lowered", TASKS, "id = \"start-task.none-faults\"\ndocument = \"MS-IPAMM2\"\nsection = \"3.3.4.139\"\nlevel = \"must\"", "id = \"start-task.none-faults\"\ndocument = \"MS-IPAMM2\"\nsection = \"3.3.4.139\"\nlevel = \"observe\""),
    (LOWERED, TASKS, "id = \"start-task.none-faults\"\ndocument = \"MS-IPAMM2\"\nsection = \"3.3.4.139\"\nlevel = \"must\"", "id = \"start-task.none-faults\"\ndocument = \"MS-IPAMM2\"\nsection = \"3.3.4.139\"\nlevel = \"should\""),
    ("a requirement is said to be untestable", TASKS, "id = \"start-task.none-faults\"\n", "id = \"start-task.none-faults\"\nuntestable = \"it is tiresome\"\n"),
    ("a requirement is said to be undecided", TASKS, "id = \"start-task.none-faults\"\n", "id = \"start-task.none-faults\"\nundecided = \"some day\"\n"),
    ("a requirement is renamed", TASKS, "id = \"start-task.none-faults\"\n", "id = \"start-task.nothing-faults\"\n"),
];

/// Files without which something is not decided or not caught any more.
const FILES: [&str; 3] = [ONCE, SUCCEEDS, VERSIONS];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(4));
    let mut trials: Vec<Trial> = BREAKAGES
        .into_iter()
        .map(|breakage| {
            let trial = Trial::test(format!("{}: {}", breakage.1, breakage.0), move || is_told(breakage));
            trial.with_ignored_flag(breakage.0 == LOWERED && !folder().is_dir())
        })
        .collect();
    trials.extend(FILES.map(|file| {
        Trial::test(format!("{file}: it is gone"), move || {
            let files: Vec<SourceFile> =
                api::embedded().into_iter().filter(|known| *known.path != path(file)).collect();
            held(&files, file).ok_or_else(|| Failed::from("nothing tells that"))?;
            Ok(())
        })
    }));
    trials.push(Trial::test("the suite as it is: nothing is told", || match held(&api::embedded(), NONE) {
        None => Ok(()),
        Some(told) => Err(told.into()),
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn path(file: &str) -> String {
    format!("{file}.toml")
}

fn is_told((_, file, from, to): Breakage) -> Result<(), Failed> {
    let mut files = api::embedded();
    let broken = files.iter_mut().find(|known| *known.path == path(file)).ok_or("there is no such file")?;
    if !broken.text.contains(from) {
        return Err(format!("the file does not hold `{from}`").into());
    }
    *broken = SourceFile::new(path(file), broken.text.replacen(from, to, 1).as_str());
    // What is wrong in the catalogue shows in a case that decides it.
    held(&files, if file == TASKS { NONE } else { file }).ok_or("nothing tells that")?;
    Ok(())
}

/// What our own checks tell of a suite in which only this file, or what it is for, may be wrong.
fn held(files: &[SourceFile], file: &str) -> Option<String> {
    let suite = match Suite::load(files) {
        Ok(suite) => Arc::new(suite),
        Err(mistakes) => return Some(mistakes.render(false)),
    };
    names(&suite).or_else(|| documents(&suite)).or_else(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(runs(&suite, file))
    })
}

/// `tests/catalogue.rs`, `tests/mutants.rs` and `tests/ledger.rs`, as far as nothing runs for it.
fn names(suite: &Suite) -> Option<String> {
    for case in &suite.cases {
        let Some(name) = case.mutant.as_deref() else { continue };
        let Some(mutant) = Mutant::named(name) else { return Some(format!("there is no mutant {name}")) };
        if !case.requirements.iter().any(|id| id.as_str() == mutant.requirement()) {
            return Some(format!("{} does not decide what {name} breaks", case.id));
        }
    }
    let named = |suite: &Suite| suite.cases.iter().filter_map(|case| case.mutant.clone()).collect::<BTreeSet<_>>();
    let whole = Suite::load(&api::embedded()).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    if let Some(mutant) = named(&whole).difference(&named(suite)).next() {
        return Some(format!("no case names {mutant} any more"));
    }
    let decided: BTreeSet<_> = suite.cases.iter().flat_map(|case| &case.requirements).collect();
    let wrong = suite.catalogue.requirements.values().find(|row| {
        let is_open = row.undecided.is_some();
        row.untestable.is_none() && is_open == decided.contains(&row.id)
    });
    wrong.map(|row| format!("{} is decided, and said not to be, or the other way round", row.id))
}

/// Where the documents stand.
fn folder() -> PathBuf {
    let named = std::env::var_os("IPAMSPEC_SPECIFICATIONS").map(PathBuf::from);
    named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/spec"))
}

/// Levels and sentences, as `tests/ledger.rs` holds them, where the documents are here.
fn documents(suite: &Suite) -> Option<String> {
    let of = |source: &&Source| source.name == "MS-IPAMM2";
    let source = suite.catalogue.sources.values().find(of)?;
    let text = std::fs::read_to_string(folder().join(format!("{}.md", source.name))).ok()?;
    let specification = Specification::read(&text)?;
    let rows = || suite.catalogue.requirements.values();
    let sentences: BTreeMap<_, _> = specification.sentences.iter().map(|known| (&known.digest, known)).collect();
    let said = |row: &Requirement| -> Vec<&Sentence> {
        let names = row.digests.iter().filter(|name| name.document == source.name);
        names.filter_map(|name| sentences.get(&name.digest).copied()).collect()
    };
    rows().filter(|row| row.ruling.is_none() && row.level != Level::Observe).find_map(|row| {
        let said = said(row);
        let other = said.iter().any(|sentence| !sentence.levels.is_empty() && !sentence.levels.contains(&row.level));
        let is_weak = row.level < Level::Must && said.iter().all(|sentence| sentence.levels.is_empty());
        (other || (is_weak && !said.is_empty()))
            .then(|| format!("{} is a {}, and its sentences are not", row.id, row.level))
    })
}

/// `tests/catalogue.rs` and `tests/mutants.rs`, of the cases of one file: they pass, decide what they list, and kill.
async fn runs(suite: &Arc<Suite>, file: &str) -> Option<String> {
    let prefix = format!("{file}/");
    let own = || suite.cases.iter().filter(|case| case.id == file || case.id.starts_with(&prefix));
    // No case is named by nothing, and all would run.
    own().next()?;
    let record = mutation::against(
        suite,
        Behaviour::default(),
        Binding::NetTcp,
        own().map(|case| Glob::parse(&case.id)).collect(),
    );
    let record = record.await.expect("a run");
    for case in own() {
        let ran = record.cases.iter().find(|ran| ran.id == case.id)?;
        if ran.outcome != Outcome::Pass {
            return Some(format!("{} {} {}", ran.id, ran.outcome, ran.reason));
        }
        let checked: BTreeSet<_> = ran.checks.iter().map(|check| &check.requirement).collect();
        if let Some(missing) = case.requirements.iter().find(|id| !checked.contains(id)) {
            return Some(format!("{} makes no check of {missing}", case.id));
        }
    }
    let mutants: BTreeSet<Mutant> = own().filter_map(|case| Mutant::named(case.mutant.as_deref()?)).collect();
    for mutant in mutants {
        let kill = mutation::kill(suite, mutant, Scope::Named).await.expect("a run");
        if !kill.is_whole() {
            return Some(format!("{} is not killed by {:?}", mutant.name(), kill.missed));
        }
    }
    None
}
