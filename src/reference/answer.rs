//! What the server answers, before it is put into an envelope: a reply or a fault, and who refuses.
//!
//! Leaves out how envelopes are built and written. Follows SOAP 1.2 part 1, 5.4, WS-Addressing 1.0 SOAP binding 6, and
//! [MS-IPAMM2] 2.2.2.1 and 2.2.4.247.

use super::tag::{Name, Tag, Value};
use crate::spec::{Operation, namespace};

/// The namespace of the faults with which Microsoft's stack refuses what it cannot read.
pub(super) const DISPATCHER: &str =
    "http://schemas.microsoft.com/net/2005/12/windowscommunicationfoundation/dispatcher";
const DISPATCHER_ACTION: &str =
    "http://schemas.microsoft.com/net/2005/12/windowscommunicationfoundation/dispatcher/fault";
const SOAP_ACTION: &str = "http://www.w3.org/2005/08/addressing/soap/fault";
const ADDRESSING_ACTION: &str = "http://www.w3.org/2005/08/addressing/fault";

/// An answer.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// The operation's reply: what its element holds.
    Reply(&'static Operation, Vec<Tag>),
    /// A refusal.
    Fault(Box<Fault>),
    /// What the server says within a session without being asked: its action and the element in its body.
    Callback(String, Tag),
}

/// A refusal.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    /// The action of the message.
    pub(super) action: String,
    /// The code, one of SOAP's own.
    pub(super) code: &'static str,
    /// The subcodes, from the outermost.
    pub(super) subcodes: Vec<Name>,
    /// Why, in English.
    pub(super) reason: String,
    /// Header blocks that belong to it.
    pub(super) headers: Vec<Tag>,
    /// What an operation says of its refusal; a refusal by what stands before the operations says nothing more.
    pub(super) exception: Option<Exception>,
}

/// What an operation says of its refusal.
#[derive(Debug, Clone)]
pub(super) struct Exception {
    /// One of IpamExceptionId.
    pub(super) id: &'static str,
    /// A message for people.
    pub(super) message: String,
}

impl Fault {
    fn before_operation(action: &str, code: &'static str, reason: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            code,
            subcodes: Vec::new(),
            reason: reason.into(),
            headers: Vec::new(),
            exception: None,
        }
    }

    /// The envelope is none of SOAP 1.2, or breaks its rules.
    pub(super) fn soap(reason: impl Into<String>) -> Box<Self> {
        Box::new(Self::before_operation(SOAP_ACTION, "Sender", reason))
    }

    /// The envelope is of another version, or no envelope.
    pub(super) fn version_mismatch() -> Box<Self> {
        let supported = Tag::new(namespace::SOAP12, "SupportedEnvelope").with(
            "",
            "qname",
            Value::Name(Name::new(namespace::SOAP12, "Envelope")),
        );
        Box::new(Self {
            headers: vec![Tag::of(namespace::SOAP12, "Upgrade", vec![supported])],
            ..Self::before_operation(SOAP_ACTION, "VersionMismatch", "The message is not a SOAP 1.2 envelope.")
        })
    }

    /// A header block asks to be understood and is not.
    pub(super) fn not_understood(blocks: Vec<Name>) -> Box<Self> {
        let headers = blocks
            .into_iter()
            .map(|name| Tag::new(namespace::SOAP12, "NotUnderstood").with("", "qname", Value::Name(name)));
        Box::new(Self {
            headers: headers.collect(),
            ..Self::before_operation(SOAP_ACTION, "MustUnderstand", "A header of the message was not understood.")
        })
    }

    /// The addressing of the message cannot be followed.
    pub(super) fn addressing(subcodes: &[&'static str], reason: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            subcodes: subcodes.iter().map(|local| Name::new(namespace::ADDRESSING, *local)).collect(),
            ..Self::before_operation(ADDRESSING_ACTION, "Sender", reason)
        })
    }

    /// The content of the body cannot be read as the operation's input.
    pub(super) fn unreadable(reason: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            subcodes: vec![Name::new(DISPATCHER, "DeserializationFailed")],
            ..Self::before_operation(DISPATCHER_ACTION, "Sender", reason)
        })
    }

    /// The operation refuses.
    pub(super) fn of_operation(operation: &Operation, id: &'static str, message: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            action: format!("{}IpamExceptionFault", operation.action),
            code: "Sender",
            subcodes: Vec::new(),
            reason: "The creator of this fault did not specify a Reason.".into(),
            headers: Vec::new(),
            exception: Some(Exception { id, message: message.into() }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{IPAM_EXCEPTION_ID, OPERATIONS};

    #[test]
    fn only_operations_say_an_exception() {
        assert!(Fault::unreadable("x").exception.is_none());
        assert!(Fault::version_mismatch().exception.is_none());
        let fault = Fault::of_operation(&OPERATIONS[0], "IpamApiInvalidParameter", "x");
        assert_eq!(fault.action, "http://Microsoft.Windows.Ipam/IIpamServer/StartTaskIpamExceptionFault");
        assert!(fault.exception.is_some_and(|exception| IPAM_EXCEPTION_ID.contains(exception.id)));
    }
}
