//! `ipamspec serve`: the reference server in the foreground.

use std::net::SocketAddr;

use super::{print, refuse, stop};
use crate::{
    reference::{Addresses, Behaviour, Mutant, Scenario, Server, Variant},
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
    let mut stop = stop::watch_signals();
    let addresses = Addresses { http: arguments.http, net_tcp: arguments.net_tcp };
    let server = match Server::start_in(addresses, behaviour, arguments.scenario) {
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

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let near = known.max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    format!("there is no {what} `{name}`; the nearest is `{}`", near.unwrap_or_default())
}
