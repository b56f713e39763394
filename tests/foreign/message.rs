//! What the foreign server says, put into envelopes from templates written by hand.
//!
//! Leaves out when it says what. After [MS-IPAMM2] 2.2.2.1 and 4.1.

use super::{
    http::Answer,
    ways::{Lie, Variation, Ways},
};

const SOAP: &str = "http://www.w3.org/2003/05/soap-envelope";
const SOAP11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";
const PRODUCT: &str = "http://schemas.datacontract.org/2004/07/Microsoft.Windows.Ipam";
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// The protocol's namespace.
pub(crate) const IPAM: &str = "http://Microsoft.Windows.Ipam";

/// Why a request is refused, and by whom.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// By the operation: an identifier of 2.2.5.67, and a message.
    Operation(&'static str, String),
    /// By what reads requests, before the operation: the subcode of WS-Addressing or of the reader.
    Reader(&'static str),
}

/// The reply of an operation with this inside its element.
pub(crate) fn reply(operation: &str, inside: &str, request_id: &str, ways: &Ways) -> Answer {
    let is_start = operation == "StartTask";
    if is_start && ways.lies(Lie::AnswersStartWithNothing) {
        return Answer { status: 202, content_type: None, content: String::new() };
    }
    let last = if is_start && ways.lies(Lie::EchoesAction) { "" } else { "Response" };
    let action = format!("{IPAM}/IIpamServer/{operation}{last}");
    let last = if is_start && ways.lies(Lie::NamesResultElement) { "Result" } else { "Response" };
    let body = format!("<{operation}{last} xmlns=\"{IPAM}\">{inside}</{operation}{last}>");
    let header = format!("{}{}", action_header(&action, ways), relates_to(request_id));
    Answer { status: 200, content_type: Some(media_type(&action)), content: envelope(Some(&header), &body, ways) }
}

/// A fault, [MS-IPAMM2] 2.2.2.1.
pub(crate) fn fault(refusal: &Refusal, operation: &str, request_id: &str, ways: &Ways) -> Answer {
    if ways.lies(Lie::RefusesInPlainText) {
        return Answer::plain(500, "The request was refused.");
    }
    let by_receiver = matches!(refusal, Refusal::Operation(..)) && ways.varies(Variation::FaultsOfReceiver);
    let status = if by_receiver { 500 } else { 400 };
    let action = match refusal {
        Refusal::Operation(..) => format!("{IPAM}/IIpamServer/{operation}IpamExceptionFault"),
        Refusal::Reader(_) => format!("{ADDRESSING}/fault"),
    };
    if ways.lies(Lie::FaultOfSoap11) {
        let content = format!(
            "<e:Envelope xmlns:e=\"{SOAP11}\"><e:Body><e:Fault><faultcode>e:Client</faultcode>\
             <faultstring>refused</faultstring></e:Fault></e:Body></e:Envelope>"
        );
        return Answer { status, content_type: Some(media_type(&action)), content };
    }
    let mut header = if ways.lies(Lie::FaultRelatesElsewhere) {
        relates_to("urn:uuid:11111111-2222-4333-8444-555555555555")
    } else {
        relates_to(request_id)
    };
    header.insert_str(0, &action_header(&action, ways));
    if ways.lies(Lie::FaultWithTwoActions) {
        header.insert_str(0, &action_header(&action, ways));
    }
    let header = (!ways.varies(Variation::BareFaults)).then_some(header);
    let body = fault_element(refusal, by_receiver, ways);
    Answer { status, content_type: Some(media_type(&action)), content: envelope(header.as_deref(), &body, ways) }
}

fn fault_element(refusal: &Refusal, by_receiver: bool, ways: &Ways) -> String {
    let code = if ways.lies(Lie::CodeWithoutPrefix) {
        "Sender"
    } else if ways.lies(Lie::CodeOfSoap11) {
        "s:Client"
    } else if by_receiver {
        "s:Receiver"
    } else {
        "s:Sender"
    };
    let subcode = match refusal {
        Refusal::Reader(subcode) => format!("<s:Subcode><s:Value>a:{subcode}</s:Value></s:Subcode>"),
        Refusal::Operation(..) if by_receiver => {
            "<s:Subcode><s:Value xmlns:f=\"urn:foreign:faults\">f:Task</s:Value></s:Subcode>".to_owned()
        }
        Refusal::Operation(..) => String::new(),
    };
    let language = if ways.lies(Lie::ReasonWithoutLanguage) { "" } else { " xml:lang=\"nl-NL\"" };
    let code = format!("<s:Code><s:Value>{code}</s:Value>{subcode}</s:Code>");
    let reason = format!("<s:Reason><s:Text{language}>Het verzoek is geweigerd.</s:Text></s:Reason>");
    let detail = match refusal {
        Refusal::Reader(_) => String::new(),
        Refusal::Operation(..) if ways.lies(Lie::NoDetail) => String::new(),
        Refusal::Operation(id, message) => format!("<s:Detail>{}</s:Detail>", exceptions(id, message, ways)),
    };
    let parts = if ways.lies(Lie::DetailBeforeReason) {
        [code, detail, reason].concat()
    } else {
        [code, reason, detail].concat()
    };
    // Whatever it is that the envelope binds, here the prefixes mean what they should.
    format!("<s:Fault xmlns:s=\"{SOAP}\" xmlns:a=\"{ADDRESSING}\">{parts}</s:Fault>")
}

/// What the detail of an operation's fault holds, [MS-IPAMM2] 2.2.4.247.
fn exceptions(id: &str, message: &str, ways: &Ways) -> String {
    if ways.lies(Lie::TextInDetail) {
        return message.to_owned();
    }
    let home = if ways.lies(Lie::ExceptionOfItsOwn) { "urn:foreign:errors" } else { PRODUCT };
    let id = if ways.lies(Lie::ExceptionIdOfItsOwn) { "ForeignError" } else { id };
    let kind = if ways.varies(Variation::DerivedException) {
        " i:type=\"d:IpamObjectExceptionData\" xmlns:d=\"http://Microsoft.Windows.Ipam\""
    } else {
        ""
    };
    let inner = if ways.varies(Variation::DerivedException) {
        format!("<InnerIpamException xmlns=\"\">{}</InnerIpamException>", data(id, message, kind))
    } else {
        "<InnerIpamException xmlns=\"\" i:nil=\"true\"/>".to_owned()
    };
    let said = if ways.varies(Variation::SilentException) { "" } else { message };
    let exception = format!(
        "<IpamException xmlns=\"{home}\" xmlns:i=\"{SCHEMA_INSTANCE}\">{}{inner}</IpamException>",
        data(id, said, kind)
    );
    if ways.lies(Lie::TwoExceptions) { exception.repeat(2) } else { exception }
}

/// 2.2.4.252
fn data(id: &str, message: &str, kind: &str) -> String {
    let message = if message.is_empty() {
        String::new()
    } else {
        format!("<ExceptionMessage xmlns=\"{IPAM}\">{message}</ExceptionMessage>")
    };
    format!(
        "<IpamExceptionData xmlns=\"\"{kind}><ExceptionId xmlns=\"{IPAM}\">{id}</ExceptionId>{message}</IpamExceptionData>"
    )
}

fn action_header(action: &str, ways: &Ways) -> String {
    if ways.varies(Variation::ActionInMediaTypeOnly) {
        String::new()
    } else {
        format!("<a:Action s:mustUnderstand=\"1\">{action}</a:Action>")
    }
}

fn relates_to(request_id: &str) -> String {
    if request_id.is_empty() { String::new() } else { format!("<a:RelatesTo>{request_id}</a:RelatesTo>") }
}

fn media_type(action: &str) -> String {
    format!("application/soap+xml; charset=utf-8; action=\"{action}\"")
}

/// An envelope; faults may do without a header.
fn envelope(header: Option<&str>, body: &str, ways: &Ways) -> String {
    let strange = if ways.varies(Variation::UnknownHeaders) {
        "<t:Trace xmlns:t=\"urn:foreign:trace\" s:mustUnderstand=\"0\"><t:Hop>1</t:Hop></t:Trace>"
    } else {
        ""
    };
    let header = header.map(|header| format!("<s:Header>{strange}{header}</s:Header>")).unwrap_or_default();
    let text =
        format!("<s:Envelope xmlns:s=\"{SOAP}\" xmlns:a=\"{ADDRESSING}\">{header}<s:Body>{body}</s:Body></s:Envelope>");
    if ways.varies(Variation::OtherPrefixes) {
        let swaps = [
            ("<s:", "<env.1:"),
            ("</s:", "</env.1:"),
            (" s:", " env.1:"),
            ("xmlns:s=", "xmlns:env.1="),
            (">s:", ">env.1:"),
        ];
        return swaps.iter().fold(text, |text, (from, to)| text.replace(from, to));
    }
    if ways.varies(Variation::DeclarationAndComments) {
        return format!("<?xml version='1.0' encoding='utf-8'?>\n<!-- foreign -->\n{text}\n<!-- goodbye -->\n")
            .replace("><", ">\n\t<");
    }
    text
}
