//! The normalisers: what is left out of fingerprints and of recorded faults because it differs from run to run.
//!
//! Leaves out what to compare. `docs/snapshots.md` lists them; a test holds the list to this table.

use std::sync::LazyLock;

use regex_lite::Regex;

/// What is replaced, by what, in this order.
const NORMALISERS: &[(&str, &str)] = &[
    // Ids.
    (r"urn:uuid:[0-9A-Za-z-]+|\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b[0-9a-fA-F]{32}\b", "<id>"),
    // Times: of XML Schema, of databases, and as .NET writes them for people.
    (r"-?\d{4,}-\d{2}-\d{2}[T ]\d[0-9:.]+(Z|[+-]\d{2}:\d{2})?", "<time>"),
    (r"\b\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}(:\d{2})?( [AP]M)?", "<time>"),
    // Hosts and ports. A bare name is a word as any other; four numbers are also a version.
    (r"\b(https?|net\.tcp)://[^/\s'}]+", "$1://<host>"),
    (r"\b(localhost|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+):\d{1,5}\b|\[[0-9a-fA-F:.]+\]:\d{1,5}\b", "<host>"),
    (r"\bport \d{1,5}\b", "port <port>"),
    // Places in a message: they move with the length of the address in it.
    (r"\b[Ll]ine \d+,? (column|position) \d+", "<place>"),
    // Durations that were measured. One without a fraction is what somebody configured.
    (r"\b(\d+\.)?\d{1,2}:\d{2}:\d{2}\.\d+\b", "<duration>"),
    (r"\bP(\d+D)?T(\d+H)?(\d+M)?\d+\.\d+S\b", "<duration>"),
    (r"\b\d+(\.\d+)? (ms|s|milliseconds|seconds)\b", "<duration>"),
];

/// A text without what differs from run to run: ids, times, hosts and ports, places in a message, durations.
///
/// # Panics
/// Never: a test compiles every pattern.
pub fn normalise(text: &str) -> String {
    static COMPILED: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let compile = |pattern| Regex::new(pattern).expect("the table's own patterns");
        NORMALISERS.iter().map(|(pattern, replacement)| (compile(pattern), *replacement)).collect()
    });
    COMPILED
        .iter()
        .fold(text.to_owned(), |text, (pattern, replacement)| pattern.replace_all(&text, *replacement).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_left_out() {
        let of = |id: &str, time: &str, port: u16| {
            normalise(&format!(
                "RelatesTo urn:uuid:{id} at {time} from http://h:{port}/x, line {port}, column 2, 1.5 s"
            ))
        };
        let one = of("0438627c-633b-4536-846c-31d195c8d51e", "2024-04-23T00:00:00Z", 80);
        assert_eq!(one, of("11111111-633b-4536-846c-31d195c8d51e", "2025-01-02T03:04:05.6+01:00", 8080));
        assert_eq!(one, "RelatesTo <id> at <time> from http://<host>/x, <place>, <duration>");
        assert_ne!(normalise("7 tasks"), normalise("8 tasks"));
    }

    #[test]
    fn each_kind_is_known_in_its_spellings() {
        for (text, expected) in [
            ("{0438627C-633B-4536-846C-31D195C8D51E}", "{<id>}"),
            ("thread 0438627c633b4536846c31d195c8d51e", "thread <id>"),
            ("at 2024-04-23 10:11:12.345", "at <time>"),
            ("at 4/23/2024 10:11:12 AM!", "at <time>!"),
            ("net.tcp://ipam.contoso.example:48885/Ipam/Server", "net.tcp://<host>/Ipam/Server"),
            ("connect to ipam.contoso.example:48885 failed", "connect to <host> failed"),
            ("127.0.0.1:80, [::1]:80, localhost:80", "<host>, <host>, <host>"),
            ("listens on port 48885", "listens on port <port>"),
            ("Error in line 1 position 543.", "Error in <place>."),
            ("after 00:00:59.9843750", "after <duration>"),
            ("took PT1M0.25S or 250 milliseconds", "took <duration> or <duration>"),
        ] {
            assert_eq!(normalise(text), expected);
        }
    }

    #[test]
    fn what_somebody_chose_stays() {
        for text in [
            "the configured timeout (00:01:00)",
            "System.String, Version=4.0.0.0",
            "IPAM 6.3.9600.16384",
            "server CONTOSO-DC1 refused",
            "every PT24H",
            "`Discovery` is none of IpamTaskType",
        ] {
            assert_eq!(normalise(text), text);
        }
    }

    #[test]
    fn what_is_normalised_stays_so_and_the_list_is_documented() {
        let list = include_str!("../../docs/snapshots.md");
        for (pattern, replacement) in NORMALISERS {
            assert!(Regex::new(pattern).is_ok(), "{pattern}");
            let shown = replacement.replace("$1://", "");
            assert_eq!(normalise(&shown), shown);
            assert!(list.contains(&format!("`{shown}`")), "docs/snapshots.md does not list {shown}");
        }
    }
}
