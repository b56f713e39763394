//! Exit codes: one documented table, and which code holds where several do.

/// Every selected case came to a verdict or was skipped with a reason, at least one passed, nothing new was found.
pub const GREEN: u8 = 0;
/// New findings at or above the level asked for.
pub const FINDINGS: u8 = 1;
/// Usage, target file or case file is wrong.
pub const USAGE: u8 = 2;
/// Could not find out.
pub const INCONCLUSIVE: u8 = 3;
/// No case was selected.
pub const NOTHING_SELECTED: u8 = 4;
/// A fault of ours.
pub const OURS: u8 = 70;
/// Interrupted.
pub const INTERRUPTED: u8 = 130;

/// What holds of a run, for its exit code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// It was interrupted.
    pub interrupted: bool,
    /// A case is an error of ours.
    pub our_error: bool,
    /// A case is an error of a file.
    pub file_error: bool,
    /// There are new findings at or above the level asked for.
    pub findings: bool,
    /// A case stayed inconclusive, the target could not be asked, or nothing passed although something was selected.
    pub inconclusive: bool,
    /// No case was selected.
    pub nothing_selected: bool,
}

/// The exit code of a run: the first that holds of 130, 70, 2, 1, 3, 4, 0.
pub fn code(facts: Facts) -> u8 {
    let table = [
        (facts.interrupted, INTERRUPTED),
        (facts.our_error, OURS),
        (facts.file_error, USAGE),
        (facts.findings, FINDINGS),
        (facts.inconclusive, INCONCLUSIVE),
        (facts.nothing_selected, NOTHING_SELECTED),
    ];
    table.into_iter().find(|(holds, _)| *holds).map_or(GREEN, |(_, code)| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_table_holds() {
        let mut facts = Facts {
            interrupted: true,
            our_error: true,
            file_error: true,
            findings: true,
            inconclusive: true,
            nothing_selected: true,
        };
        let mut codes = vec![code(facts)];
        facts.interrupted = false;
        codes.push(code(facts));
        facts.our_error = false;
        codes.push(code(facts));
        facts.file_error = false;
        codes.push(code(facts));
        facts.findings = false;
        codes.push(code(facts));
        facts.inconclusive = false;
        codes.push(code(facts));
        facts.nothing_selected = false;
        codes.push(code(facts));
        assert_eq!(codes, [130, 70, 2, 1, 3, 4, 0]);
    }
}
