//! Which endpoint a Via means.
//!
//! Leaves out which endpoints there are. Follows [MS-NMFTB] 3.1.1 (what a net.tcp URI is), [MC-NMF] product note 13 and
//! what Windows does where both are silent.

use crate::{reference::lab::path_of, spec::PortType};

/// The path of a Via, in the letters that endpoints are known by; none where it is no net.tcp URI.
///
/// Hosts and ports are not compared. Windows takes whatever host its address is called by, and compares the port; here a
/// relay may stand in front, which the client knows by another port. As on Windows the letters of a path are not told
/// apart by case, one slash may end it, and query and fragment are not looked at (product notes 1 and 2 of [MS-NMFTB]).
pub(super) fn path(via: &str) -> Option<String> {
    let (scheme, rest) = via.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("net.tcp") || !via.is_ascii() || via.bytes().any(|b| b.is_ascii_whitespace()) {
        return None;
    }
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    };
    // There is a host, and no user before it.
    if host.is_empty() || host.contains('@') || (!port.is_empty() && port.parse::<u16>().is_err()) {
        return None;
    }
    let path = format!("/{}", path.strip_suffix('/').unwrap_or(path).to_ascii_lowercase());
    let known = |port_type: PortType| {
        let prefix = path.strip_suffix(&path_of(port_type).to_ascii_lowercase())?;
        Some(format!("{prefix}{}", path_of(port_type)))
    };
    Some(PortType::ALL.into_iter().find_map(known).unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_via_means_its_path() {
        for right in [
            "net.tcp://localhost:808/Ipam/Server",
            "NET.TCP://ipam.contoso.example/ipam/server",
            "net.tcp://[::1]:4711/Ipam/Server/",
            "net.tcp://[::1]/Ipam/Server",
            "net.tcp://127.0.0.1:1/Ipam/Server?wsdl#top",
        ] {
            assert_eq!(path(right).as_deref(), Some("/Ipam/Server"), "{right}");
        }
        assert_eq!(path("net.tcp://h").as_deref(), Some("/"));
        let world = path("net.tcp://h/LAB/7/ipam/operationwithprogress");
        assert_eq!(world.as_deref(), Some("/lab/7/Ipam/OperationWithProgress"));
    }

    #[test]
    fn what_is_no_net_tcp_uri_means_nothing() {
        for wrong in [
            "",
            "/Ipam/Server",
            "http://localhost/Ipam/Server",
            "net.pipe://localhost/Ipam/Server",
            "net.tcp:/Ipam/Server",
            "net.tcp:///Ipam/Server",
            "net.tcp://user@localhost/Ipam/Server",
            "net.tcp://localhost:70000/Ipam/Server",
            "net.tcp://local host/Ipam/Server",
        ] {
            assert_eq!(path(wrong), None, "{wrong}");
        }
    }
}
