//! The `[vars]` that the reference server has: one of each thing that a case can name.
//!
//! Leaves out what they are used for. Nothing of it exists outside: the names are those of RFC 2606, the addresses those of
//! RFC 5737, as a serialised IPAddress holds them: a number, its first byte the lowest.

/// Names and values. What begins with `spare_` may be gone afterwards, what begins with `new_` may be there.
pub(super) const REFERENCE_VARS: [(&str, &str); 33] = [
    ("managed_server", "dc1.contoso.example"),
    ("dhcp_server_record_id", "17"),
    ("partner_dhcp_server_record_id", "18"),
    ("dhcp_scope_record_id", "23"),
    ("spare_dhcp_scope_record_id", "24"),
    ("new_dhcp_scope_address", "131264"),
    ("new_dhcp_scope_first", "167903424"),
    ("new_dhcp_scope_last", "335675584"),
    ("dhcp_superscope_record_id", "31"),
    ("dhcp_superscope_name", "East"),
    ("spare_dhcp_superscope_record_id", "32"),
    ("dhcp_policy_id", "41"),
    ("spare_dhcp_policy_id", "42"),
    ("new_dhcp_policy_name", "Printers"),
    ("dhcp_reservation_record_id", "51"),
    ("spare_dhcp_reservation_record_id", "52"),
    ("new_dhcp_reservation_address", "84017344"),
    ("new_mac_address", "00155D000001"),
    ("dhcp_failover_record_id", "61"),
    ("spare_dhcp_failover_record_id", "62"),
    ("new_dhcp_failover_name", "East and West"),
    ("dhcp_filter_record_id", "71"),
    ("spare_dhcp_filter_record_id", "72"),
    ("ip_address_record_id", "81"),
    ("new_ip_address", "100794560"),
    ("dns_server_record_id", "91"),
    ("dns_zone_record_id", "92"),
    ("spare_dns_zone_record_id", "93"),
    ("new_dns_name", "new.contoso.example"),
    ("dns_record_id", "94"),
    ("spare_dns_record_id", "95"),
    ("dns_forwarder_record_id", "96"),
    ("spare_dns_forwarder_record_id", "97"),
];
