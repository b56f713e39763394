//! `ipamspec serve`: the reference server in the foreground.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{print, refuse, stop};
use crate::{
    reference::{Addresses, Behaviour, Guard, Mutant, Scenario, Server, Users, Variant},
    runner::files,
    verdict::exit,
};

/// The arguments of `serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where to listen for HTTP; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    http: SocketAddr,
    /// Where to listen for net.tcp; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    net_tcp: SocketAddr,
    /// A lie to tell, by name; may be given more than once
    #[arg(long, value_name = "NAME")]
    mutant: Vec<String>,
    /// A conformant way to differ, by name; may be given more than once
    #[arg(long, value_name = "NAME")]
    variant: Vec<String>,
    /// What its world is like, by name, as in not-provisioned
    #[arg(long, value_name = "NAME", default_value = Scenario::Default.as_str(), value_parser = Scenario::named)]
    scenario: Scenario,
    /// Who may log on over net.tcp: a file with lines of DOMAIN:user:password, and :role where it is not that of an IPAM
    /// administrator; by NTLM, and by Kerberos where a line keytab = "PATH" names the keys of the service (docs/users-file.md)
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// Takes no session over net.tcp without the upgrade to application/negotiate; wants --users
    #[arg(long, requires = "users")]
    require_security: bool,
}

/// Serves until told to stop.
pub(super) async fn serve(arguments: Arguments) -> u8 {
    let mut behaviour = Behaviour::default();
    for name in &arguments.mutant {
        let Some(mutant) = Mutant::named(name) else {
            return refuse(&unknown("mutant", name, Mutant::ALL.iter().map(|mutant| mutant.name())));
        };
        behaviour.mutants.push(mutant);
    }
    for name in &arguments.variant {
        let Some(variant) = Variant::named(name) else {
            return refuse(&unknown("variant", name, Variant::ALL.iter().map(|variant| variant.name())));
        };
        behaviour.variants.push(variant);
    }
    let users = match arguments.users.as_deref().map(users).transpose() {
        Ok(users) => users,
        Err(refused) => return refuse(&refused),
    };
    let guard = Guard { users, required: arguments.require_security };
    let mut stop = stop::watch_signals();
    let addresses = Addresses { http: arguments.http, net_tcp: arguments.net_tcp };
    let server = match Server::start_in(addresses, behaviour, arguments.scenario, guard) {
        Ok(server) => server,
        Err(cannot) => {
            let option = if cannot.address == addresses.http { "--http" } else { "--net-tcp" };
            return refuse(&format!("{cannot}; take another address with {option}, or port 0 for a free one"));
        }
    };
    print(&format!("the reference server listens at {}/Ipam/Server (Ctrl-C stops it)\n", server.url()));
    print(&format!("and on net.tcp at {}/Ipam/Server\n", server.net_tcp_url()));
    for mutant in &arguments.mutant {
        print(&format!("it lies: {mutant}\n"));
    }
    let _ = stop.wait_for(Option::is_some).await;
    server.stop().await;
    print("stopped\n");
    exit::GREEN
}

fn users(path: &Path) -> Result<Users, String> {
    let file = files::read_file(path).map_err(|error| format!("{error}; --users takes a file of users"))?;
    let users = Users::read(&file.text).map_err(|bad| format!("{}: {bad}", path.display()))?;
    let Some(keytab) = users.keytab() else { return Ok(users) };
    // As in a target file, a path is relative to the folder that names it.
    let keytab = path.parent().unwrap_or(Path::new("")).join(keytab);
    let bytes = files::read_bytes(&keytab).map(Zeroizing::new);
    let bytes = bytes.map_err(|error| format!("{}: the keytab: {error}", path.display()))?;
    users.with_keytab(&bytes).map_err(|bad| format!("{}: {bad}", keytab.display()))
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let near = known.max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    format!("there is no {what} `{name}`; the nearest is `{}`", near.unwrap_or_default())
}
