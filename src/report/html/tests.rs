//! Tests of the page: what it holds, that nothing breaks out of its place, that it stays small and quick.

use super::*;
use crate::report::sample;
use regex_lite::Regex;

/// Every tag of a page, checked on the way: known names, quoted attributes with known values, and each element closed.
fn tags(html: &str) -> Vec<String> {
    let tag = Regex::new(r#"^<(/?)([a-z][a-z0-9]*)((?: [a-z-]+(?:="[^"<>]*")?)*)>"#).unwrap();
    let value = Regex::new(r#"^ (?:class="[a-z -]*"|data-(?:outcome|level)="[a-z]+"|data-port="[0-9]+"|style="flex:[0-9]+"|type="(?:search|application/octet-stream)"|autocomplete="off"|spellcheck="false"|role="search"|hidden|for="[a-z ]+"|aria-describedby="keys"|value="[a-z0-9]*"|id="[a-z]+(?:-[0-9]+)?"|href="\#[a-z]+(?:-[0-9]+)?"|scope="(?:col|row)"|lang="en"|open|aria-hidden="true"|aria-label="[A-Za-z ]+"|charset="utf-8")"#).unwrap();
    let start = html.find("<html").unwrap();
    // What a browser does not read as markup, from the first opening tag to the first closing one.
    let raw = ["style", "script"]
        .map(|name| html.find(&format!("<{name}>")).unwrap() + 1..html.find(&format!("</{name}>")).unwrap());
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
    let (body, _) = body.rsplit_once("<script type").unwrap();
    let head = head.replace(&script::source(script::SCRIPT).replace('+', "&#43;"), "sha256-…");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("page", format!("{head}{body}")));
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
    assert_eq!(html.matches("<script ").count(), 1, "the record, which is data");
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
    let harmless = to_html(&sample::hostile("x"));
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
        let html = to_html(&sample::hostile(text));
        assert_eq!(tags(&html), plain, "{text:?} changed the structure");
        // One script, the same whatever the target says, and the policy names it and no other; and a block of data.
        assert_eq!(html.matches("<script").count(), 2, "{text:?}");
        assert_eq!(html.matches("<script type=\"application/octet-stream\"").count(), 1, "{text:?}");
        assert_eq!(between(&html, "<script>", "</script>"), script::SCRIPT);
        assert_eq!(between(&html, "<meta http-equiv", ">"), policy, "{text:?}");
        assert!(!html.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        assert!(!html.contains('\u{202e}'));
        assert!(!html.contains("&lt;script&gt; "), "an escaped text must not be escaped less than it was");
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
    let (small, large) = (size(200), size(1_000));
    assert!(large < small * 6, "{small} {large}");
    assert!(large < 8 * 1024 * 1024, "{large}");
    let size = size(4_000);
    assert!(size < 4_000 * 2_500 + MESSAGES + 2 * PASSING, "{size}");
    let mut record = sample::many(1_000);
    for case in &mut record.cases {
        case.evidence.exchanges[0].response = Some("é".repeat(60_000));
    }
    let html = to_html(&record);
    assert!(html.len() < 2 * MESSAGES, "{}", html.len());
    assert!(html.contains("Cut here; report.json has the whole message."), "the cut is told");
    // However much passed before it, what failed last still has its proof.
    let last = &html[html.rfind("data-outcome=\"fail\"").unwrap()..];
    assert!(last.contains("<h4>Response</h4>\n<pre>é"));
    assert!(html.contains("Its checks and messages are in report.json."));
    assert!(!last.contains("Its checks and messages are in report.json."));
}
