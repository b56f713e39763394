//! Bad targets: files, settings and the environment variable.

use super::Kind;

const URL: &str = "url = \"http://ipam.contoso.example:8080\"\n";

/// A run against this target file.
fn kind(name: &'static str, text: impl AsRef<[u8]>) -> Kind {
    Kind::new(name, 2, "run --target target.toml").file("target.toml", text.as_ref())
}

/// A target file with a URL and this.
fn with(name: &'static str, text: &str) -> Kind {
    kind(name, format!("{URL}{text}\n"))
}

pub(crate) fn kinds() -> Vec<Kind> {
    vec![
        Kind::new("target_missing", 2, "run --target contoso.toml"),
        Kind::new("target_is_a_folder", 2, "run --target ."),
        kind("target_too_large", vec![b'#'; (1 << 20) + 1]),
        kind("target_not_utf8", b"name = \"caf\xe9\"\n"),
        kind("target_syntax", "url = \"http://ipam.contoso.example:8080\n[timing]\n"),
        kind("target_empty", ""),
        with("target_unknown_key", "[timming]\nreply = \"1s\""),
        with("target_wrong_type", "lacks = \"CreateDnsZone\""),
        with("target_literal_password", "[security]\npassword = \"hunter2\""),
        with("target_unknown_port_type", "[endpoints]\nIIpamServr = \"/Ipam/Server\""),
        with("target_bad_duration", "[timing]\nreply = \"ten seconds\""),
        with("target_negative_scale", "[timing]\nscale = -1.0"),
        with("target_bad_effect", "[allow]\neffects = [\"reed\"]"),
        with("target_unknown_task", "[allow]\neffects = [\"start-task\"]\ntasks = [\"Discover\"]"),
        with("target_zero_sessions", "[limits]\nsessions = 0"),
        with("target_ca_file_over_http", "[security]\nca_file = \"ca.pem\""),
        kind("target_ca_file_missing", "url = \"https://127.0.0.1:9\"\n[security]\nca_file = \"ca.pem\"\n"),
        kind("target_ca_file_not_pem", "url = \"https://127.0.0.1:9\"\n[security]\nca_file = \"ca.pem\"\n")
            .file("ca.pem", "not a certificate"),
        kind("target_bad_url", "url = \"http://ipam contoso\"\n"),
        kind("target_net_tcp", "url = \"net.tcp://ipam.contoso.example:48885\"\n"),
        kind(
            "target_two_ways_to_log_on",
            "url = \"net.tcp://ipam.contoso.example\"\n[security]\nusername = 'CONTOSO\\alice'\nticket_cache = true\n",
        ),
        kind("target_user_in_url", "url = \"http://alice:hunter2@ipam.contoso.example/\"\n"),
        kind("target_several_mistakes", "url = \"ftp://x\"\nnmae = 1\n"),
        Kind::new("url_without_host", 2, "run --target http://"),
        Kind::new("url_bad_port", 2, "run --target http://127.0.0.1:99999/"),
        Kind::new("set_secret", 2, "run --target http://127.0.0.1:9/ --set security.password=hunter2"),
        Kind::new("set_unknown_key", 2, "run --target http://127.0.0.1:9/ --set timing.replay=1s"),
        Kind::new("set_without_value", 2, "run --target http://127.0.0.1:9/ --set timing.reply"),
        Kind::new("variable_names_no_file", 2, "run").inherits("contoso.toml"),
        Kind::new("variable_names_a_bad_url", 2, "run").inherits("ftp://ipam.contoso.example"),
        Kind::new("variable_is_empty", 2, "run").inherits(""),
    ]
}
