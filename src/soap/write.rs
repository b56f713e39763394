//! Writes request envelopes as Microsoft's stack writes them.
//!
//! Leaves out replies: the reference server writes its own. Follows [MS-IPAMM2] 4.1 and WS-Addressing 1.0 SOAP Binding.

use std::fmt::Write as _;

use crate::{
    spec::{
        Operation,
        namespace::{self, ADDRESSING, ANONYMOUS, IPAM, SOAP12},
    },
    xml::escape_text,
};

/// What a client sends where it has nothing to say. [MS-IPAMM2] 2.2.2.2
pub const KEEPALIVE: &str = concat!(
    "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:a=\"http://www.w3.org/2005/08/addressing\">",
    "<s:Header><a:Action s:mustUnderstand=\"1\">Microsoft.WindowsServerSolutions.Common.ProviderFramework.Keepalive",
    "</a:Action></s:Header><s:Body/></s:Envelope>",
);

/// The keepalive of a session that is a ReplyTo address: the message of 2.2.2.2, and which session it is of.
pub fn keepalive_for(reply_to: &str) -> String {
    let address = format!("<a:ReplyTo><a:Address>{}</a:Address></a:ReplyTo></s:Header>", escape_text(reply_to));
    KEEPALIVE.replace("</s:Header>", &address)
}

/// Where a request goes, and where its answer goes.
#[derive(Debug, Clone, Copy)]
pub struct Route<'a> {
    /// The address of the endpoint.
    pub to: &'a str,
    /// The address for replies; none for the anonymous one.
    pub reply_to: Option<&'a str>,
}

impl<'a> Route<'a> {
    /// The route of a request that is answered where it came from.
    pub fn to(to: &'a str) -> Self {
        Self { to, reply_to: None }
    }
}

/// The envelope of a request: `body` is the content of the operation's element, XML in the protocol's namespace unless
/// it says otherwise, where the prefixes of [`namespace::PREFIXES`] are known.
pub fn request(operation: &Operation, action: &str, message_id: &str, route: Route<'_>, body: &str) -> String {
    let mut text = String::with_capacity(body.len() + 768);
    let _ = write!(
        text,
        r#"<s:Envelope xmlns:s="{SOAP12}" xmlns:a="{ADDRESSING}"><s:Header><a:Action s:mustUnderstand="1">{}</a:Action><a:MessageID>{}</a:MessageID><a:ReplyTo><a:Address>{}</a:Address></a:ReplyTo><a:To s:mustUnderstand="1">{}</a:To></s:Header><s:Body><{} xmlns="{IPAM}""#,
        escape_text(action),
        escape_text(message_id),
        escape_text(route.reply_to.unwrap_or(ANONYMOUS)),
        escape_text(route.to),
        operation.name,
    );
    for (prefix, uri) in namespace::PREFIXES {
        if !matches!(*prefix, "s" | "a") && body.contains(&format!("{prefix}:")) {
            let _ = write!(text, r#" xmlns:{prefix}="{uri}""#);
        }
    }
    if body.is_empty() {
        text.push_str("/>");
    } else {
        let _ = write!(text, ">{body}</{}>", operation.name);
    }
    text.push_str("</s:Body></s:Envelope>");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{soap, spec::PortType, xml};

    #[test]
    fn what_is_written_reads_back() {
        let operation = Operation::named(PortType::IIpamServer, "StartTask").unwrap();
        let body = r#"<taskType>A&amp;B</taskType><server i:nil="true"/>"#;
        let text = request(operation, operation.action, "urn:uuid:1", Route::to("http://h/?a&b"), body);
        let envelope = soap::read(text.as_bytes(), &xml::Limits::default()).unwrap();
        assert_eq!(envelope.addressing.action.as_deref(), Some(operation.action));
        assert_eq!(envelope.addressing.to.as_deref(), Some("http://h/?a&b"));
        assert_eq!(envelope.addressing.message_id.as_deref(), Some("urn:uuid:1"));
        assert_eq!(envelope.addressing.reply_to.as_deref(), Some(ANONYMOUS));
        let element = &envelope.body[0];
        assert!(element.name.is(IPAM, "StartTask"));
        assert_eq!(element.child(IPAM, "taskType").unwrap().text(), "A&B");
        assert!(element.child(IPAM, "server").unwrap().is_nil());
    }
}
