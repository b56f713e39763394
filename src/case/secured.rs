//! `[security]` of a case: who logs on for its sessions, and whether they ask for protection at all.
//!
//! Leaves out passwords, which only the runner has. Follows [MS-IPAMM2] 2.1 and 3.1.4.3, [MC-NMF] 3.1.4.7.

use std::ops::Range;

use super::{
    mistake::{Told, shown, suggest},
    names::{Names, Place},
    template::{Escape, Template},
    walk::Fields,
};
use crate::spec::Role;

/// What a case asks of the protection of its sessions. Such a case needs net.tcp, and a target that protects them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secured {
    /// Whoever logs on in the other cases does here.
    AsUsual,
    /// Somebody of this role logs on.
    As(Role),
    /// Somebody tries to whom nobody has given an account.
    MadeUp,
    /// Whoever logs on in the other cases does here, and asks for signing alone: with NTLM.
    SignedAlone,
    /// No upgrade is asked for.
    WithoutUpgrade,
    /// The records of the case ask for it, and go on with the handshake byte by byte; their tokens are NTLM's.
    ByHand,
}

impl Secured {
    /// Whether the client's own mechanism makes the tokens.
    pub fn needs_mechanism(self) -> bool {
        matches!(self, Self::AsUsual | Self::As(_) | Self::MadeUp | Self::SignedAlone)
    }
}

/// What `[security]` says, before the matrix is filled in.
#[derive(Debug, Clone)]
pub(super) struct SecuredDraft {
    user: Option<Template>,
    upgrade: Option<Secured>,
    span: Range<usize>,
}

/// The word for somebody who has no account.
const MADE_UP: &str = "made-up";

/// Reads the table.
pub(super) fn read(mut table: Fields<'_>, names: &mut Names, told: &mut Told) -> SecuredDraft {
    let span = if table.has("user") { table.key_span("user") } else { table.span() };
    let user = table.text("user", told).and_then(|text| names.template(text, Escape::Plain, Place::String, told));
    let upgrade = table.text("upgrade", told).and_then(|text| match text.value {
        "left-out" => Some(Secured::WithoutUpgrade),
        "by-hand" => Some(Secured::ByHand),
        other => {
            told.bad_value(text.span(), format!("{} is no way to upgrade", shown(other))).help =
                suggest(other, ["left-out", "by-hand"]);
            None
        }
    });
    if user.is_some() && upgrade.is_some() {
        told.bad_value(span.clone(), "nobody logs on where the client does not upgrade").help("leave `user` out");
    }
    let level_span = table.key_span("level");
    let level = table.text("level", told).and_then(|text| match text.value {
        "sign" => Some(Secured::SignedAlone),
        other => {
            told.bad_value(text.span(), format!("{} is no lower level of protection", shown(other))).help =
                suggest(other, ["sign"]);
            None
        }
    });
    if level.is_some() && (user.is_some() || upgrade.is_some()) {
        told.bad_value(level_span, "a lower level is asked for by whoever logs on in the other cases")
            .help("leave `user` and `upgrade` out");
    }
    let upgrade = upgrade.or(level);
    table.finish(told);
    SecuredDraft { user, upgrade, span }
}

impl SecuredDraft {
    /// What it says with the values of the matrix.
    pub(super) fn bind(&self, vars: super::template::Vars<'_>, told: &mut Told) -> Secured {
        if let Some(upgrade) = self.upgrade {
            return upgrade;
        }
        let Some(user) = &self.user else { return Secured::AsUsual };
        let word = user.bind(vars).constant().unwrap_or_default();
        if word == MADE_UP {
            return Secured::MadeUp;
        }
        if let Some(role) = Role::named(&word) {
            return Secured::As(role);
        }
        let known = [MADE_UP].into_iter().chain(Role::ALL.map(Role::as_str));
        told.bad_value(self.span.clone(), format!("{} is no role, nor `{MADE_UP}`", shown(&word))).help =
            suggest(&word, known);
        Secured::AsUsual
    }
}
