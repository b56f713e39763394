//! What commands load before they begin: the suite, with folders of the user's own; and what joins it to the mutants.
//!
//! Leaves out targets.

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
};

use super::{colour::Colour, refuse};
use crate::{
    case::{Mistakes, Suite, embedded, mistake::nearest},
    reference::Mutant,
    runner::{Target, files, target::TargetError},
    spec::RequirementId,
    transport::Secret,
    verdict::exit,
};

/// The variable that names a target where no argument does.
pub(super) const TARGET: &str = "IPAMSPEC_TARGET";
const A_URL: &str = "a URL such as http://ipam.contoso.example:8080/Ipam/Server";

/// Why something that the user wrote cannot be loaded.
#[derive(Debug)]
pub(super) enum Refused {
    /// Mistakes in files, each in its place.
    Mistakes(Mistakes),
    /// Anything else.
    Message(String),
    /// Any of these in the target that the variable names.
    Inherited(Box<Refused>),
}

impl Refused {
    /// Tells it, and gives the exit code.
    pub(super) fn tell(self, colour: Colour) -> u8 {
        match self {
            Self::Mistakes(mistakes) => {
                super::tell(&mistakes.render(colour.applies(std::io::stderr().is_terminal())));
                exit::USAGE
            }
            Self::Message(message) => refuse(&message),
            Self::Inherited(refused) => {
                let code = refused.tell(colour);
                super::tell(&format!("the target is the one that {TARGET} names\n"));
                code
            }
        }
    }
}

impl From<TargetError> for Refused {
    fn from(error: TargetError) -> Self {
        match error {
            TargetError::Mistakes(mistakes) => Self::Mistakes(mistakes),
            TargetError::File(error) => Self::Message(error.to_string()),
            TargetError::Password(error) => Self::Message(error.to_string()),
        }
    }
}

/// The suite that is inside, and the case files of these folders.
pub(super) fn suite(folders: &[PathBuf]) -> Result<Suite, Refused> {
    let mut sources = embedded();
    for folder in folders {
        let files = files::read_folder(folder).map_err(|error| unread(&error))?;
        // The user's file is where a mistake is: the path below the folder is only its name.
        sources.extend(files.into_iter().map(|file| {
            let place = folder.join(&*file.path).display().to_string();
            file.at(place)
        }));
    }
    Suite::load(&sources).map_err(Refused::Mistakes)
}

/// The same as it was at a suite revision, where one is named.
pub(super) fn suite_at(folders: &[PathBuf], revision: Option<u32>) -> Result<Suite, Refused> {
    let suite = suite(folders)?;
    match revision {
        None => Ok(suite),
        Some(revision) => {
            suite.at(revision).map_err(|error| Refused::Message(format!("--suite-revision {revision}: {error}")))
        }
    }
}

fn unread(error: &files::FileError) -> Refused {
    Refused::Message(if error.is_absent() {
        format!("{error}; --cases takes a folder of case files")
    } else {
        error.to_string()
    })
}

/// The target that a command line or the variable names.
pub(super) fn target(named: &str, sets: &[String]) -> Result<Target, Refused> {
    // A variable that a job forgot to set must not end in a green run against our own server.
    if named.trim().is_empty() {
        let text = format!("the target is empty; --target and {TARGET} take a target file, or {A_URL}");
        return Err(Refused::Message(text));
    }
    let refused = match Target::read(named, sets) {
        Ok(target) => return with_password(target),
        Err(TargetError::File(error)) => Refused::Message(if error.path() != Path::new(named) {
            format!("{error}; `{named}` names it")
        } else if error.is_absent() {
            format!("{error}; --target takes a target file, or {A_URL}")
        } else {
            error.to_string()
        }),
        Err(error) => Refused::from(error),
    };
    // A target that nobody sees on the command line.
    Err(if std::env::var(TARGET).is_ok_and(|of_variable| of_variable == named) {
        Refused::Inherited(Box::new(refused))
    } else {
        refused
    })
}

/// The target with its password, asked for where it is kept nowhere and somebody can answer.
fn with_password(target: Target) -> Result<Target, Refused> {
    let Some(user) = target.lacks_password() else { return Ok(target) };
    let lacking = || {
        let text = "nothing says where the password is kept, and there is no terminal to ask at";
        let help = "write password = { env = \"IPAM_PASSWORD\" } or { file = \"...\" } under [security]";
        Refused::Message(format!("{text}; {help}"))
    };
    if !std::io::stdin().is_terminal() {
        return Err(lacking());
    }
    let asked = rpassword::prompt_password(format!("password of {user}: ")).map_err(|_| lacking())?;
    Ok(target.with_password(Secret::new(asked)))
}

/// The mutants that break a requirement: those that say so, and those that a case deciding it exists to catch.
pub(super) fn mutants(requirement: &RequirementId, suite: &Suite) -> Vec<Mutant> {
    let deciding = || suite.cases.iter().filter(|case| case.requirements.contains(requirement));
    let all = Mutant::ALL.iter().copied();
    all.filter(|mutant| {
        mutant.requirement() == requirement.as_str()
            || deciding().any(|case| case.mutant.as_deref() == Some(mutant.name()))
    })
    .collect()
}

/// The known name that is nearest to one that is not, as the end of a message.
pub(super) fn suggestion<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let closeness = |known: &str| strsim::jaro_winkler(known, name);
    let near = nearest(name, known.clone()).or_else(|| known.max_by(|a, b| closeness(a).total_cmp(&closeness(b))));
    near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// A small suite for tests of what commands say.
#[cfg(test)]
pub(super) fn sample() -> Suite {
    use crate::case::SourceFile;
    let files = [
        (
            "requirements/all.toml",
            r#"
revision = "12.0"
[[requirement]]
id = "start-task.none-faults"
document = "MS-IPAMM2"
section = "3.3.4.139"
level = "must"
text = "StartTask with the task type None is refused with a fault."
ruling = "fault-origin"
[[requirement]]
id = "start-task.starts-task"
document = "MS-IPAMM2"
section = "3.3.4.139.1"
level = "must"
text = "StartTask starts the task."
by_silence = true
[[requirement]]
id = "keepalive.client"
document = "MS-IPAMM2"
section = "3.2.5"
level = "must"
text = "A client that is idle sends a Keepalive."
untestable = "it binds the client only"
[[ruling]]
id = "fault-origin"
sections = ["2.2.2.1", "3.3.4.139"]
trouble = "A typed server refuses a value that it cannot read before the operation sees it."
reading = "A fault of either origin is right."
"#,
        ),
        (
            "start_task/refuses.toml",
            r#"
about = "StartTask refuses None."
requirements = ["start-task.none-faults"]
port_type = "IIpamServer"
effect = "start-task"
mutant = "starts-none"
twin = "start_task/starts/task_type=Discovery"
[matrix]
task_type = ["None"]
[[step]]
[step.call]
operation = "StartTask"
body = '<taskType>{{task_type}}</taskType><server>{{server_name}}</server>'
[step.expect]
fault = "common"
snapshot = true
"#,
        ),
        (
            "start_task/starts.toml",
            r#"
about = "StartTask starts the task: it is then seen running."
requirements = ["start-task.starts-task"]
port_type = "IIpamServer"
effect = "start-task"
mutant = "ignores-start"
[matrix]
task_type = ["Discovery", "Audit"]
[lab]
scenario = "default"
[[step]]
[step.call]
operation = "StartTask"
body = '<taskType>{{task_type}}</taskType><server>{{server_name}}</server>'
[step.expect]
reply = true
[[step]]
wait = "45s"
[[step]]
[step.call]
operation = "IsTaskRunning"
body = '<taskType>{{task_type}}</taskType>'
[step.poll]
within = "10s"
every = "200ms"
[[step.expect.value]]
path = "IsTaskRunningResult"
equals = "true"
[step.expect]
reply = true
[step.capture]
running = "IsTaskRunningResult"
"#,
        ),
    ];
    let files: Vec<SourceFile> = files.into_iter().map(|(path, text)| SourceFile::new(path, text)).collect();
    Suite::load(&files).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}
