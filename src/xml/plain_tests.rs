//! What is read without a tree, held against the tree: whatever is taken says the same, and nothing is taken that the
//! tree refuses.
//!
//! Leaves out how much is taken, but for what peers write.

use proptest::{prelude::*, sample::Index};

use super::*;
use crate::xml::{self, Element, Limits};

const USUAL: &str = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
    xmlns:a='http://www.w3.org/2005/08/addressing'>\n <s:Header><a:Action s:mustUnderstand=\"1\">urn:x</a:Action></s:Header>\
    <s:Body><r xmlns=\"http://Microsoft.Windows.Ipam\" xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" \
    xmlns:q='u'><b i:nil=\"true\"/><c i:type='q:T'>\u{e9} text</c><d xmlns=''><e\tf='1' q:f='2' /></d></r></s:Body>\
    </s:Envelope>\n";

const TOKENS: &[&str] = &[
    "<",
    ">",
    "/",
    "=",
    "'",
    "\"",
    "&",
    ";",
    "]",
    "]]>",
    "<!-- x -->",
    "<![CDATA[x]]>",
    "<?p d?>",
    "&lt;",
    "<a>",
    "</a>",
    "<a/>",
    "q:",
    ":",
    " ",
    "\t",
    "\n",
    "\r",
    "\0",
    "\u{7f}",
    "\u{85}",
    "\u{feff}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{e9}",
    "x",
    "1",
    " xmlns=''",
    " xmlns=\"u\"",
    " xmlns:q='u'",
    " xmlns:q=''",
    " xmlns:xml='u'",
    " xmlns:p='http://www.w3.org/2000/xmlns/'",
    " i:type='q:x'",
    " i:type='r:x'",
    " i:type=''",
    " i:type=' x '",
    " i:nil='maybe'",
    " q:f='1'",
    " f=\"1\"",
    " xml:lang='en'",
];

/// Whether an element says what the tree says, at every depth.
fn is_same(plain: PlainElement<'_>, tree: &Element) -> bool {
    let of_tree: Vec<_> = tree.attributes.iter().map(|a| (&*a.name.namespace, &*a.name.local, &*a.value)).collect();
    let text = plain.plain.text;
    let own = plain.attributes().iter().map(|a| (a.namespace.of(text), a.local.of(text), a.value.of(text)));
    let mut pairs = plain.children().zip(View::children(tree));
    plain.is(&tree.name.namespace, &tree.name.local)
        && own.collect::<Vec<_>>() == of_tree
        && plain.children().count() == tree.children.len()
        && plain.text() == tree.text()
        && plain.is_type_bound() == tree.is_type_bound()
        && pairs.all(|pair| match pair {
            (Child::Element(plain), Child::Element(tree)) => is_same(plain, tree),
            (Child::Text(plain), Child::Text(tree)) => plain == tree,
            _ => false,
        })
}

fn agrees(text: &[u8]) -> Result<(), TestCaseError> {
    if let Some(plain) = PlainReader::default().read(text) {
        let tree = xml::read(text, &Limits::default());
        let tree = tree.map_err(|error| TestCaseError::fail(format!("taken, though {error}")))?;
        prop_assert!(is_same(plain.root(), &tree.root), "{plain:?}\n{tree:?}");
        prop_assert!(tree.processing_instructions.is_empty());
    }
    Ok(())
}

#[test]
fn what_peers_write_is_taken() {
    assert!(PlainReader::default().read(USUAL.as_bytes()).is_some());
    agrees(USUAL.as_bytes()).unwrap();
    let root = "<a/>";
    for text in [root, "<a></a>", "<a b='>'/>\n", "<a xmlns:p='u' p:b=''><p:c/></a>"] {
        assert!(PlainReader::default().read(text.as_bytes()).is_some(), "{text}");
        agrees(text.as_bytes()).unwrap();
    }
}

#[test]
fn what_is_not_plain_is_left_to_the_tree() {
    let deep = "<a>".repeat(101) + &"</a>".repeat(101);
    let long = format!("<a>{}</a>", "x".repeat(LONGEST));
    let many: Vec<String> = (0..17).map(|n| format!("a{n}=''")).collect();
    let many = format!("<a {}/>", many.join(" "));
    for text in [
        "",
        " <a/>",
        "<a/>x",
        "<a/><b/>",
        "<a>&amp;</a>",
        "<a>]</a>",
        "<a b='&lt;'/>",
        "<a b='\n'/>",
        "<a\r/>",
        "<a>\r</a>",
        "<a b='1' b='2'/>",
        "<a xmlns:p='u' xmlns:q='u' p:b='' q:b=''/>",
        "<p:a/>",
        "<a p:b=''/>",
        "<a b=1/>",
        "<a b='1'c='2'/>",
        "<a b/>",
        "<a></b>",
        "<a></a >",
        "<a",
        "<a b='1",
        "<a>x",
        "<1/>",
        "<a:b:c xmlns:a='u'/>",
        "<\u{e9}/>",
        "<a xml:b=''/>",
        "<?xml version='1.0'?><a/>",
        "<a><!----></a>",
        "<a>\u{ffff}</a>",
        &deep,
        &long,
        &many,
    ] {
        assert!(PlainReader::default().read(text.as_bytes()).is_none(), "{}", text.get(..40).unwrap_or(text));
    }
    assert!(PlainReader::default().read(b"<a>\xff</a>").is_none());
}

#[test]
fn every_front_of_a_text_is_none() {
    let whole = USUAL.trim_end();
    for cut in 0..whole.len() {
        assert!(PlainReader::default().read(&whole.as_bytes()[..cut]).is_none(), "{cut}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_text_says_what_its_tree_says(
        changes in prop::collection::vec((any::<Index>(), prop::sample::select(TOKENS), any::<bool>()), 1..6),
    ) {
        let mut text: Vec<char> = USUAL.chars().collect();
        for (at, token, removes) in changes {
            let at = at.index(text.len() + 1);
            let end = if removes { (at + 1).min(text.len()) } else { at };
            text.splice(at..end, token.chars());
        }
        agrees(text.into_iter().collect::<String>().as_bytes())?;
    }

    #[test]
    fn tokens_in_any_order_say_what_their_tree_says(tokens in prop::collection::vec(prop::sample::select(TOKENS), 0..12)) {
        let inside = tokens.concat();
        agrees(format!("<a>{inside}</a>").as_bytes())?;
        agrees(format!("<a{inside}/>").as_bytes())?;
        agrees(format!("<a xmlns:q='u' xmlns:i='{XSI}'{inside}></a>").as_bytes())?;
        agrees(inside.as_bytes())?;
    }
}
