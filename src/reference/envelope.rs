//! Puts answers into envelopes: header blocks, the reply's element, and faults with their detail.
//!
//! Leaves out how envelopes are spelled. Follows SOAP 1.2 part 1, 5; WS-Addressing 1.0; [MS-IPAMM2] 2.2.2.1, 2.2.4.247 and
//! 2.2.4.252.

use super::{
    answer::{Answer, Exception, Fault},
    mutant::{Behaviour, Mutant},
    tag::{Inside, Name, Tag, Value},
    variant::Variant,
};
use crate::spec::{Operation, namespace};

/// What addressing says of an answer, beside its action.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Addressed<'a> {
    /// The id of the request.
    pub(super) relates_to: Option<&'a str>,
    /// Where it goes, where that is not the anonymous address.
    pub(super) to: Option<&'a str>,
}

/// Builds the envelope of an answer.
pub(super) fn build(answer: &Answer, addressed: Addressed<'_>, behaviour: &Behaviour) -> Tag {
    let (mut blocks, body) = match answer {
        Answer::Reply(operation, inside) => (Vec::new(), reply(operation, inside, behaviour)),
        Answer::Fault(fault) => (fault.headers.clone(), vec![fault_tag(fault, behaviour)]),
        Answer::Callback(_, body) => (Vec::new(), vec![body.clone()]),
    };
    let mut headers = addressing(action(answer, behaviour), addressed, behaviour);
    headers.append(&mut blocks);
    if behaviour.varies(Variant::ExtraHeader) {
        let block = Tag::text("urn:example:activity", "ActivityId", "5f1c3d52").with_text("", "CorrelationId", "7");
        headers.insert(0, block.with_text(namespace::SOAP12, "mustUnderstand", "0"));
    }
    let is_reply = matches!(answer, Answer::Reply(..));
    if is_reply && behaviour.varies(Variant::ActionInMediaType) {
        headers.retain(|block| !block.is(namespace::ADDRESSING, "Action"));
    }
    if behaviour.varies(Variant::HeadersReversed) {
        headers.reverse();
    }
    let mut parts = vec![Tag::of(namespace::SOAP12, "Header", headers), Tag::of(namespace::SOAP12, "Body", body)];
    if matches!(answer, Answer::Fault(_)) && behaviour.varies(Variant::BareFaults) {
        parts.retain(|part| !part.is(namespace::SOAP12, "Header"));
    }
    if behaviour.lies(Mutant::HeaderAfterBody) {
        parts.reverse();
    }
    if behaviour.lies(Mutant::NoBody) && is_reply {
        parts.retain(|part| !part.is(namespace::SOAP12, "Body"));
    }
    let mut envelope = Tag::of(namespace::SOAP12, "Envelope", parts);
    if behaviour.lies(Mutant::Soap11Envelope)
        || (behaviour.lies(Mutant::Soap11Fault) && matches!(answer, Answer::Fault(_)))
    {
        as_soap11(&mut envelope);
    }
    envelope
}

/// The header blocks of WS-Addressing.
fn addressing(action: Option<&str>, addressed: Addressed<'_>, behaviour: &Behaviour) -> Vec<Tag> {
    let block = |local: &'static str, text: &str| Tag::text(namespace::ADDRESSING, local, text);
    let mut headers = Vec::new();
    if let Some(action) = action {
        let action = block("Action", action);
        headers.push(if behaviour.varies(Variant::ActionNotMustUnderstand) {
            action
        } else {
            action.with_text(namespace::SOAP12, "mustUnderstand", "1")
        });
        if behaviour.lies(Mutant::ActionTwice) {
            headers.extend(headers.first().cloned());
        }
    }
    if let Some(id) = addressed.relates_to {
        if behaviour.lies(Mutant::RelatesToItself) {
            headers.push(block("MessageID", id));
        } else if behaviour.lies(Mutant::WrongRelatesTo) {
            headers.push(block("RelatesTo", "urn:uuid:00000000-0000-4000-8000-000000000000"));
        } else if behaviour.varies(Variant::RelationshipType) {
            let reply = "http://www.w3.org/2005/08/addressing/reply";
            headers.push(block("RelatesTo", id).with_text("", "RelationshipType", reply));
        } else if !behaviour.lies(Mutant::NoRelatesTo) {
            headers.push(block("RelatesTo", id));
        }
        if behaviour.varies(Variant::MessageIdInReply) {
            headers.push(block("MessageID", &format!("{id}/reply")));
        }
    }
    if let Some(to) = addressed.to {
        headers.push(block("To", to).with_text(namespace::SOAP12, "mustUnderstand", "1"));
    } else if behaviour.varies(Variant::ToAnonymous) {
        headers.push(block("To", namespace::ANONYMOUS).with_text(namespace::SOAP12, "mustUnderstand", "1"));
    }
    if behaviour.lies(Mutant::ToTwice) {
        headers.extend([block("To", namespace::ANONYMOUS), block("To", "urn:example:client")]);
    }
    headers
}

/// The action of an answer, where it has one.
pub(super) fn action<'a>(answer: &'a Answer, behaviour: &Behaviour) -> Option<&'a str> {
    match answer {
        Answer::Reply(operation, _) => reply_action(operation, behaviour),
        Answer::Fault(fault) => Some(fault.action.as_str()),
        Answer::Callback(action, _) => Some(action.as_str()),
    }
}

/// The action of a reply, where it has one.
fn reply_action<'a>(operation: &'a Operation, behaviour: &Behaviour) -> Option<&'a str> {
    if behaviour.lies(Mutant::NoReplyAction) {
        None
    } else if behaviour.lies(Mutant::WrongReplyAction)
        || (behaviour.lies(Mutant::WrongStartReplyAction) && operation.name == "StartOperationWithCallback")
    {
        Some(operation.action)
    } else {
        Some(operation.response_action)
    }
}

fn reply(operation: &'static Operation, inside: &[Tag], behaviour: &Behaviour) -> Vec<Tag> {
    if behaviour.lies(Mutant::EmptySuccess) {
        return Vec::new();
    }
    let lies = behaviour.lies(Mutant::WrongReplyElement)
        || (behaviour.lies(Mutant::WrongStartReplyElement) && operation.name == "StartOperationWithCallback");
    let local = if lies { operation.name } else { operation.response_element };
    let mut tag = Tag::of(namespace::IPAM, local, inside.to_vec());
    if behaviour.lies(Mutant::HollowReply) {
        tag.inside = Inside::Nothing;
    }
    if behaviour.lies(Mutant::ResultInNoNamespace) {
        for result in tag.tags_mut().into_iter().flatten() {
            result.name.namespace = "".into();
        }
    }
    if behaviour.lies(Mutant::ReplyInWrongNamespace) {
        tag.rename(namespace::IPAM, namespace::IPAM1);
    }
    if behaviour.lies(Mutant::TwoBodyChildren) { vec![tag.clone(), tag] } else { vec![tag] }
}

/// 2.2.2.1
fn fault_tag(fault: &Fault, behaviour: &Behaviour) -> Tag {
    let soap = |local: &'static str, tags| Tag::of(namespace::SOAP12, local, tags);
    let value = |name| Tag { inside: Inside::Value(Value::Name(name)), ..Tag::new(namespace::SOAP12, "Value") };
    let of_operation = fault.exception.is_some();

    let mut subcodes = fault.subcodes.clone();
    if of_operation && behaviour.varies(Variant::FaultWithSubcode) {
        subcodes.push(Name::new("urn:example:faults", "TaskFault"));
    }
    let nested = subcodes
        .into_iter()
        .rev()
        .fold(None, |inner, name| Some(soap("Subcode", std::iter::once(value(name)).chain(inner).collect())));
    let code = if behaviour.lies(Mutant::FaultCodeUnresolved) {
        Name::new("", code_of(fault, behaviour))
    } else if behaviour.lies(Mutant::FaultCodeUnknown) {
        Name::new(namespace::SOAP12, "Client")
    } else {
        Name::new(namespace::SOAP12, code_of(fault, behaviour))
    };
    let mut parts = vec![
        soap("Code", std::iter::once(value(code)).chain(nested).collect()),
        soap("Reason", reasons(fault, behaviour)),
    ];
    if of_operation && behaviour.varies(Variant::FaultWithSubcode) {
        parts.push(Tag::text(namespace::SOAP12, "Node", "urn:example:node"));
        let role = "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver";
        parts.push(Tag::text(namespace::SOAP12, "Role", role));
    }
    if let Some(exception) = fault.exception.as_ref().filter(|_| !behaviour.lies(Mutant::FaultWithoutDetail)) {
        parts.push(soap("Detail", detail(exception, behaviour)));
    }
    if behaviour.lies(Mutant::FaultWithoutCode) {
        parts.retain(|part| !part.is(namespace::SOAP12, "Code"));
    }
    if behaviour.lies(Mutant::FaultWithoutReason) {
        parts.retain(|part| !part.is(namespace::SOAP12, "Reason"));
    }
    let mut tag = soap("Fault", parts);
    if behaviour.lies(Mutant::FaultInWrongNamespace) {
        tag.rename(namespace::SOAP12, namespace::SOAP11);
    }
    tag
}

/// The code of a fault, one of SOAP's own.
pub(super) fn code_of(fault: &Fault, behaviour: &Behaviour) -> &'static str {
    if fault.exception.is_some() && behaviour.varies(Variant::FaultCodeReceiver) { "Receiver" } else { fault.code }
}

fn reasons(fault: &Fault, behaviour: &Behaviour) -> Vec<Tag> {
    let text = |language: &str, text: &str| {
        let tag = Tag::text(namespace::SOAP12, "Text", text);
        if behaviour.lies(Mutant::FaultReasonWithoutLanguage) {
            tag
        } else {
            tag.with_text(namespace::XML, "lang", language)
        }
    };
    if behaviour.varies(Variant::ReasonInTwoLanguages) {
        vec![text("de", "Die Anfrage wurde abgelehnt: \u{201e}ungültig\u{201c}."), text("en", &fault.reason)]
    } else if behaviour.varies(Variant::OtherReason) {
        vec![text("cs-CZ", "Požadavek byl odmítnut <\u{1f6ab}> & vrácen.")]
    } else {
        vec![text("en-US", &fault.reason)]
    }
}

fn detail(exception: &Exception, behaviour: &Behaviour) -> Vec<Tag> {
    if behaviour.lies(Mutant::FaultDetailEmpty) {
        return Vec::new();
    }
    if behaviour.lies(Mutant::FaultDetailOtherType) {
        const HOME: &str = "http://schemas.datacontract.org/2004/07/System.ServiceModel";
        let fields = vec![Tag::text(HOME, "Message", &*exception.message), Tag::text(HOME, "Type", "IpamException")];
        return vec![Tag::of(HOME, "ExceptionDetail", fields)];
    }
    let mut tag = ipam_exception(exception, "i1", behaviour);
    tag.name.local = "IpamException".into();
    if behaviour.varies(Variant::InnerException) {
        let inner = Exception { id: "IpamApiGenericErrorOccurred", message: "What lies beneath.".into() };
        let mut inner = ipam_exception(&inner, "i2", behaviour);
        inner.name = Name::new("", "InnerIpamException");
        let inner = inner.with(namespace::XSI, "type", Value::Name(Name::new(namespace::IPAM1, "IpamException")));
        tag.tags_mut().into_iter().for_each(|tags| tags.push(inner.clone()));
    }
    if behaviour.lies(Mutant::FaultDetailWrongNamespace) {
        tag.name.namespace = namespace::IPAM.into();
    }
    if behaviour.lies(Mutant::FaultWithTwoExceptions) { vec![tag.clone(), tag] } else { vec![tag] }
}

/// 2.2.4.247: the data stands in no namespace, as what .NET serialises by itself does.
pub(super) fn ipam_exception(exception: &Exception, id: &str, behaviour: &Behaviour) -> Tag {
    let exception_id = if behaviour.lies(Mutant::ExceptionIdNotInEnumeration) {
        "22000"
    } else if behaviour.varies(Variant::OtherExceptionId) {
        "IpamApiObjectNotFound"
    } else {
        exception.id
    };
    let mut fields = vec![
        Tag::text(namespace::IPAM, "ExceptionId", exception_id),
        Tag::text(namespace::IPAM, "ExceptionMessage", &*exception.message),
    ];
    let mut kind = Name::new(namespace::IPAM, "IpamExceptionData");
    if behaviour.varies(Variant::DerivedExceptionData) {
        kind = Name::new(namespace::IPAM, "ConflictingIPBlockFailureIpamExceptionData");
        fields.push(Tag::text(namespace::IPAM, "ConflictingIPBlock", "192.0.2.0/24"));
        fields.push(Tag::new(namespace::IPAM, "IPBlock").with_text(namespace::XSI, "nil", "true"));
    }
    if behaviour.lies(Mutant::ExceptionDataOfUnknownType) {
        kind = Name::new(namespace::IPAM, "ErrorInfo");
    }
    let home = if behaviour.lies(Mutant::ExceptionDataInNamespace) { namespace::IPAM1 } else { "" };
    let data = Tag::of(home, "IpamExceptionData", fields).with_text(namespace::SERIALIZATION, "Id", id).with(
        namespace::XSI,
        "type",
        Value::Name(kind),
    );
    let mut tags = Vec::new();
    if behaviour.varies(Variant::SerializedException) {
        let string = || Value::Name(Name::new(namespace::XSD, "string"));
        tags.push(Tag::text("", "ClassName", "IpamException").with(namespace::XSI, "type", string()));
        tags.push(Tag::text("", "Message", &*exception.message).with(namespace::XSI, "type", string()));
        tags.push(Tag::new("", "InnerException").with_text(namespace::XSI, "nil", "true"));
        let int = Value::Name(Name::new(namespace::XSD, "int"));
        tags.push(Tag::text("", "HResult", "-2146233088").with(namespace::XSI, "type", int));
    }
    if !behaviour.lies(Mutant::ExceptionWithoutData) {
        tags.push(data);
    }
    Tag::of(namespace::IPAM1, "IpamException", tags)
}

/// Makes a message one of SOAP 1.1, its fault included.
fn as_soap11(envelope: &mut Tag) {
    envelope.each(&mut |tag| {
        if !tag.is(namespace::SOAP12, "Fault") {
            return;
        }
        let text = |tag: Option<&mut Tag>| tag.map_or(Inside::Nothing, |tag| tag.inside.clone());
        let code = text(tag.tag_mut("Code").and_then(|code| code.tag_mut("Value")));
        let reason = text(tag.tag_mut("Reason").and_then(|reason| reason.tag_mut("Text")));
        let detail = text(tag.tag_mut("Detail"));
        tag.inside = Inside::Tags(vec![
            Tag { inside: code, ..Tag::new("", "faultcode") },
            Tag { inside: reason, ..Tag::new("", "faultstring") },
            Tag { inside: detail, ..Tag::new("", "detail") },
        ]);
    });
    envelope.rename(namespace::SOAP12, namespace::SOAP11);
}
