//! The claim: what a run may say about a target, and why not more.

use serde::{Deserialize, Serialize};

use super::{
    TargetRecord,
    ledger::{LedgerRow, Status},
};
use crate::spec::Level;

const UNPROTECTED: &str = "no transport security: [MS-IPAMM2] 2.1 asks for EncryptAndSign";

/// What a run may say about a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// How much.
    pub kind: ClaimKind,
    /// Why not more, most important first; empty for `full`.
    pub reasons: Vec<String>,
}

/// How much a run may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClaimKind {
    /// net.tcp, EncryptAndSign, and every must verified or untestable.
    Full,
    /// Anything less.
    Partial,
    /// Our own server: says something about us.
    Reference,
    /// Nothing was verified, not even in part.
    None,
}

impl ClaimKind {
    /// The word as reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::Reference => "reference",
            Self::None => "none",
        }
    }
}

impl Claim {
    /// What a run may say, by its target and its ledger.
    pub fn of(target: &TargetRecord, ledger: &[LedgerRow], interrupted: bool) -> Self {
        let musts = || ledger.iter().filter(|row| row.level == Level::Must);
        let count = |status: Status| musts().filter(|row| row.status == status).count();
        let mut reasons = Vec::new();
        if target.reference {
            reasons.push("the target is the reference server that this run started".to_owned());
        }
        if interrupted {
            reasons.push("the run was interrupted".to_owned());
        }
        let is_unprotected = target.security == "none";
        if is_unprotected && target.transport == "net.tcp" {
            reasons.push(UNPROTECTED.to_owned());
        }
        for (status, words) in [
            (Status::Violated, "violated"),
            (Status::Partly, "verified only in part"),
            (Status::NotExercised, "not exercised"),
        ] {
            let number = count(status);
            if number > 0 {
                reasons.push(format!("{number} of {} musts {words}", musts().count()));
            }
        }
        if target.transport == TargetRecord::RECORDING {
            let text = "it was recorded elsewhere: what the recordings do not show was not seen, security among it";
            reasons.push(text.to_owned());
        } else if target.transport != "net.tcp" {
            reasons
                .push(format!("{} is a laboratory binding: [MS-IPAMM2] 2.1 asks for TCP bindings", target.transport));
        }
        if is_unprotected && target.transport != "net.tcp" {
            reasons.push(UNPROTECTED.to_owned());
        }
        let kind = if target.reference {
            ClaimKind::Reference
        } else if count(Status::Verified) + count(Status::Partly) == 0 {
            ClaimKind::None
        } else if reasons.is_empty() {
            ClaimKind::Full
        } else {
            ClaimKind::Partial
        };
        Self { kind, reasons }
    }
}
