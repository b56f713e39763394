//! Recordings that are none, that were cut, or that hold nothing to judge.

use super::Kind;

/// The first line of a trace file.
const HEAD: &str = "{\"format\":\"ipamspec-trace/1\"}\n";
const CAPTURE: &[u8] = include_bytes!("../captures/session.pcap");

fn front(bytes: &[u8], length: usize) -> &[u8] {
    bytes.get(..length).unwrap_or(bytes)
}

fn trace(lines: &str) -> String {
    format!("{HEAD}{lines}\n")
}

pub(crate) fn kinds() -> Vec<Kind> {
    let of = |name, code, path, bytes: &[u8]| Kind::new(name, code, &format!("check {path}")).file(path, bytes);
    let of_trace = |name, code, lines: &str| of(name, code, "a.jsonl", trace(lines).as_bytes());
    let event = "<E2ETraceEvent xmlns=\"http://schemas.microsoft.com/2004/06/E2ETraceEvent\"><ApplicationData>started\
                 </ApplicationData></E2ETraceEvent>";
    vec![
        Kind::new("check_nothing", 2, "check"),
        Kind::new("check_missing", 2, "check a.jsonl"),
        Kind::new("check_folder", 2, "check ."),
        Kind::new("check_fail_on_observe", 2, "check a.jsonl --fail-on observe"),
        of("check_empty", 2, "a.jsonl", b""),
        of("check_no_recording", 2, "a.html", b"<html></html>"),
        of("check_utf_16", 2, "a.svclog", b"\xFF\xFE<\0E\0"),
        of("check_compressed", 2, "a.pcap.gz", b"\x1F\x8B\x08\x00"),
        of("check_one_direction", 2, "a.bin", b"\x00\x01\x00\x01\x02"),
        of("check_version_unknown", 2, "a.jsonl", b"{\"format\":\"ipamspec-trace/9\"}\n"),
        of("check_format_unnamed", 2, "a.jsonl", b"{\"session\":\"s\",\"accepted\":{}}\n"),
        of_trace("check_line_not_json", 2, "{\"session\":\"s\",\"accepted\":{}\n{}"),
        of_trace("check_line_of_nothing", 2, "{\"session\":\"s\"}"),
        of_trace("check_port_type_unknown", 2, "{\"session\":\"s\",\"opened\":{\"port_type\":\"IIpamServr\"}}"),
        of_trace("check_end_unknown", 2, "{\"session\":\"s\",\"ended\":{\"how\":\"vanished\"}}"),
        of("check_trace_of_no_session", 4, "a.jsonl", HEAD.as_bytes()),
        of("check_log_cut_in_its_first_event", 2, "a.svclog", front(event.as_bytes(), 90)),
        of("check_log_without_messages", 4, "a.svclog", event.as_bytes()),
        of("check_capture_cut_in_its_head", 2, "a.pcap", front(CAPTURE, 10)),
        of("check_capture_of_no_packet", 4, "a.pcap", front(CAPTURE, 24)),
        of("check_capture_cut", 0, "a.pcap", front(CAPTURE, CAPTURE.len() * 2 / 3)),
    ]
}
