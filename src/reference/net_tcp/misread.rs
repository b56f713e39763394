//! The lies about what records of binary XML stand for: what a MessageID that ends in such a value is read as.
//!
//! Leaves out reading. A value is known here by its characters, which each case chooses so that no other lie is about them.

use crate::{
    reference::{Behaviour, Mutant},
    spec::namespace,
    xml::{Document, Element, Node},
};

/// A document as it was read, but for lies.
pub(super) fn read(mut document: Document, behaviour: &Behaviour) -> Document {
    if let Some(Node::Text(id)) = message_id(&mut document.root)
        && let Some((known, value)) = id.rsplit_once(':')
        && let Some(lie) = behaviour.mutants.iter().find_map(|mutant| misread(*mutant, value))
    {
        *id = format!("{known}:{lie}");
    }
    document
}

/// The text of the MessageID.
fn message_id(envelope: &mut Element) -> Option<&mut Node> {
    let child = |element: &'_ mut Element, namespace: &str, local: &str| -> Option<usize> {
        element.children.iter().position(|node| matches!(node, Node::Element(child) if child.name.is(namespace, local)))
    };
    let mut element = envelope;
    for (namespace, local) in [(namespace::SOAP12, "Header"), (namespace::ADDRESSING, "MessageID")] {
        let at = child(element, namespace, local)?;
        let Some(Node::Element(next)) = element.children.get_mut(at) else { return None };
        element = next;
    }
    element.children.first_mut()
}

/// What a value is read as in its place, where a lie is about it.
fn misread(mutant: Mutant, value: &str) -> Option<String> {
    let number = || value.parse::<f64>().is_ok_and(f64::is_finite) && value.contains('.');
    Some(match (mutant, value) {
        (Mutant::ReadsConstantsAsOthers, "0") => "false".to_owned(),
        (Mutant::ReadsConstantsAsOthers, "1") => "true".to_owned(),
        (Mutant::ReadsConstantsAsOthers, "false") => "0".to_owned(),
        (Mutant::ReadsConstantsAsOthers, "true") => "1".to_owned(),
        (Mutant::ReadsIntegersWithoutSign, value) => value.parse::<i64>().ok()?.unsigned_abs().to_string(),
        (Mutant::ReadsFloatsLong | Mutant::ReadsDecimalsLong, value) if number() => format!("{value}0"),
        (Mutant::ReadsDatesWithOffset, value) => format!("{}+00:00", value.strip_suffix('Z')?),
        (Mutant::EscapesCharactersTwice, value) => value.replace('&', "&amp;"),
        (Mutant::ReadsBytesInLowerCase, value) => value.to_lowercase(),
        (Mutant::ReadsEmptyAsNull, "e") => "enull".to_owned(),
        // Ids of other requests are of identifiers too.
        (Mutant::ReadsIdentifiersInUpperCase, value) if value.starts_with("33221100") => value.to_uppercase(),
        (Mutant::ReadsDurationsAsClocks, value) => value.trim_start_matches('-').strip_prefix("PT").map_or_else(
            || value.replace("P1DT2H3M4.5S", "26:03:04.5"),
            |seconds| format!("00:00:0{}", seconds.trim_end_matches('S')),
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml;

    fn read_as(mutant: Option<Mutant>, id: &str) -> String {
        let text = format!(
            "<s:Envelope xmlns:s='{}' xmlns:a='{}'><s:Header><a:MessageID>{id}</a:MessageID></s:Header></s:Envelope>",
            namespace::SOAP12,
            namespace::ADDRESSING
        );
        let document = xml::read(text.as_bytes(), &xml::Limits::default()).unwrap();
        let mut document = read(document, &mutant.map_or_else(Behaviour::default, Behaviour::from));
        let Some(Node::Text(id)) = message_id(&mut document.root) else { panic!() };
        id.clone()
    }

    #[test]
    fn each_lie_is_about_its_own_values() {
        for (mutant, value, lie) in [
            (Mutant::ReadsConstantsAsOthers, "1", "true"),
            (Mutant::ReadsIntegersWithoutSign, "-5", "5"),
            (Mutant::ReadsFloatsLong, "1.5", "1.50"),
            (Mutant::ReadsDatesWithOffset, "2006-05-17T10:20:30Z", "2006-05-17T10:20:30+00:00"),
            (Mutant::ReadsIdentifiersInUpperCase, "33221100-aa", "33221100-AA"),
            (Mutant::ReadsDurationsAsClocks, "-PT1S", "00:00:01"),
            (Mutant::ReadsEmptyAsNull, "e", "enull"),
        ] {
            let id = format!("urn:x:{value}");
            assert_eq!(read_as(Some(mutant), &id), format!("urn:x:{lie}"));
            assert_eq!(read_as(None, &id), id);
        }
        assert_eq!(read_as(Some(Mutant::ReadsFloatsLong), "urn:x:INF"), "urn:x:INF");
    }
}
