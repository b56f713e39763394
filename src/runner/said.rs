//! What is kept of an answer whose fault is recorded: the lines of the text, from the fault.
//!
//! Leaves out how lines are written and compared. Follows [SOAP1.2-1] 5.4, [MS-IPAMM2] 2.2.2.1 and ruling fault-origin.

use crate::{
    soap::{Fault, IpamException},
    verdict::snapshot::{Line, text},
    xml::Element,
};

/// What a fault says.
pub fn of_fault(fault: &Fault) -> String {
    // A fault of the operation holds an IpamException; one from before it does not.
    let origin = if fault.exceptions.is_empty() { "dispatcher" } else { "operation" };
    let head = [Line::new(0, "origin", origin), Line::new(0, "code", &*fault.code.local)];
    let subcodes = fault.subcodes.iter().map(|subcode| Line::name(0, "subcode", subcode.to_string()));
    let reasons = fault.reasons.iter().map(|(language, reason)| Line::new(0, format!("reason ({language})"), reason));
    let exceptions = fault.exceptions.iter().flat_map(|exception| of_exception("exception", exception));
    text(head.into_iter().chain(subcodes).chain(reasons).chain(exceptions))
}

/// What a reply says that came where a fault may come as well.
pub fn of_reply(reply: &Element) -> String {
    text([Line::new(0, "reply", &*reply.name.local)])
}

/// An exception and those inside it, each deeper than the one around it.
fn of_exception(label: &'static str, exception: &IpamException) -> Vec<Line> {
    let chain = std::iter::successors(Some(exception), |outer| outer.inner.as_deref());
    let mut lines = Vec::new();
    for (depth, exception) in chain.enumerate() {
        lines.push(Line::new(depth, if depth == 0 { label } else { "inner exception" }, ""));
        let Some(data) = &exception.data else { continue };
        let kind = match &data.data_type {
            Some(kind) => Some(kind.to_string()),
            None => data.is_typed.then(|| "one that does not resolve".to_owned()),
        };
        lines.extend(kind.map(|kind| Line::name(depth + 1, "type", kind)));
        for (label, value) in [("id", &data.id), ("message", &data.message)] {
            lines.extend(value.as_ref().map(|value| Line::new(depth + 1, label, value)));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        spec::namespace::{IPAM, IPAM1, SERIALIZATION, SOAP12, XSI},
        xml,
    };

    fn said(inside: &str) -> String {
        let text = format!(
            "<s:Fault xmlns:s='{SOAP12}' xmlns:i='{XSI}' xmlns:z='{SERIALIZATION}' xmlns:p='{IPAM}' xmlns:q='{IPAM1}'>{inside}</s:Fault>"
        );
        of_fault(&Fault::read(&xml::read(text.as_bytes(), &xml::Limits::default()).unwrap().root).unwrap())
    }

    #[test]
    fn everything_that_a_product_chooses_is_kept() {
        let fault = said(
            "<s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>q:Odd</s:Value></s:Subcode></s:Code>\
             <s:Reason><s:Text xml:lang='de'>nein</s:Text><s:Text xml:lang='en'>no, at 2024-04-23T00:00:00Z</s:Text></s:Reason>\
             <s:Detail><q:IpamException><IpamExceptionData i:type='p:IpamExceptionData'>\
             <p:ExceptionId>IpamApiInvalidParameter</p:ExceptionId><p:ExceptionMessage/></IpamExceptionData>\
             <InnerIpamException><InnerIpamException><IpamExceptionData i:type='x:y'>\
             <p:ExceptionMessage>one\ntwo</p:ExceptionMessage></IpamExceptionData></InnerIpamException>\
             </InnerIpamException></q:IpamException></s:Detail>",
        );
        let expected = [
            "origin: operation",
            "code: Receiver",
            &format!("subcode: {{{IPAM1}}}Odd"),
            "reason (de): nein",
            "reason (en): no, at <time>",
            "exception:",
            &format!("  type: {{{IPAM}}}IpamExceptionData"),
            "  id: IpamApiInvalidParameter",
            "  message:",
            "  inner exception:",
            "    inner exception:",
            "      type: one that does not resolve",
            "      message:",
            "        | one",
            "        | two",
        ];
        assert_eq!(fault.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_fault_without_an_exception_is_the_dispatchers() {
        let fault =
            said("<s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang='en'>no</s:Text></s:Reason>");
        assert_eq!(fault, "origin: dispatcher\ncode: Sender\nreason (en): no");
    }
}
