//! The rules for what operations with progress are given: objects that no server may take, and which scopes this one has.
//!
//! Holds the rules that cases look at, and asks nothing of what is absent, so that parameters may be short. Follows
//! [MS-IPAMM2] 3.1.4.8 to 3.1.4.10, 3.1.4.14, 3.1.4.15, 3.1.4.24 to 3.1.4.26, 3.19.4.4.1.3, 3.19.4.4.1.4 and 2.2.4.151.

use super::mutant::Mutant;
use crate::{spec::namespace, xml::Element};

/// The scopes that there are, by the record ids of the reference server's `[vars]`.
const SCOPES: [&str; 2] = ["23", "24"];

/// What operations ask of an element of their parameters.
struct Rule {
    operations: &'static [&'static str],
    /// The names of the elements that lead to it, from the parameters down. Of those that are repeated each is meant.
    path: &'static [&'static str],
    holds: fn(&Element) -> bool,
    /// The lie that passes over it.
    lie: Mutant,
}

const fn rule(
    operations: &'static [&'static str],
    path: &'static [&'static str],
    holds: fn(&Element) -> bool,
    lie: Mutant,
) -> Rule {
    Rule { operations, path, holds, lie }
}

const RULES: &[Rule] = &[
    // 3.1.4.10: of one family or the other. Ruling `server-name`: what else is asked for there has no element.
    rule(&["EditDhcpServer"], &["Server"], is_of_a_family, Mutant::TakesInvalidServers),
    // 3.1.4.9
    rule(&["CreateDhcpScope", "EditDhcpScope"], &["Scope"], is_of_one_network, Mutant::TakesInvalidScopes),
    rule(&["CreateDhcpScope", "EditDhcpScope"], &["Scope"], is_wide_enough, Mutant::TakesInvalidScopes),
    // 3.19.4.4.1.3 and 3.19.4.4.1.4
    rule(&["CreateDhcpScope"], &["Scope", "RecordId"], is_no_scope, Mutant::TakesInvalidScopes),
    rule(&["EditDhcpScope"], &["Scope", "RecordId"], is_a_scope, Mutant::TakesInvalidScopes),
    // 3.1.4.14
    rule(
        &["CreateDhcpServerPolicy", "CreateDhcpScopePolicy", "UpdatePolicy"],
        &["Policy", "PolicyName"],
        has_words,
        Mutant::BreaksDhcpRules,
    ),
    rule(&["UpdatePolicy"], &["Policy", "PolicyId"], is_above_zero, Mutant::BreaksDhcpRules),
    // 3.1.4.15
    rule(
        &["CreateDhcpReservation", "SetDhcpReservation"],
        &["Reservation", "Name"],
        has_words,
        Mutant::BreaksDhcpRules,
    ),
    rule(
        &["CreateDhcpReservation", "SetDhcpReservation"],
        &["Reservation", "MacAddress"],
        is_hexadecimal,
        Mutant::BreaksDhcpRules,
    ),
    // 3.1.4.8
    rule(
        &["CreateIpamIPAddress", "UpdateIpamIPAddress"],
        &["Address", "Address"],
        is_common,
        Mutant::TakesSpecialAddresses,
    ),
    // 3.1.4.24
    rule(
        &["CreateDnsResourceRecords", "UpdateDnsResourceRecords", "DeleteDnsResourceRecords"],
        &["ResourceRecords", "DnsResourceRecord", "Name"],
        has_words,
        Mutant::BreaksDnsRules,
    ),
    rule(
        &["CreateDnsResourceRecords", "UpdateDnsResourceRecords", "DeleteDnsResourceRecords"],
        &["ResourceRecords", "DnsResourceRecord", "RecordType"],
        is_some,
        Mutant::BreaksDnsRules,
    ),
    // 3.1.4.25
    rule(&["CreateDnsZone"], &["ServerZone", "ZoneConfiguration"], is_some, Mutant::BreaksDnsRules),
    rule(&["CreateDnsZone"], &["ServerZone", "ZoneType"], is_some, Mutant::BreaksDnsRules),
    // 3.1.4.26
    rule(
        &["CreateDnsConditionalForwarders", "UpdateDnsConditionalForwarders", "DeleteDnsConditionalForwarders"],
        &["ConditionalForwarders", "DnsConditionalForwarder", "Name"],
        has_words,
        Mutant::BreaksDnsRules,
    ),
    rule(
        &["CreateDnsConditionalForwarders", "UpdateDnsConditionalForwarders", "DeleteDnsConditionalForwarders"],
        &["ConditionalForwarders", "DnsConditionalForwarder", "ConditionalForwarderType"],
        is_some,
        Mutant::BreaksDnsRules,
    ),
];

/// The lie that would let an operation run with these parameters, where they break a rule.
pub(super) fn broken(operation: &str, parameters: &Element) -> Option<Mutant> {
    let of_operation = RULES.iter().filter(|rule| rule.operations.contains(&operation));
    of_operation.into_iter().find(|rule| !found(parameters, rule.path).into_iter().all(rule.holds)).map(|rule| rule.lie)
}

/// The elements that a path leads to.
fn found<'e>(element: &'e Element, path: &[&'static str]) -> Vec<&'e Element> {
    path.iter().fold(vec![element], |found, name| {
        found.into_iter().flat_map(|element| element.all(namespace::IPAM, name)).collect()
    })
}

fn is_of_a_family(server: &Element) -> bool {
    let of = |name: &str| server.xsi_type().is_some_and(|known| known.is(namespace::IPAM, name));
    server.is_nil() || of("DhcpServerV4") || of("DhcpServerV6")
}

/// Its addresses lie in the network of its id, and the first is before the last.
fn is_of_one_network(scope: &Element) -> bool {
    let address = |name: &str| scope.child(namespace::IPAM, name).and_then(address);
    let (Some(first), Some(last)) = (address("StartAddress"), address("EndAddress")) else { return true };
    let (Some(id), Some(mask)) = (address("ScopeId"), address("SubnetMask")) else { return true };
    first & mask == id && last & mask == id && first < last
}

/// 2.2.4.151
fn is_wide_enough(scope: &Element) -> bool {
    let length = scope.child(namespace::IPAM, "PrefixLength");
    length.is_none_or(|length| length.text().trim().parse().is_ok_and(|bits: u8| (1..=30).contains(&bits)))
}

fn is_a_scope(id: &Element) -> bool {
    SCOPES.contains(&id.text().trim())
}

fn is_no_scope(id: &Element) -> bool {
    !is_a_scope(id)
}

fn has_words(element: &Element) -> bool {
    !element.text().trim().is_empty()
}

fn is_above_zero(number: &Element) -> bool {
    number.text().trim().parse().is_ok_and(|number: i64| number > 0)
}

fn is_hexadecimal(element: &Element) -> bool {
    let text = element.text();
    !text.is_empty() && text.len() <= 260 && text.bytes().all(|octet| octet.is_ascii_hexdigit())
}

/// Not of this network, not of this host, not of this link, and not everybody's.
fn is_common(element: &Element) -> bool {
    let octets = address(element).map(u32::to_be_bytes);
    !matches!(octets, Some([0 | 127, ..] | [169, 254, ..] | [255, 255, 255, 255]))
}

fn is_some(element: &Element) -> bool {
    !element.text().trim().eq_ignore_ascii_case("none")
}

/// An IPv4 address, as a number that sorts as addresses do: written is one whose lowest octet is the first.
fn address(element: &Element) -> Option<u32> {
    let number = element.elements().find(|part| &*part.name.local == "m_Address")?;
    number.text().trim().parse().ok().map(u32::swap_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml;

    fn broken_by(operation: &str, inside: &str) -> Option<Mutant> {
        let text = format!("<p xmlns='{}' xmlns:m='{0}' xmlns:i='{}'>{inside}</p>", namespace::IPAM, namespace::XSI);
        let document = xml::read(text.as_bytes(), &xml::Limits::default()).unwrap();
        broken(operation, &document.root)
    }

    fn placed(name: &str, [a, b, c, d]: [u8; 4]) -> String {
        format!("<{name}><m_Address>{}</m_Address></{name}>", u32::from_le_bytes([a, b, c, d]))
    }

    fn scope(first: [u8; 4], last: [u8; 4], id: [u8; 4], more: &str) -> Option<Mutant> {
        let inside = [
            placed("EndAddress", last),
            placed("ScopeId", id),
            placed("StartAddress", first),
            placed("SubnetMask", [255, 255, 255, 0]),
        ];
        broken_by("CreateDhcpScope", &format!("<Scope>{more}{}</Scope>", inside.concat()))
    }

    #[test]
    fn a_scope_has_its_network() {
        let (first, last, id) = ([192, 0, 2, 10], [192, 0, 2, 20], [192, 0, 2, 0]);
        assert_eq!(scope(first, last, id, ""), None);
        assert_eq!(scope(first, last, id, "<PrefixLength>24</PrefixLength>"), None);
        let lie = Some(Mutant::TakesInvalidScopes);
        assert_eq!(scope(last, last, id, ""), lie);
        assert_eq!(scope([192, 0, 2, 200], [192, 0, 2, 20], id, ""), lie);
        assert_eq!(scope(first, last, last, ""), lie);
        assert_eq!(scope([192, 0, 1, 10], last, id, ""), lie);
        assert_eq!(scope(first, last, id, "<PrefixLength>31</PrefixLength>"), lie);
        assert_eq!(scope(first, last, id, "<RecordId>23</RecordId>"), lie);
        assert_eq!(scope(first, last, id, "<RecordId>25</RecordId>"), None);
        assert_eq!(broken_by("EditDhcpScope", "<Scope><RecordId>23</RecordId></Scope>"), None);
        assert_eq!(broken_by("EditDhcpScope", "<Scope><RecordId>-1</RecordId></Scope>"), lie);
    }

    #[test]
    fn each_rule_is_of_its_operations_alone() {
        let special =
            |octets| broken_by("CreateIpamIPAddress", &format!("<Address>{}</Address>", placed("Address", octets)));
        for octets in [[0, 1, 2, 3], [127, 0, 0, 1], [169, 254, 1, 1], [255; 4]] {
            assert_eq!(special(octets), Some(Mutant::TakesSpecialAddresses), "{octets:?}");
        }
        for octets in [[192, 0, 2, 6], [169, 253, 0, 1], [254, 254, 254, 254]] {
            assert_eq!(special(octets), None, "{octets:?}");
        }
        let record = |name| {
            format!(
                "<ResourceRecords><DnsResourceRecord><Name>a</Name></DnsResourceRecord><DnsResourceRecord><Name>{name}</Name></DnsResourceRecord></ResourceRecords>"
            )
        };
        assert_eq!(broken_by("CreateDnsResourceRecords", &record(" ")), Some(Mutant::BreaksDnsRules));
        assert_eq!(broken_by("CreateDnsResourceRecords", &record("b")), None);
        assert_eq!(broken_by("CreateDnsZone", &record(" ")), None);
        let zone = "<ServerZone><ZoneConfiguration>None</ZoneConfiguration></ServerZone>";
        assert_eq!(broken_by("CreateDnsZone", zone), Some(Mutant::BreaksDnsRules));
        for (server, lie) in [
            ("<Server/>", Some(Mutant::TakesInvalidServers)),
            ("<Server i:type='m:DhcpServer'/>", Some(Mutant::TakesInvalidServers)),
            ("<Server i:type='m:DhcpServerV6'/>", None),
            ("<Server i:nil='true'/>", None),
        ] {
            assert_eq!(broken_by("EditDhcpServer", server), lie, "{server}");
        }
        let reservation = |mac| format!("<Reservation><Name>x</Name><MacAddress>{mac}</MacAddress></Reservation>");
        assert_eq!(broken_by("CreateDhcpReservation", &reservation("00155D000001")), None);
        assert_eq!(broken_by("CreateDhcpReservation", &reservation("printer")), Some(Mutant::BreaksDhcpRules));
        assert_eq!(broken_by("UpdatePolicy", "<Policy><PolicyId>0</PolicyId></Policy>"), Some(Mutant::BreaksDhcpRules));
    }
}
