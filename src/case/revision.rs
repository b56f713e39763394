//! Revisions of the suite: each requirement and each case says since which revision it is there, and a run may ask for
//! those of an older one, so that nobody does worse by standing still.
//!
//! Leaves out revisions of the specification. A case is as new as whatever it rests on: its requirements, those of its
//! checks, and its twin.

use std::{collections::BTreeMap, ops::Range};

use super::{Case, Suite};
use crate::{spec::RequirementId, verdict::Catalogue};

/// The revisions that a file may name.
pub(super) const KNOWN: Range<u64> = 1..10_000;

impl Suite {
    /// What the suite had at a revision.
    ///
    /// # Errors
    /// There is no such revision yet.
    pub fn at(mut self, revision: u32) -> Result<Self, String> {
        if !(1..=self.revision).contains(&revision) {
            return Err(match self.revision {
                1 => "this version has suite revision 1 only".to_owned(),
                newest => format!("this version has suite revisions 1 to {newest}"),
            });
        }
        self.revision = revision;
        self.cases.retain(|case| case.since <= revision);
        self.catalogue.requirements.retain(|_, requirement| requirement.since <= revision);
        Ok(self)
    }
}

/// Gives every case the revision of what it rests on, and says which revision is the newest.
pub(super) fn settle(cases: &mut [Case], catalogue: &Catalogue) -> u32 {
    let of = |id: &RequirementId| catalogue.requirements.get(id).map_or(1, |requirement| requirement.since);
    for case in &mut *cases {
        let checked = case.steps.iter().flat_map(|step| {
            let answer = step.expect.iter().map(|expect| &expect.requirement);
            answer.chain(step.expect.iter().flat_map(|expect| &expect.values).map(|value| &value.requirement))
        });
        let rests_on = case.requirements.iter().chain(checked).map(of).max();
        case.since = case.since.max(rests_on.unwrap_or(1));
    }
    let own: BTreeMap<String, (u32, Option<String>)> =
        cases.iter().map(|case| (case.id.clone(), (case.since, case.twin.clone()))).collect();
    for case in &mut *cases {
        // A chain of twins has an end: the suite was checked.
        let twins = std::iter::successors(case.twin.as_ref(), |twin| own.get(*twin)?.1.as_ref());
        let newest = twins.filter_map(|twin| Some(own.get(twin)?.0)).max();
        case.since = case.since.max(newest.unwrap_or(1));
    }
    let of_catalogue = catalogue.requirements.values().map(|requirement| requirement.since);
    of_catalogue.chain(cases.iter().map(|case| case.since)).max().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use crate::case::{Mistakes, SourceFile, Suite, embedded};

    const CATALOGUE: &str = "[[requirement]]\nid = \"made.newer\"\ndocument = \"MS-IPAMM2\"\nsection = \"1\"\n\
        level = \"must\"\ntext = \"x\"\nsince = 2\n";

    fn case(head: &str, requirement: &str) -> String {
        format!(
            "about = \"a\"\nrequirements = [\"{requirement}\"]\nport_type = \"IIpamServer\"\neffect = \"read\"\nmutant = \"lies\"\n{head}\n\
             [[step]]\n[step.call]\noperation = \"GetIpamVersion\"\n[step.expect]\nreply = true\n"
        )
    }

    fn suite(files: &[(&str, String)]) -> Result<Suite, Mistakes> {
        let mut all = embedded();
        all.push(SourceFile::new("requirements/made.toml", CATALOGUE));
        all.extend(files.iter().map(|(path, text)| SourceFile::new(*path, text.as_str())));
        Suite::load(&all)
    }

    #[test]
    fn what_is_newer_is_left_out_with_what_rests_on_it() {
        let whole = suite(&[
            ("made/old.toml", case("", "get-ipam-version.replies")),
            ("made/newer.toml", case("since = 3", "get-ipam-version.replies")),
            ("made/rests.toml", case("", "made.newer")),
        ])
        .unwrap();
        assert_eq!(whole.revision, 3);
        let has = |suite: &Suite, id: &str| suite.case(id).is_some();
        let at = |revision| whole.clone().at(revision).unwrap();
        for (revision, newer, rests) in [(1, false, false), (2, false, true), (3, true, true)] {
            let suite = at(revision);
            assert!(has(&suite, "made/old"));
            assert_eq!((has(&suite, "made/newer"), has(&suite, "made/rests")), (newer, rests), "{revision}");
            let newer = suite.catalogue.requirements.keys().any(|id| id.as_str() == "made.newer");
            assert_eq!((newer, suite.revision), (revision > 1, revision));
        }
        // An old revision stays what it was, whatever comes after it.
        let before = Suite::load(&embedded()).unwrap();
        let ids = |suite: &Suite| suite.cases.iter().map(|case| case.id.clone()).collect::<Vec<_>>();
        let frozen: Vec<_> = ids(&at(1)).into_iter().filter(|id| !id.starts_with("made/")).collect();
        assert_eq!(frozen, ids(&before.clone().at(1).unwrap()));
        assert!(whole.clone().at(0).is_err());
        assert_eq!(whole.at(4).unwrap_err(), "this version has suite revisions 1 to 3");
    }
}
