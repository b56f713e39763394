//! Texts that are XML and texts that are not, each with what the reader says of it.
//!
//! Leaves out random texts, which `properties.rs` has. Follows XML 1.0 (fifth edition) and Namespaces in XML 1.0.

use std::fmt::Write;

use super::{Element, Limit, Limits, Node, XmlError, XmlErrorKind, fragment, read};

/// The name of a kind, without what it tells.
fn kind(error: &XmlError) -> String {
    let text = format!("{:?}", error.kind);
    text.split(['(', ' ']).next().unwrap_or_default().to_owned()
}

const ILL_FORMED: &[(&str, &str)] = &[
    // What stands at the top.
    ("", "NoRoot"),
    (" \n", "NoRoot"),
    ("<?xml version='1.0'?>", "NoRoot"),
    ("<!-- only -->", "NoRoot"),
    ("text", "TextOutsideRoot"),
    ("x<a/>", "TextOutsideRoot"),
    ("<a/>x", "TextOutsideRoot"),
    ("<a/>&#32;", "TextOutsideRoot"),
    ("<a/>&amp;", "TextOutsideRoot"),
    ("<![CDATA[]]><a/>", "TextOutsideRoot"),
    ("<a/><![CDATA[ ]]>", "TextOutsideRoot"),
    ("\u{feff}\u{feff}<a/>", "TextOutsideRoot"),
    ("<a/>\u{feff}", "TextOutsideRoot"),
    ("<a/>\0", "TextOutsideRoot"),
    ("<a/><b/>", "SecondRoot"),
    ("<a></a><a></a>", "SecondRoot"),
    // Elements.
    ("<a>", "Unclosed"),
    ("<a><b></b>", "Unclosed"),
    ("<a><b></a>", "EndTag"),
    ("<a></b>", "EndTag"),
    ("<a></A>", "EndTag"),
    ("<a></a></a>", "StrayEndTag"),
    ("</a>", "StrayEndTag"),
    ("<a", "Unfinished"),
    ("<a>text</a", "Unfinished"),
    ("<a b='x", "Unfinished"),
    ("<", "Unfinished"),
    ("<a></a b='1'>", "Attribute"),
    ("<a></ a>", "Name"),
    ("< a/>", "Name"),
    ("<1a/>", "Name"),
    ("<-a/>", "Name"),
    ("<a\u{d7}/>", "Name"),
    ("<a!/>", "Name"),
    ("<a/ >", "Attribute"),
    ("<>", "Name"),
    // Attributes.
    ("<a b='1'c='2'/>", "Attribute"),
    ("<a b/>", "Attribute"),
    ("<a b=/>", "Attribute"),
    ("<a b=1/>", "Attribute"),
    ("<a b='1\"/>", "Unfinished"),
    ("<a 'b'/>", "Name"),
    ("<a b='1' b='1'/>", "DuplicateAttribute"),
    ("<a xmlns='u' xmlns='u'/>", "DuplicateAttribute"),
    ("<a b='<'/>", "LessThanInAttribute"),
    ("<a b='&'/>", "Reference"),
    ("<a b='&amp'/>", "Reference"),
    ("<a b='&x;'/>", "Entity"),
    ("<a b='&#0;'/>", "CharacterReference"),
    ("<a b='\u{1}'/>", "Character"),
    // Text, references, characters.
    ("<a>]]></a>", "CdataEnd"),
    ("<a><![CDATA[x]]>]]></a>", "CdataEnd"),
    ("<a>&</a>", "Reference"),
    ("<a>& amp;</a>", "Reference"),
    ("<a>&lt</a>", "Reference"),
    ("<a>&lt&gt;</a>", "Reference"),
    ("<a>&;</a>", "Reference"),
    ("<a>&", "Reference"),
    ("<a>&nbsp;</a>", "Entity"),
    ("<a>&LT;</a>", "Entity"),
    ("<a>&#0;</a>", "CharacterReference"),
    ("<a>&#8;</a>", "CharacterReference"),
    ("<a>&#xFFFF;</a>", "CharacterReference"),
    ("<a>&#xD800;</a>", "CharacterReference"),
    ("<a>&#x110000;</a>", "CharacterReference"),
    ("<a>&#X41;</a>", "CharacterReference"),
    ("<a>&#;</a>", "CharacterReference"),
    ("<a>&#-1;</a>", "CharacterReference"),
    ("<a>\0</a>", "Character"),
    ("<a>\u{b}</a>", "Character"),
    ("<a>\u{ffff}</a>", "Character"),
    ("<a><![CDATA[\u{1b}]]></a>", "Character"),
    ("<a><![CDATA[</a>", "Unfinished"),
    ("<a><![CDATA[]]</a>", "Unfinished"),
    ("<a><![cdata[]]></a>", "Markup"),
    // Comments, processing instructions, declarations, DTDs.
    ("<a><!-- -- --></a>", "Comment"),
    ("<a><!-- ---></a>", "Comment"),
    ("<a><!--></a>", "Unfinished"),
    ("<a><!-- \u{1} --></a>", "Character"),
    ("<a/><!--", "Unfinished"),
    ("<a><!x></a>", "Markup"),
    ("<a><!></a>", "Markup"),
    ("<a><??></a>", "Name"),
    ("<a><? a?></a>", "Name"),
    ("<a><?1?></a>", "Name"),
    ("<a><?XML?></a>", "ProcessingInstruction"),
    ("<?xMl version='1.0'?><a/>", "ProcessingInstruction"),
    ("<a><?b:c?></a>", "ProcessingInstruction"),
    ("<a><?b \u{1}?></a>", "Character"),
    ("<a><?b", "Unfinished"),
    ("<a><?xml version='1.0'?></a>", "Declaration"),
    (" <?xml version='1.0'?><a/>", "Declaration"),
    ("<?xml version='1.0'?><?xml version='1.0'?><a/>", "Declaration"),
    ("<?xml?><a/>", "Declaration"),
    ("<?xml version='2.0'?><a/>", "Declaration"),
    ("<?xml encoding='UTF-8' version='1.0'?><a/>", "Declaration"),
    ("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "Encoding"),
    ("<?xml version='1.0' encoding='UTF-16'?><a/>", "Encoding"),
    ("<?xml version='1.0' encoding='US-ASCII'?><a>é</a>", "FalseEncoding"),
    ("<!DOCTYPE a><a/>", "Dtd"),
    ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "Dtd"),
    ("<a><!DOCTYPE a></a>", "Dtd"),
    ("<!DOCTYPE a [", "Dtd"),
    ("<!DOCTYPE>", "Dtd"),
    ("<!doctype a><a/>", "Markup"),
    // Namespaces.
    ("<q:a/>", "UnboundPrefix"),
    ("<a q:b=''/>", "UnboundPrefix"),
    ("<a><b xmlns:q='u'/><q:c/></a>", "UnboundPrefix"),
    ("<xmlns:a/>", "UnboundPrefix"),
    ("<a:b:c xmlns:a='u'/>", "QName"),
    ("<:a/>", "QName"),
    ("<a:/>", "QName"),
    ("<p:1 xmlns:p='u'/>", "QName"),
    ("<a xmlns:='u'/>", "QName"),
    ("<a xmlns:b:c='u'/>", "QName"),
    ("<a xmlns:p=''/>", "NamespaceDeclaration"),
    ("<a xmlns:xml='u'/>", "NamespaceDeclaration"),
    ("<a xmlns:xmlns='http://www.w3.org/2000/xmlns/'/>", "NamespaceDeclaration"),
    ("<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>", "NamespaceDeclaration"),
    ("<a xmlns='http://www.w3.org/2000/xmlns/'/>", "NamespaceDeclaration"),
    ("<a xmlns:p='u' xmlns:q='u' p:b='' q:b=''/>", "DuplicateAttribute"),
];

const WELL_FORMED: &[(&str, &str)] = &[
    ("<a/>", "a()"),
    ("<a></a>", "a()"),
    ("\u{feff}<a/>", "a()"),
    ("\u{feff}<?xml version='1.0' encoding='utf-8'?>\r\n<a />\n", "a()"),
    ("<?xml version='1.1'?><a/>", "a()"),
    ("<?xml version='1.0' encoding='us-ascii'?><a/>", "a()"),
    ("<?xml version='1.0' standalone='yes'?><!-- c --><?p?><a/><?q r?><!-- d -->", "a()"),
    ("<a\n>x</a\t>", "a('x')"),
    ("<a b = '1'\tc=\"2\"/>", "a(@b='1'@c='2')"),
    ("<a b='>' c=\"'\" d='\"'/>", "a(@b='>'@c='''@d='\"')"),
    ("<a b=' x\r\n\ty '/>", "a(@b=' x  y ')"),
    ("<a b='&#10;&#x9;&lt;&apos;'/>", "a(@b='\n\t<'')"),
    ("<a>x\r\ny\rz</a>", "a('x\ny\nz')"),
    ("<a>x&#13;&#10;</a>", "a('x\r\n')"),
    ("<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;</a>", "a('<>&\"'AB')"),
    ("<a>&#38;lt;</a>", "a('&lt;')"),
    ("<a>x<![CDATA[<&]]]]>y</a>", "a('x<&]]y')"),
    ("<a><![CDATA[]]></a>", "a()"),
    ("<a>]] > ]]&gt; ></a>", "a(']] > ]]> >')"),
    ("<a>x<!-- - -->y<?p ?>z</a>", "a('xyz')"),
    ("<a><!----><!-->--></a>", "a()"),
    ("<a><?xml-stylesheet x?><?p?><?p ??></a>", "a()"),
    ("<a> <b/> </a>", "a(' 'b()' ')"),
    ("<a>\u{7f}\u{85}é\u{10ffff}</a>", "a('\u{7f}\u{85}é\u{10ffff}')"),
    ("<é.-1 \u{f8}='1'/>", "é.-1(@\u{f8}='1')"),
    ("<a xmlns='u' b=''><c xmlns=''/></a>", "{u}a(@b=''c())"),
    ("<p:a xmlns:p='u' p:b='' b=''/>", "{u}a(@{u}b=''@b='')"),
    ("<a q:b='' xmlns:q='u'/>", "a(@{u}b='')"),
    ("<p:a xmlns:p='u'><p:a xmlns:p='v'/><p:b/></p:a>", "{u}a({v}a(){u}b())"),
    ("<a xml:lang='en' xmlns:xml='http://www.w3.org/XML/1998/namespace'/>", "a(@{xml}lang='en')"),
    ("<a xmlns:p='u' xmlns:q='u'><p:b></p:b><q:b/></a>", "a({u}b(){u}b())"),
    ("<a xmlns:xmlfoo='u'/>", "a()"),
];

/// An element in a short notation.
fn sketch(element: &Element) -> String {
    let name = |name: &super::QName| name.to_string().replace("http://www.w3.org/XML/1998/namespace", "xml");
    let mut text = format!("{}(", name(&element.name));
    for attribute in &element.attributes {
        let _ = write!(text, "@{}='{}'", name(&attribute.name), attribute.value);
    }
    for node in &element.children {
        match node {
            Node::Element(element) => text += &sketch(element),
            Node::Text(characters) => text.extend(["'", characters, "'"]),
        }
    }
    text + ")"
}

#[test]
fn ill_formed_texts_are_refused_for_their_reason() {
    assert!(ILL_FORMED.len() >= 80);
    for (text, expected) in ILL_FORMED {
        match read(text.as_bytes(), &Limits::default()) {
            Ok(document) => panic!("{text:?} was read as {}", sketch(&document.root)),
            Err(error) => assert_eq!(kind(&error), *expected, "{text:?}: {error}"),
        }
    }
}

#[test]
fn well_formed_texts_are_read() {
    assert!(WELL_FORMED.len() >= 30);
    for (text, expected) in WELL_FORMED {
        match read(text.as_bytes(), &Limits::default()) {
            Ok(document) => assert_eq!(sketch(&document.root), *expected, "{text:?}"),
            Err(error) => panic!("{text:?} was refused: {error}"),
        }
    }
}

#[test]
fn bytes_in_other_encodings_are_refused() {
    for (bytes, expected) in [
        (&b"\xff\xfe<\0a\0/\0>\0"[..], "Encoding"),
        (b"\xfe\xff\0<\0a\0/\0>", "Encoding"),
        (b"<\0a\0/\0>\0", "Encoding"),
        (b"\0<\0a\0/\0>", "Encoding"),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>", "Encoding"),
        (b"<?xml version='1.0' encoding='UTF-8'?><a>\xe9</a>", "NotUtf8"),
        (b"<a>\xc0\x80</a>", "NotUtf8"),
        (b"<a>\xed\xa0\x80</a>", "NotUtf8"),
        (b"<a>\xf4\x90\x80\x80</a>", "NotUtf8"),
        (b"<a>\xe2\x82", "NotUtf8"),
        (b"\xef\xbb\xbf<?xml version='1.0' encoding='US-ASCII'?><a/>", "FalseEncoding"),
    ] {
        let error = read(bytes, &Limits::default()).unwrap_err();
        assert_eq!(kind(&error), expected, "{}: {error}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn mistakes_are_told_by_line_and_column() {
    for (bytes, expected) in [
        (&b"<a>\n  <b>\n    <q:c/></b></a>"[..], "line 3, column 6: the prefix `q` is not bound"),
        ("<a>é€\u{10000}&x;</a>".as_bytes(), "line 1, column 7: the entity `x` is not defined"),
        (b"<a>\r\n\r\r\n&#0;</a>", "line 4, column 1: `&#0;` refers to no character that XML allows"),
        ("\u{feff}x<a/>".as_bytes(), "line 1, column 1: text stands outside the element at the top"),
        (b"<a>\n<b>\n</b>\n\n", "line 1, column 1: the element `a` is not closed"),
        (b"<a>\n <b>\n</a>", "line 3, column 1: `</a>` stands where `</b>` closes the element"),
        (b"<a\n b='1'\n b='2'/>", "line 3, column 2: the attribute `b` stands twice"),
        (b"<a>\nx\xff</a>", "line 2, column 2: the bytes are not UTF-8"),
        (b"<a/>\n<b/>", "line 2, column 1: a second element stands beside the one at the top"),
        (
            b"<?xml version='1.0'\n encoding='latin1'?><a/>",
            "line 1, column 20: the encoding latin1 is not read here; only UTF-8 is",
        ),
        (b"<a>\n<!-- x\n -- --></a>", "line 3, column 2: `--` stands in a comment"),
        (b"\n", "line 2, column 1: there is no element"),
        (
            b"\n<!DOCTYPE a><a/>",
            "line 2, column 1: a document type declaration; SOAP forbids it, and none is read here",
        ),
    ] {
        let error = read(bytes, &Limits::default()).unwrap_err();
        assert_eq!(error.to_string(), expected, "{}", String::from_utf8_lossy(bytes));
    }
    let error = read("<a>\n é<b>".as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!((error.position.offset, error.position.line, error.position.column), (7, 2, 3));
}

#[test]
fn positions_of_elements_and_instructions_are_kept() {
    let document = read("\u{feff}<?p?>\n<a>\r\n <b/>é<c/></a><?q?>".as_bytes(), &Limits::default()).unwrap();
    let places: Vec<_> = document.root.elements().map(|element| element.position.to_string()).collect();
    assert_eq!(places, ["line 3, column 2", "line 3, column 7"]);
    let places: Vec<_> = document.processing_instructions.iter().map(ToString::to_string).collect();
    assert_eq!(places, ["line 1, column 1", "line 3, column 15"]);
}

#[test]
fn every_limit_is_kept_to_the_last_one() {
    let limits = Limits { bytes: 200, depth: 3, attributes: 2, text: 5, elements: 4 };
    let refused = |text: &str| read(text.as_bytes(), &limits).map_err(|error| error.kind);
    for text in [
        "<a><b><c/></b></a>",
        "<a b='' c=''/>",
        "<a xmlns='u' c=''/>",
        "<a>12345</a>",
        "<a>ééééé</a>",
        "<a b='12345'/>",
        "<a><b/><c/><d/></a>",
        "<a>12345<b/>12345</a>",
        "<a><!-- 1234567890 --></a>",
        &format!("<a>{}</a>", "<?p?>".repeat(38)),
    ] {
        assert!(refused(text).is_ok(), "{text}");
    }
    for (text, limit) in [
        ("<a><b><c><d/></c></b></a>", Limit::Depth(3)),
        ("<a b='' c='' d=''/>", Limit::Attributes(2)),
        ("<a b='' xmlns:c='u' xmlns:d='u'/>", Limit::Attributes(2)),
        ("<a>123456</a>", Limit::Text(5)),
        ("<a>12&#51;<![CDATA[45]]>6</a>", Limit::Text(5)),
        ("<a>123<!-- -->456</a>", Limit::Text(5)),
        ("<a b='123456'/>", Limit::Text(5)),
        ("<a><b/><c/><d/><e/></a>", Limit::Elements(4)),
        (&" ".repeat(201), Limit::Bytes(200)),
    ] {
        assert_eq!(refused(text), Err(XmlErrorKind::Limit(limit)), "{text}");
    }
}

#[test]
fn no_limit_lets_a_text_exhaust_us() {
    let generous =
        Limits { bytes: usize::MAX, depth: usize::MAX, attributes: usize::MAX, text: usize::MAX, elements: usize::MAX };
    let deep = "<a>".repeat(100_000);
    assert_eq!(read(deep.as_bytes(), &generous).unwrap_err().kind, XmlErrorKind::Limit(Limit::Depth(1000)));
    let at_most = format!("{}{}", "<a>".repeat(1000), "</a>".repeat(1000));
    assert!(read(at_most.as_bytes(), &generous).is_ok());
    let declared: Vec<_> = (0..1001).map(|number| format!(" xmlns:p{number}='u'")).collect();
    let error = read(format!("<a{}/>", declared.concat()).as_bytes(), &generous).unwrap_err();
    assert_eq!(error.kind, XmlErrorKind::Limit(Limit::Namespaces(1000)));
    let attributes: Vec<_> = (0..20_000).map(|number| format!(" a{number}=''")).collect();
    assert!(read(format!("<a{}/>", attributes.concat()).as_bytes(), &generous).is_ok());
}

#[test]
fn fragments_have_the_prefixes_of_case_files() {
    let read = |text: &str| fragment(text, "urn:d", &Limits::default());
    let nodes = read("\n<taskType>Discovery</taskType><x i:nil=\"true\"/>&amp;<b i:type='ser:guid'/>").unwrap();
    let elements: Vec<_> = nodes
        .iter()
        .filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
        .collect();
    assert!(elements[0].name.is("urn:d", "taskType"));
    assert!(elements[1].is_nil());
    assert_eq!(elements[2].xsi_type(), Some(super::QName::new(crate::spec::namespace::SERIALIZATION, "guid")));
    assert_eq!(elements[0].position.to_string(), "line 2, column 1");
    assert_eq!(nodes.len(), 5);
    assert_eq!(read(""), Ok(Vec::new()));
    assert_eq!(read("x]] \u{feff}").unwrap(), [Node::Text("x]] \u{feff}".to_owned())]);
    assert_eq!(read("\u{feff}\u{feff}x").unwrap(), [Node::Text("\u{feff}\u{feff}x".to_owned())]);
    for (text, expected) in [
        ("<a>", "Unclosed"),
        ("</a>", "StrayEndTag"),
        ("<a/></b>", "StrayEndTag"),
        ("]]>", "CdataEnd"),
        ("a & b", "Reference"),
        ("<q:a/>", "UnboundPrefix"),
        ("<?xml version='1.0'?><a/>", "Declaration"),
        ("<!DOCTYPE a>", "Dtd"),
        ("<a i:b='' i:b=''/>", "DuplicateAttribute"),
        ("\u{1}", "Character"),
    ] {
        assert_eq!(kind(&read(text).unwrap_err()), expected, "{text}");
    }
    let error = read("<a/>\n <b>&x;</b>").unwrap_err();
    assert_eq!(error.to_string(), "line 2, column 5: the entity `x` is not defined");
    let error = read("\u{feff}&x;").unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 2: the entity `x` is not defined");
}
