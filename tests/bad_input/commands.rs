//! Bad command lines, folders that cannot be written, and records that cannot be read.

use super::Kind;

/// A file of users that names a keytab beside itself.
const KEYTAB: &str = "EXAMPLE:alice:secret\nkeytab = \"host.keytab\"\n";

/// A record of one event, as far as a run that was killed at once has it.
fn record() -> String {
    let started = r#"{"event":"run-started","schema":"ipamspec-events/1","tool_version":"0.1.0","suite_digest":"00","suite_revision":"12.0","seed":"1","started":"2026-01-02T03:04:05Z","fail_on":"must","target":{"name":"t","url":"http://t/","transport":"http","security":"none","reference":false,"argument":null},"cases":[],"requirements":[],"rulings":[]}"#;
    format!("{started}\n")
}

pub(crate) fn kinds() -> Vec<Kind> {
    let flags = [
        Kind::new("command_unknown", 2, "reprot"),
        Kind::new("flag_unknown", 2, "run --cas x"),
        Kind::new("flag_without_value", 2, "run --case"),
        Kind::new("flags_conflict", 2, "run --quiet --verbose"),
        Kind::new("argument_too_many", 2, "run target.toml"),
        Kind::new("port_type_unknown", 2, "run --port-type IIpamServr"),
        Kind::new("level_unknown", 2, "run --level musst"),
        Kind::new("fail_on_observe", 2, "run --fail-on observe"),
        Kind::new("effect_unknown", 2, "run --allow everything"),
        Kind::new("jobs_zero", 2, "run --jobs 0"),
        Kind::new("jobs_no_number", 2, "run --jobs many"),
        Kind::new("format_unknown", 2, "run --format xml"),
        Kind::new("color_unknown", 2, "run --color maybe"),
        Kind::new("case_matches_nothing", 2, "run --case start_task/refuses_nonne"),
        Kind::new("skip_matches_nothing", 2, "run --skip start_task/refuses_nonne"),
        Kind::new("requirement_matches_nothing", 2, "run --requirement start-task.none-fault"),
        Kind::new("nothing_selected", 4, "run --skip ** --seed 1"),
        Kind::new("set_without_target", 2, "run --set timing.reply=1s"),
        Kind::new("serve_bad_address", 2, "serve --http nonsense"),
        Kind::new("serve_unknown_mutant", 2, "serve --mutant start-none"),
        Kind::new("serve_unknown_variant", 2, "serve --variant other"),
        Kind::new("serve_users_missing", 2, "serve --users users.txt"),
        Kind::new("serve_users_bad_role", 2, "serve --users users.txt").file("users.txt", "# all\nA:b:secret:king\n"),
        Kind::new("serve_users_without_password", 2, "serve --users users.txt").file("users.txt", "A:b:\n"),
        Kind::new("serve_users_bad_keytab", 2, "serve --users users.txt").file("users.txt", "keytab = host.keytab\n"),
        Kind::new("serve_keytab_missing", 2, "serve --users a/users.txt").file("a/users.txt", KEYTAB),
        Kind::new("serve_keytab_of_other_types", 2, "serve --users a/users.txt")
            .file("a/users.txt", KEYTAB)
            .file("a/host.keytab", b"\x05\x02\0\0\0\x16\0\x01\0\x01R\0\x01s\0\0\0\x01\0\0\0\0\x01\0\x17\0\x01k"),
        Kind::new("serve_keytab_cut", 2, "serve --users a/users.txt")
            .file("a/users.txt", KEYTAB)
            .file("a/host.keytab", b"\x05\x02\0\0\0\x48\0\x02\0\x0cEXAMPLE.TEST\0\x04host"),
        Kind::new("serve_keytab_is_text", 2, "serve --users a/users.txt")
            .file("a/users.txt", KEYTAB)
            .file("a/host.keytab", "alice\n"),
    ];
    let out = [
        Kind::new("out_is_a_file", 2, "run --out taken").file("taken", "a file"),
        Kind::new("out_below_a_file", 2, "run --out taken/below").file("taken", "a file"),
        Kind::new("out_cannot_be_made", 2, "run --out /proc/ipamspec"),
        Kind::new("out_of_report_is_a_file", 2, "report render events.jsonl --out taken")
            .file("events.jsonl", record())
            .file("taken", "a file"),
    ];
    let records = [
        Kind::new("record_missing", 2, "report render events.jsonl"),
        Kind::new("record_is_a_folder", 2, "report render ."),
        Kind::new("record_empty", 2, "report render events.jsonl").file("events.jsonl", ""),
        Kind::new("record_not_ours", 2, "report render events.jsonl").file("events.jsonl", "{\"level\":\"info\"}\n"),
        Kind::new("record_not_json", 2, "report render events.jsonl").file("events.jsonl", "<events/>\n"),
        Kind::new("record_not_text", 2, "report render events.jsonl").file("events.jsonl", b"\xff\xfe\x00\n"),
        Kind::new("record_without_its_beginning", 2, "report render events.jsonl")
            .file("events.jsonl", "{\"event\":\"run-finished\",\"duration_ms\":1}\n"),
        Kind::new("record_twice", 2, "report render events.jsonl").file("events.jsonl", record().repeat(2)),
        Kind::new("record_broken_in_the_middle", 2, "report render events.jsonl")
            .file("events.jsonl", record() + "{\"event\":\"no\n" + "{\"event\":\"run-finished\",\"duration_ms\":1}\n"),
        // What a killed run leaves is rendered: the last line is cut off.
        Kind::new("record_cut_off", 0, "report render events.jsonl")
            .file("events.jsonl", record() + "{\"event\":\"case-fin"),
    ];
    let target = "url = \"http://127.0.0.1:1/x\"\n";
    let gates = [
        Kind::new("gate_of_the_reference", 2, "run --gate"),
        Kind::new("baseline_of_the_reference", 2, "run --baseline baseline.toml"),
        Kind::new("baseline_missing", 2, "run --target target.toml --baseline baseline.toml")
            .file("target.toml", target),
        Kind::new("baseline_several_mistakes", 2, "run --target target.toml --baseline baseline.toml")
            .file("target.toml", target)
            .file(
                "baseline.toml",
                "[[accepted]]\nfingerprint = \"0123456789abcdef\"\ncase = \"a/b\"\ncheck = \"step-1/answer\"\n\
                 requirement = \"Not An Id\"\nraeson = \"x\"\nexpires = \"soon\"\n",
            ),
        Kind::new("baseline_updated_of_a_shard", 2, "run --update-baseline --baseline b.toml --shard 1/2"),
        Kind::new("shard_beyond", 2, "run --shard 5/4"),
        Kind::new("merge_of_no_shard", 2, "report merge events.jsonl --out whole").file("events.jsonl", record()),
        Kind::new("diff_of_no_report", 2, "report diff old.json new.json")
            .file("old.json", "{}")
            .file("new.json", "{}"),
        Kind::new("verify_of_another_page", 2, "report verify index.html").file("index.html", "<html></html>"),
    ];
    // VersionRecord 1.0, ModeRecord Duplex, and the beginning of a ViaRecord of 33 bytes.
    let cut_off = b"\x00\x01\x00\x01\x02\x02\x21net.tcp://\x1b[2J";
    let bytes = [
        Kind::new("decode_nothing", 2, "decode"),
        Kind::new("decode_missing", 2, "decode stream.bin"),
        Kind::new("decode_folder", 2, "decode ."),
        Kind::new("decode_empty", 2, "decode stream.bin").file("stream.bin", ""),
        Kind::new("decode_empty_input", 2, "decode -"),
        Kind::new("decode_format_unknown", 2, "decode --format nbfs --hex 00"),
        Kind::new("decode_hex_and_file", 2, "decode --hex 00 stream.bin"),
        Kind::new("decode_hex_no_digit", 2, "decode --hex 0x00"),
        Kind::new("decode_hex_odd", 2, "decode stream.hex").file("stream.hex", "00 01 0"),
        Kind::new("decode_http", 2, "decode stream.bin").file("stream.bin", "HTTP/1.1 400 Bad Request\r\n\r\n"),
        Kind::new("decode_cut_off", 2, "decode stream.bin").file("stream.bin", cut_off),
        Kind::new("decode_unknown_string", 2, "decode --format nbfse --hex").argument("00 42 03 01"),
        Kind::new("decode_not_xml", 2, "decode --format nbfx --hex").argument("40 01 61 09 01 70 01 71 01 01"),
    ];
    flags.into_iter().chain(out).chain(records).chain(gates).chain(bytes).collect()
}
