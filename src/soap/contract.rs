//! The contract check of an answer: does it relate to the request, carry the operation's action, hold its element?
//!
//! Leaves out levels and requirements: it says which rule is broken, the runner says what that means. Follows
//! [MS-IPAMM2] 3.3.4.x (message sections), 2.2.2.1, and WS-Addressing 1.0 Core 3.4.

use super::{Envelope, Fault, FaultProblem};
use crate::{
    spec::{Operation, namespace::IPAM},
    xml::Element,
};

/// A rule of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Addressing headers that may stand once stand once.
    AddressingOnce,
    /// The answer relates to the request.
    RelatesTo,
    /// A fault is one of SOAP 1.2.
    Fault,
    /// The reply carries the operation's action.
    ResponseAction,
    /// The reply holds the operation's element.
    ResponseElement,
}

/// A rule that an answer was held against, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The rule.
    pub rule: Rule,
    /// Whether the answer keeps it.
    pub kept: bool,
    /// What the rule asks for.
    pub expected: String,
    /// What the answer has.
    pub got: String,
}

/// What an answer is.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The operation's reply: its body element.
    Reply(Element),
    /// A fault of SOAP 1.2.
    Fault(Box<Fault>),
    /// Neither; a rule that is not kept says why.
    Neither,
}

/// An answer held against the contract: rules from the lowest up, none beyond the first that is broken.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// What the answer is.
    pub answer: Answer,
    /// The rules in the order in which they were looked at.
    pub rules: Vec<Held>,
}

/// Holds an answer against an operation's contract. `bound_action` is the action that the binding carried outside the
/// envelope, which counts where the envelope has none. Without an operation, only what holds for every answer is looked at.
pub fn check(
    envelope: Envelope,
    operation: Option<&Operation>,
    message_id: Option<&str>,
    bound_action: Option<&str>,
) -> Checked {
    let mut rules = Vec::new();
    let broken = |rules| Checked { answer: Answer::Neither, rules };
    let addressing = envelope.addressing;
    let elements = envelope.body.len();
    let mut body = envelope.body.into_iter();
    let first = body.next();
    let fault = first.as_ref().filter(|element| Fault::is_named(element)).map(Fault::read);

    if let Some(Err(FaultProblem { position, problem })) = &fault {
        rules.push(Held::new(Rule::Fault, false, "a fault of SOAP 1.2", format!("{position}: {problem}")));
        return broken(rules);
    }
    let fault = fault.and_then(Result::ok);
    if let Some(fault) = &fault {
        // [SOAP1.2-1] 5.4: a fault is the only child of the body.
        let kept = elements == 1;
        let got = if kept { fault.summary() } else { format!("{elements} elements in the body") };
        rules.push(Held::new(Rule::Fault, kept, "a fault of SOAP 1.2, alone in the body", got));
        if !kept {
            return broken(rules);
        }
    }

    let kept = addressing.repeated.is_empty();
    let got = if kept { "each once".to_owned() } else { format!("{} more than once", addressing.repeated.join(", ")) };
    rules.push(Held::new(Rule::AddressingOnce, kept, "each addressing header once", got));
    if !kept {
        return broken(rules);
    }

    if let Some(id) = message_id {
        let related: Vec<&str> = addressing.replies_to().collect();
        // The fault of 2.2.2.1 has no header at all, so a fault need not relate; what it does relate to must be right.
        let kept = related.contains(&id) || (fault.is_some() && related.is_empty());
        let got =
            if related.is_empty() { "no RelatesTo".to_owned() } else { format!("RelatesTo {}", related.join(", ")) };
        rules.push(Held::new(Rule::RelatesTo, kept, &format!("RelatesTo {id}"), got));
        if !kept {
            return broken(rules);
        }
    }

    if let Some(fault) = fault {
        return Checked { answer: Answer::Fault(Box::new(fault)), rules };
    }
    let Some(operation) = operation else {
        let answer = first.map_or(Answer::Neither, Answer::Reply);
        return Checked { answer, rules };
    };

    // The element before the action: a reply of another operation is known by its element.
    let expected = format!("{{{IPAM}}}{}", operation.response_element);
    let got = match &first {
        None => "an empty body".to_owned(),
        Some(element) if elements > 1 => format!("{} and {} more", element.name, elements - 1),
        Some(element) => element.name.to_string(),
    };
    let kept = got == expected;
    rules.push(Held::new(Rule::ResponseElement, kept, &expected, got));
    let element_kept = kept;

    let action = addressing.action.as_deref().or(bound_action);
    let kept = action == Some(operation.response_action);
    let got = action.map_or_else(|| "no action".to_owned(), str::to_owned);
    rules.push(Held::new(Rule::ResponseAction, kept, operation.response_action, got));

    match first {
        Some(element) if kept && element_kept => Checked { answer: Answer::Reply(element), rules },
        _ => broken(rules),
    }
}

impl Held {
    fn new(rule: Rule, kept: bool, expected: &str, got: String) -> Self {
        Self { rule, kept, expected: expected.to_owned(), got }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        soap,
        spec::{
            PortType,
            namespace::{ADDRESSING, SOAP11, SOAP12},
        },
        xml,
    };

    fn checked(header: &str, body: &str) -> Checked {
        let text = format!(
            "<s:Envelope xmlns:s='{SOAP12}' xmlns:a='{ADDRESSING}' xmlns='{IPAM}'><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
        );
        let envelope = soap::read(text.as_bytes(), &xml::Limits::default()).unwrap();
        let operation = Operation::named(PortType::IIpamServer, "StartTask");
        check(envelope, operation, Some("urn:1"), None)
    }

    fn broken(checked: &Checked) -> Vec<Rule> {
        checked.rules.iter().filter(|held| !held.kept).map(|held| held.rule).collect()
    }

    const ACTION: &str = "<a:Action>http://Microsoft.Windows.Ipam/IIpamServer/StartTaskResponse</a:Action>";
    const RELATES: &str = "<a:RelatesTo>urn:1</a:RelatesTo>";

    #[test]
    fn a_right_reply_keeps_every_rule() {
        let checked = checked(&format!("{ACTION}{RELATES}"), "<StartTaskResponse/>");
        assert!(matches!(checked.answer, Answer::Reply(_)), "{checked:?}");
        assert_eq!(broken(&checked), []);
    }

    #[test]
    fn each_rule_is_broken_by_itself() {
        let fault = |namespace: &str| {
            format!(
                "<q:Fault xmlns:q='{namespace}'><q:Code><q:Value>q:Sender</q:Value></q:Code>\
                 <q:Reason><q:Text xml:lang='en'>x</q:Text></q:Reason></q:Fault>"
            )
        };
        let right = format!("{ACTION}{RELATES}");
        let probes = [
            (right.clone(), "<StartTaskResponse/><x/>".to_owned(), vec![Rule::ResponseElement]),
            (format!("{right}{ACTION}"), "<StartTaskResponse/>".to_owned(), vec![Rule::AddressingOnce]),
            (ACTION.to_owned(), "<StartTaskResponse/>".to_owned(), vec![Rule::RelatesTo]),
            (
                format!("{ACTION}<a:RelatesTo>urn:2</a:RelatesTo>"),
                "<StartTaskResponse/>".to_owned(),
                vec![Rule::RelatesTo],
            ),
            (RELATES.to_owned(), "<StartTaskResponse/>".to_owned(), vec![Rule::ResponseAction]),
            (right.clone(), "<StartTaskResponse xmlns=''/>".to_owned(), vec![Rule::ResponseElement]),
            (right.clone(), String::new(), vec![Rule::ResponseElement]),
            (RELATES.to_owned(), String::new(), vec![Rule::ResponseElement, Rule::ResponseAction]),
            (right.clone(), fault(SOAP11), vec![Rule::Fault]),
            (right.clone(), fault(SOAP12) + "<x/>", vec![Rule::Fault]),
            ("<a:RelatesTo>urn:2</a:RelatesTo>".to_owned(), fault(SOAP12), vec![Rule::RelatesTo]),
            (String::new(), fault(SOAP12), vec![]),
        ];
        for (header, body, expected) in probes {
            let checked = checked(&header, &body);
            assert_eq!(broken(&checked), expected, "{header} {body}");
            assert_eq!(matches!(checked.answer, Answer::Neither), !expected.is_empty(), "{header} {body}");
        }
    }
}
