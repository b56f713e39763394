//! On which line a case goes that says who logs on: with a transport of its own for that user.
//!
//! Leaves out whether it may run at all: `plan` says so. Follows [MS-IPAMM2] 2.1.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    ask::{self, Line, message_id},
    lab::World,
    target::Target,
};
use crate::{
    case::Secured,
    spec::Role,
    transport::{Identity, NetTcpTransport, Secret, Security, SecurityMode, Transport},
};

/// The transports of a run by who logs on. One is used wherever the same user is asked for, so that nobody whom the target
/// refused tries again.
#[derive(Debug, Default)]
pub struct Transports(Mutex<BTreeMap<String, NetTcpTransport>>);

impl Transports {
    /// The line of a case: that of the run, but for who logs on. None where the target has nobody of that role.
    pub fn line(&self, secured: Secured, line: &Line, target: &Target, world: Option<&World>) -> Option<Line> {
        let net_tcp = match world {
            // Each world knows its own users.
            Some(world) => ask::net_tcp(target, of_world(secured, world, &line.seed)?),
            None if secured == Secured::AsUsual => line.transport.net_tcp.clone(),
            None => {
                let security = of_target(secured, target, &line.seed)?;
                let who = security.as_ref().map(|security| format!("{:?} {}", security.mode, security.identity));
                let who = who.unwrap_or_default();
                let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                made.entry(who).or_insert_with(|| ask::net_tcp(target, security)).clone()
            }
        };
        Some(Line { transport: Transport { net_tcp, ..line.transport.clone() }, ..line.clone() })
    }
}

/// How sessions in a world of the lab are protected.
#[expect(clippy::option_option, reason = "nobody of a role and no protection are two things")]
fn of_world(secured: Secured, world: &World, seed: &str) -> Option<Option<Arc<Security>>> {
    let known = |role: Role| world.users.iter().find(|user| user.role == role);
    let mode = if secured == Secured::SignedAlone { SecurityMode::SignedNtlm } else { SecurityMode::Ntlm };
    let security = |name: &str, password: Secret| {
        Some(Some(Arc::new(Security {
            mode,
            spn: "host/localhost".to_owned(),
            kdc: None,
            identity: Identity::Password { username: format!("{}\\{name}", world.domain), password },
            kdc_limit: std::time::Duration::from_secs(1),
        })))
    };
    match secured {
        Secured::WithoutUpgrade | Secured::ByHand => Some(None),
        Secured::MadeUp => {
            let name = made_up(seed);
            security(&name, Secret::new(name.clone()))
        }
        Secured::AsUsual | Secured::SignedAlone => {
            known(Role::IpamAdministrator).and_then(|user| security(&user.name, user.password.clone()))
        }
        Secured::As(role) => known(role).and_then(|user| security(&user.name, user.password.clone())),
    }
}

/// How they are at a target.
#[expect(clippy::option_option, reason = "nobody of a role and no protection are two things")]
fn of_target(secured: Secured, target: &Target, seed: &str) -> Option<Option<Arc<Security>>> {
    match secured {
        Secured::WithoutUpgrade | Secured::ByHand => Some(None),
        Secured::AsUsual => target.security.clone().map(Some),
        Secured::As(role) => target.users.get(&role).cloned().map(Some),
        Secured::SignedAlone => {
            // A ticket is of Kerberos alone.
            let usual =
                target.security.as_deref().filter(|usual| matches!(usual.identity, Identity::Password { .. }))?;
            Some(Some(Arc::new(Security { mode: SecurityMode::SignedNtlm, ..usual.clone() })))
        }
        Secured::MadeUp => {
            let usual = target.security.as_deref()?;
            // Of tickets none can be made up.
            let Identity::Password { username, .. } = &usual.identity else { return None };
            let name = made_up(seed);
            let username = match (username.split_once('\\'), username.split_once('@')) {
                (Some((domain, _)), _) => format!("{domain}\\{name}"),
                (None, Some((_, realm))) => format!("{name}@{realm}"),
                (None, None) => name.clone(),
            };
            let identity = Identity::Password { username, password: Secret::new(name) };
            Some(Some(Arc::new(Security { identity, ..usual.clone() })))
        }
    }
}

/// The name of somebody to whom nobody has given an account, the same in a run of the same seed.
fn made_up(seed: &str) -> String {
    let digits: String = message_id(seed, "made-up user", 0, 0).chars().filter(char::is_ascii_hexdigit).collect();
    // `urn:uuid:` has two of them.
    format!("ipamspec-{}", digits.get(2..10).unwrap_or("nobody"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_user_is_of_the_domain_of_the_one_who_logs_on() {
        let target = |name: &str| {
            let text = "url = \"net.tcp://h\"\n[security]\nusername = 'u'\n";
            let target = Target::load(&crate::case::SourceFile::new("t.toml", text), &[]).unwrap();
            let target = target.with_password(Secret::new("p".to_owned()));
            let usual = target.security.as_deref().unwrap();
            let identity = Identity::Password { username: name.to_owned(), password: Secret::new("p".to_owned()) };
            let security = Some(Arc::new(Security { identity, ..usual.clone() }));
            Target { security, ..target }
        };
        let made = |name: &str| {
            let security = of_target(Secured::MadeUp, &target(name), "s").unwrap().unwrap();
            let Identity::Password { username, .. } = &security.identity else { panic!("{security:?}") };
            username.clone()
        };
        let name = made_up("s");
        assert_eq!(name.len(), 17);
        assert_eq!(made("D\\alice"), format!("D\\{name}"));
        assert_eq!(made("alice@r"), format!("{name}@r"));
        assert_eq!(made("alice"), name);
        assert_ne!(made_up("other"), name);
        assert!(of_target(Secured::As(Role::Nobody), &target("alice"), "s").is_none());
    }
}
