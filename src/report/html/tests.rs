//! Tests of the page: what it holds, that nothing breaks out of its place, that it stays small and quick.

use super::{listing::tests::carried, *};
use crate::report::sample;
use regex_lite::Regex;
use serde_json::Value;

/// Every tag of a page, checked on the way: known names, quoted attributes with known values, and each element closed.
fn tags(html: &str) -> Vec<String> {
    let tag = Regex::new(r#"^<(/?)([a-z][a-z0-9]*)((?: [a-z-]+(?:="[^"<>]*")?)*)>"#).unwrap();
    let value = Regex::new(r#"^ (?:class="[a-z -]*"|style="flex:[0-9]+"|type="(?:search|button|application/octet-stream|application/json)"|autocomplete="off"|spellcheck="false"|role="search"|hidden|for="[a-z ]+"|aria-describedby="keys"|value="[a-z0-9]*"|id="[a-z]+(?:-[0-9]+)?"|href="\#[a-z]+(?:-[0-9]+)?"|scope="(?:col|row)"|lang="en"|open|aria-hidden="true"|aria-label="[A-Za-z ]+"|charset="utf-8")"#).unwrap();
    let start = html.find("<html").unwrap();
    // What a browser does not read as markup, from the first opening tag to the first closing one.
    let raw = ["style", "script"].map(|name| {
        let start = html.find(&format!("<{name}>")).unwrap() + 1;
        start..start + html[start..].find(&format!("</{name}>")).unwrap()
    });
    let (mut found, mut open) = (Vec::new(), Vec::new());
    let is_markup = |at: usize| at >= start && !raw.iter().any(|raw| raw.contains(&at));
    for (at, _) in html.match_indices('<').filter(|(at, _)| is_markup(*at)) {
        let captures =
            tag.captures(&html[at..]).unwrap_or_else(|| panic!("no tag at {}", &html[at..html.len().min(at + 80)]));
        let (closing, name, mut rest) = (&captures[1], &captures[2], &captures[3]);
        if closing == "/" {
            assert_eq!(open.pop(), Some(name.to_owned()));
        } else if name != "meta" {
            if name != "input" {
                open.push(name.to_owned());
            }
            while !rest.is_empty() {
                let known = value.find(rest).unwrap_or_else(|| panic!("an attribute that no template writes: {rest}"));
                rest = &rest[known.end()..];
            }
        }
        found.push(name.to_owned());
    }
    assert!(open.is_empty(), "{open:?}");
    found
}

#[test]
fn the_page_is_golden() {
    let html = to_html(&sample::record());
    let (head, rest) = html.split_once("<style>").unwrap();
    let (_, body) = rest.split_once("</style>").unwrap();
    // The script stands in its own file.
    let body = body.replace(script::SCRIPT, "");
    let (body, _) = body.split_once("<script type").unwrap();
    let head = head.replace("&#43;", "+").replace(&script::source(script::SCRIPT), "sha256-…");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("page", format!("{head}{body}")));
}

#[test]
fn what_the_page_carries_is_golden() {
    let mut record = sample::record();
    record.cases[1].generated = Some(sample::generated("None"));
    let (index, details) = carried(&to_html(&record));
    let text = serde_json::to_string_pretty(&serde_json::json!([index, details[0], details[1]])).unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("page_data", text));
}

#[test]
fn the_page_says_what_is_wrong_first() {
    let html = to_html(&sample::record());
    let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text} is missing"));
    let order = [
        "does not conform to [MS-IPAMM2]",
        "claim: partial",
        "id=\"findings\"",
        "StartTask answers the task type None with a fault.",
        "id=\"ledger\"",
        "id=\"cases\"",
        "id=\"rulings\"",
        "id=\"skipped\"",
        "id=\"notes\"",
        "id=\"run\"",
    ];
    assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])));
    // Sections stand in the order of their numbers.
    assert!(at("\">[MS-IPAMM2] 3.3.4.80") < at("\">[MS-IPAMM2] 3.3.4.139 StartTask"));
    assert!(!html.contains("interrupted"));
    assert!(to_html(&sample::passing()).contains("<h1>The reference server</h1>"));
    assert!(to_html(&sample::passing()).contains("No check failed or warned."));
    assert!(to_html(&sample::dead(2)).contains("Nothing came to a verdict, so nothing could fail."));
}

#[test]
fn an_interrupted_run_has_a_banner() {
    let mut record = sample::record();
    record.interrupted = Some("Ctrl-C".to_owned());
    record.suite.cases = 45;
    assert!(to_html(&record).contains("<strong>This run was interrupted</strong> after 10 of 45 cases: Ctrl-C."));
}

#[test]
fn nothing_is_fetched_and_nothing_runs_but_the_search() {
    let html = to_html(&sample::record());
    let policy = Regex::new("<meta http-equiv=\"Content-Security-Policy\" content=\"([^\"]*)\">").unwrap();
    // A browser hashes exactly what stands between the tags; `+` of the hash may be written as a reference.
    let source = script::source(between(&html, "<script>", "</script>"));
    assert_eq!(
        policy.captures(&html).unwrap()[1].replace("&#43;", "+"),
        format!(
            "default-src 'none'; style-src 'unsafe-inline'; script-src '{source}'; base-uri 'none'; form-action 'none'"
        )
    );
    assert_eq!(html.matches("<script ").count(), 3, "the index, a block of details, the record: data");
    assert_eq!(html.matches("<script type=\"application/").count(), 3);
    for wrong in ["<link", "<img", "<iframe", " src=", "@import", "url("] {
        assert!(!html.contains(wrong), "{wrong}");
    }
    assert!(!Regex::new(r#"href="[^#]"#).unwrap().is_match(&html));
}

fn between<'a>(html: &'a str, open: &str, close: &str) -> &'a str {
    html.split_once(open).unwrap().1.split_once(close).unwrap().0
}

#[test]
fn text_from_outside_never_becomes_markup() {
    // How many blocks there are goes with how long the details are.
    let blocks =
        Regex::new("<script type=\"application/octet-stream\" class=\"block\">[0-9A-Za-z+/=]*</script>\n").unwrap();
    let harmless = blocks.replace_all(&to_html(&sample::hostile("x")), "").into_owned();
    let (plain, policy) = (tags(&harmless), between(&harmless, "<meta http-equiv", ">"));
    for text in [
        "<script>alert(1)</script>",
        "\"onmouseover=\"alert(1)",
        "' onfocus=alert(1) autofocus='",
        "javascript:alert(1)",
        "</style><script>alert(1)</script>",
        "</pre></details><!--",
        "<![CDATA[<b>]]>",
        "&lt;script&gt; &#60;b&#62;",
        "{{ 7 * 7 }}{% raw %}",
        "a\0b\u{202e}c\u{1b}[31md\r\n",
        &"<".repeat(10_000),
    ] {
        let whole = to_html(&sample::hostile(text));
        let html = blocks.replace_all(&whole, "");
        assert_eq!(tags(&html), plain, "{text:?} changed the structure");
        // One script, the same whatever the target says, and the policy names it and no other; and blocks of data.
        assert_eq!(html.matches("<script").count(), 3, "{text:?}");
        assert_eq!(html.matches("<script type=\"application/").count(), 2, "{text:?}");
        assert_eq!(between(&html, "<script>", "</script>"), script::SCRIPT);
        assert_eq!(between(&html, "<meta http-equiv", ">"), policy, "{text:?}");
        assert!(!html.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        assert!(!html.contains('\u{202e}'));
        assert!(!html.contains("&lt;script&gt; "), "an escaped text must not be escaped less than it was");
        let (index, details) = carried(&whole);
        visible(&index);
        details.iter().for_each(visible);
    }
}

/// Nothing in carried data is a control, or turns what stands beside it.
fn visible(value: &Value) {
    match value {
        Value::String(text) => {
            assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t' || c == '\u{202e}'), "{text:?}");
        }
        Value::Array(items) => items.iter().for_each(visible),
        Value::Object(object) => object.values().for_each(visible),
        _ => {}
    }
}

#[test]
fn links_lead_somewhere() {
    let html = to_html(&sample::record());
    let href = Regex::new("href=\"#([a-z0-9-]+)\"").unwrap();
    let mut seen = 0;
    for captures in href.captures_iter(&html) {
        assert_eq!(html.matches(&format!("id=\"{}\"", &captures[1])).count(), 1, "{}", &captures[1]);
        seen += 1;
    }
    assert!(seen > 20);
}

#[test]
fn size_is_linear_in_the_cases_and_bounded_in_the_messages() {
    let size = |cases| to_html(&sample::many(cases)).len();
    let (small, large) = (size(1_000), size(4_000));
    assert!(large < small * 5, "{small} {large}");
    assert!(large < 4_000 * 400, "{large}");
    let mut record = sample::many(1_000);
    for case in &mut record.cases {
        case.evidence.exchanges[0].response = Some("é".repeat(60_000));
    }
    let (_, details) = carried(&to_html(&record));
    let whole: usize = details.iter().map(|detail| detail.to_string().len()).sum();
    assert!(whole < 2 * MESSAGES, "{whole}");
    // However much passed before it, what failed last still has its proof, and a cut is told.
    let last = details.last().unwrap();
    assert!(last["exchanges"][0]["response"].as_str().unwrap().starts_with('é'));
    assert_eq!((&last["brief"], &last["exchanges"][0]["response_cut"]), (&Value::Bool(false), &Value::Bool(true)));
    assert!(details.iter().any(|detail| detail["brief"] == Value::Bool(true)));
}
