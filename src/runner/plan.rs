//! Plans a run: which cases are selected, which are skipped before anything is sent, and which wait for their twin.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    sessions, shard,
    target::{Target, security::User},
};
use crate::{
    case::{Case, Secured, Step, StepKind, Suite, glob::Glob},
    session::Guard,
    spec::{Effect, Level, PortType, progress::AdminOperation},
    transport::SecurityMode,
    verdict::Shard,
};

/// Which cases a run is asked to run.
#[derive(Debug, Default, Clone)]
pub struct Selection {
    /// Cases whose id matches one of these; every case where there is none.
    pub cases: Vec<Glob>,
    /// Cases that decide a requirement that matches one of these.
    pub requirements: Vec<Glob>,
    /// Cases that talk to this port type.
    pub port_type: Option<PortType>,
    /// Cases that decide a requirement of this level or above.
    pub level: Option<Level>,
    /// Cases that are left out.
    pub skip: Vec<Glob>,
    /// The part of what is selected that this run is, where it was split.
    pub shard: Option<Shard>,
}

/// A pattern of a selection that matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{option} `{pattern}` matches nothing{suggestion}")]
pub struct MatchesNothing {
    /// The option that it was given with.
    pub option: &'static str,
    /// The pattern.
    pub pattern: String,
    /// What may be meant, as ` (did you mean …)`, or empty.
    pub suggestion: String,
}

impl Selection {
    /// The ids of the selected cases, twins of selected cases included but for those that are left out.
    ///
    /// # Errors
    /// A pattern that matches nothing.
    pub fn select(&self, suite: &Suite) -> Result<BTreeSet<String>, MatchesNothing> {
        let case_ids = || suite.cases.iter().map(|case| case.id.as_str());
        let requirement_ids = || suite.catalogue.requirements.keys().map(crate::spec::RequirementId::as_str);
        for (option, globs) in [("--case", &self.cases), ("--skip", &self.skip)] {
            some_match(option, globs, case_ids)?;
        }
        some_match("--requirement", &self.requirements, requirement_ids)?;
        let matches = |globs: &[Glob], text: &str| globs.iter().any(|glob| glob.matches(text));
        let wanted = |case: &Case| {
            (self.cases.is_empty() || matches(&self.cases, &case.id))
                && (self.requirements.is_empty()
                    || case.requirements.iter().any(|id| matches(&self.requirements, id.as_str())))
                && self.port_type.is_none_or(|port_type| case.port_type == port_type)
                && self.level.is_none_or(|level| case.level >= level)
                && !matches(&self.skip, &case.id)
        };
        let twins: BTreeMap<&str, &str> =
            suite.cases.iter().filter_map(|case| Some((case.id.as_str(), case.twin.as_deref()?))).collect();
        let mut selected = BTreeSet::new();
        for case in suite.cases.iter().filter(|case| wanted(case)) {
            let mut id = Some(case.id.as_str());
            while let Some(next) = id.filter(|id| !selected.contains(*id) && !matches(&self.skip, id)) {
                selected.insert(next.to_owned());
                id = twins.get(next).copied();
            }
        }
        Ok(selected)
    }

    /// Which of the selected cases other shards run.
    pub fn elsewhere(&self, suite: &Suite, selected: &BTreeSet<String>) -> BTreeSet<String> {
        let Some(shard) = self.shard else { return BTreeSet::new() };
        let cases = suite.cases.iter().filter(|case| selected.contains(&case.id));
        let shards = shard::split(cases, shard.of);
        // What nobody runs is told of by the first.
        let owner = |id: &str| shards.get(id).copied().unwrap_or(1);
        suite.cases.iter().filter(|case| owner(&case.id) != shard.index).map(|case| case.id.clone()).collect()
    }
}

fn some_match<'a, I: Iterator<Item = &'a str>>(
    option: &'static str,
    globs: &[Glob],
    ids: impl Fn() -> I,
) -> Result<(), MatchesNothing> {
    for glob in globs {
        if !ids().any(|id| glob.matches(id)) {
            let near = ids().max_by(|a, b| {
                strsim::jaro_winkler(a, glob.as_str()).total_cmp(&strsim::jaro_winkler(b, glob.as_str()))
            });
            let suggestion = near.map(|near| format!("; the nearest is `{near}`")).unwrap_or_default();
            return Err(MatchesNothing { option, pattern: glob.as_str().to_owned(), suggestion });
        }
    }
    Ok(())
}

/// What may be sent: what the target file and the command line allow; everything to the reference server.
pub fn guard(target: &Target, allow: &[Effect], has_lab: bool) -> Guard {
    if has_lab {
        Guard::new(Effect::ALL, None)
    } else {
        let effects = target.allow.effects.iter().chain(allow).copied();
        Guard::new(effects, target.allow.tasks.clone())
    }
}

/// Why a case cannot run on this target, before anything is sent.
pub fn skip_reason(case: &Case, target: &Target, guard: &Guard, has_lab: bool) -> Option<String> {
    if case.scenario.is_some() && !has_lab {
        return Some("needs the lab of the reference server".to_owned());
    }
    if target.endpoint(case.port_type).is_none() {
        return Some(format!("no endpoint: the target file names none for {}", case.port_type.name()));
    }
    if let Some(reason) = target.endpoint(case.port_type).and_then(|url| sessions::not_over(case, &url)) {
        return Some(reason);
    }
    if let Some(reason) = case.secured.and_then(|secured| unprotected(secured, target, has_lab)) {
        return Some(reason);
    }
    if !guard.allows(case.effect) {
        return Some(format!("not allowed: effect `{}`", case.effect));
    }
    let missing = missing(case, target);
    if !missing.is_empty() {
        return Some(format!("missing data: [vars] {} in the target file", missing.join(", ")));
    }
    if case.steps.iter().any(|step| matches!(step.kind, StepKind::Idle(_))) && target.timing.inactivity.is_none() {
        return Some("missing data: [timing] inactivity in the target file".to_owned());
    }
    let operations = case.steps.iter().filter_map(Step::operation).map(|operation| operation.name);
    let ids = case.steps.iter().filter_map(admin_operation);
    let lacking = operations.chain(ids.map(|operation| operation.id)).find(|name| target.lacks(name))?;
    Some(format!("lacking on this product: {lacking}"))
}

/// Why a case cannot have the protection that it asks for.
fn unprotected(secured: Secured, target: &Target, has_lab: bool) -> Option<String> {
    if secured.needs_mechanism() && !cfg!(feature = "security") {
        return Some("this build cannot protect sessions".to_owned());
    }
    if has_lab {
        return None;
    }
    let Some(log_on) = &target.log_on else {
        return Some("not protected: [security] of the target file names nobody who logs on".to_owned());
    };
    match secured {
        Secured::As(role) if !target.users.contains_key(&role) => {
            Some(format!("missing user: the target file has no [[security.user]] of the role {}", role.as_str()))
        }
        Secured::MadeUp if log_on.mode == SecurityMode::Kerberos || matches!(log_on.user, User::TicketCache(_)) => {
            Some("with Kerberos the KDC refuses a made-up user, and the target sees none".to_owned())
        }
        Secured::ByHand if log_on.mode != SecurityMode::Ntlm => {
            Some("its tokens are NTLM's: it is run where [security] mode is \"ntlm\"".to_owned())
        }
        Secured::SignedAlone if log_on.mode != SecurityMode::Ntlm => {
            Some("what it asks for is NTLM's: it is run where [security] mode is \"ntlm\"".to_owned())
        }
        _ => None,
    }
}

/// The operation with progress that a step initializes a session for, [MS-IPAMM2] 2.2.4.286.
fn admin_operation(step: &Step) -> Option<&'static AdminOperation> {
    let StepKind::Call(call) = &step.kind else { return None };
    let body = call.body.sketch();
    let (_, after) = body.split_once("<OperationId>")?;
    AdminOperation::named(after.split_once('<')?.0)
}

/// The data that a case needs and that the target file does not have.
pub fn missing<'a>(case: &'a Case, target: &Target) -> Vec<&'a str> {
    case.needs.iter().map(String::as_str).filter(|name| target.var(name).is_none()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{SourceFile, Suite};

    #[test]
    fn a_case_whose_port_type_has_no_address_is_skipped_with_that_reason() {
        let catalogue = "revision = \"12.0\"\n[[requirement]]\nid = \"a.b\"\ndocument = \"MS-IPAMM2\"\nsection = \"3.19.4.3\"\n\
            level = \"must\"\ntext = \"x\"\n";
        let case = "about = \"x\"\nrequirements = [\"a.b\"]\nport_type = \"IIpamOperationWithProgress\"\neffect = \"read\"\n\
            mutant = \"m\"\n[[step]]\n[step.call]\noperation = \"InitializeOperationParameters\"\n[step.expect]\nreply = true\n";
        let files = [("requirements/all.toml", catalogue), ("progress/one.toml", case)];
        let suite = Suite::load(&files.map(|(path, text)| SourceFile::new(path, text)));
        let suite = suite.unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let reason = |toml: &str| {
            let target = Target::load(&SourceFile::new("target.toml", toml), &[]).unwrap();
            skip_reason(&suite.cases[0], &target, &guard(&target, &[], false), false)
        };
        let url = "url = \"http://a.example\"";
        let told = Some("no endpoint: the target file names none for IIpamOperationWithProgress".to_owned());
        assert_eq!(reason(url), told);
        let endpoints = format!("{url}\n[endpoints]\nIIpamServer = \"/Ipam/Server\"\n");
        assert_eq!(reason(&endpoints), told);
        let whole = format!("{endpoints}IIpamOperationWithProgress = \"/Ipam/OperationWithProgress\"\n");
        assert_eq!(reason(&whole), None);
        let whole = whole.replace("http://", "net.tcp://");
        assert_eq!(reason(&format!("{whole}[security]\nmode = \"none\"\n")), None);
    }
}
