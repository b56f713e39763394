//! Reads SOAP 1.2 faults and the IpamException that the protocol's own faults hold.
//!
//! Leaves out which fault an operation ought to send. Follows [SOAP1.2-1] 5.4, [MS-IPAMM2] 2.2.2.1 and 2.2.4.247.

use std::collections::BTreeMap;

use crate::{
    spec::IPAM_EXCEPTION_ID,
    spec::namespace::{IPAM, IPAM1, SERIALIZATION, SOAP12, XML, XSI},
    xml::{Element, Position, QName},
};

/// A SOAP 1.2 fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The code: one of the five of SOAP 1.2.
    pub code: QName,
    /// The subcodes, outermost first. Names that do not resolve are kept as text without a namespace.
    pub subcodes: Vec<QName>,
    /// The reason: language and text, at least one.
    pub reasons: Vec<(String, String)>,
    /// What the detail holds.
    pub detail: Vec<Element>,
    /// The exceptions among it.
    pub exceptions: Vec<IpamException>,
}

/// An IpamException, [MS-IPAMM2] 2.2.4.247.
#[derive(Debug, Clone, PartialEq)]
pub struct IpamException {
    /// What it says; none where the element is missing or nil.
    pub data: Option<ExceptionData>,
    /// The exception inside it.
    pub inner: Option<Box<Self>>,
    /// Where its start tag begins.
    pub position: Position,
}

/// An IpamExceptionData, [MS-IPAMM2] 2.2.4.252, or a type that derives from it.
#[derive(Debug, Clone, PartialEq)]
pub struct ExceptionData {
    /// The type that `i:type` names; none where it names none, or none that resolves.
    pub data_type: Option<QName>,
    /// Whether there is an `i:type`.
    pub is_typed: bool,
    /// The identifier.
    pub id: Option<String>,
    /// The message.
    pub message: Option<String>,
}

/// What makes a fault none of SOAP 1.2.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{position}: {problem}")]
pub struct FaultProblem {
    /// Where.
    pub position: Position,
    /// What is wrong.
    pub problem: String,
}

const CODES: [&str; 5] = ["VersionMismatch", "MustUnderstand", "DataEncodingUnknown", "Sender", "Receiver"];
/// Inner exceptions deeper than this are left out.
const DEPTH: usize = 16;

impl Fault {
    /// Whether an element is named as a fault is, in whatever namespace.
    pub fn is_named(element: &Element) -> bool {
        &*element.name.local == "Fault"
    }

    /// Reads a fault.
    ///
    /// # Errors
    /// The first thing that is not as SOAP 1.2 says.
    pub fn read(element: &Element) -> Result<Self, FaultProblem> {
        let problem = |at: &Element, problem: String| FaultProblem { position: at.position, problem };
        if !element.name.is(SOAP12, "Fault") {
            return Err(problem(element, format!("`{}` is no fault of SOAP 1.2", element.name)));
        }
        // [SOAP1.2-1] 5.4: Code, Reason, then Node, Role and Detail where they are wanted, in this order.
        let mut order = ["Code", "Reason", "Node", "Role", "Detail"].into_iter();
        for child in element.elements() {
            let known = &*child.name.namespace == SOAP12 && order.by_ref().any(|name| name == &*child.name.local);
            if !known {
                return Err(problem(child, format!("`{}` is out of place in a fault", child.name)));
            }
        }
        let part = |name: &str| {
            element.child(SOAP12, name).ok_or_else(|| problem(element, format!("the fault has no {name}")))
        };
        let code_element = part("Code")?;
        let value = |code: &Element| {
            let value = code.child(SOAP12, "Value");
            let value = value.ok_or_else(|| problem(code, format!("the fault's {} has no Value", code.name.local)))?;
            let text = value.text();
            value
                .scope
                .resolve(&text)
                .ok_or_else(|| problem(value, format!("the code `{text}` is no name that resolves")))
        };
        let code = value(code_element)?;
        // Ruling fault-code: any code of SOAP 1.2, in its namespace.
        if &*code.namespace != SOAP12 || !CODES.contains(&&*code.local) {
            return Err(problem(code_element, format!("the code `{code}` is none of SOAP 1.2")));
        }
        let mut subcodes = Vec::new();
        let mut outer = code_element;
        while let Some(subcode) = outer.child(SOAP12, "Subcode") {
            subcodes.push(value(subcode)?);
            outer = subcode;
        }
        let reason = part("Reason")?;
        let texts = || reason.all(SOAP12, "Text");
        // [SOAP1.2-1] 5.4.2: at least one text, each with its language.
        if texts().next().is_none() {
            return Err(problem(reason, "the fault's Reason has no Text".to_owned()));
        }
        if let Some(text) = texts().find(|text| text.attribute(XML, "lang").is_none()) {
            return Err(problem(text, "the fault's Text has no xml:lang".to_owned()));
        }
        let reasons =
            texts().map(|text| (text.attribute(XML, "lang").unwrap_or_default().to_owned(), text.text())).collect();
        let detail = element.child(SOAP12, "Detail");
        let mut ids = BTreeMap::new();
        if let Some(detail) = detail {
            collect_ids(detail, &mut ids);
        }
        let entries = detail.into_iter().flat_map(Element::elements);
        let exceptions =
            entries.filter(|entry| is_exception(entry)).map(|entry| IpamException::read(entry, &ids, DEPTH)).collect();
        let detail = detail.into_iter().flat_map(Element::elements).cloned().collect();
        Ok(Self { code, subcodes, reasons, detail, exceptions })
    }

    /// The local name of the innermost code: what a dispatcher says in it is the nearest thing to a reason.
    pub fn innermost_code(&self) -> &QName {
        self.subcodes.last().unwrap_or(&self.code)
    }

    /// The fault in a line, for a person.
    pub fn summary(&self) -> String {
        let subcode = self.subcodes.last().map(|subcode| format!(" ({})", subcode.local)).unwrap_or_default();
        let reason = self.reasons.first().map(|(_, reason)| format!(": {}", reason.trim())).unwrap_or_default();
        let exception = match self.exceptions.first() {
            None => "no IpamException".to_owned(),
            Some(exception) => match exception.data.as_ref().and_then(|data| data.id.as_deref()) {
                Some(id) => format!("IpamException {id}"),
                None => "IpamException without an identifier".to_owned(),
            },
        };
        format!("{} fault{subcode}{reason}; {exception}", self.code.local)
    }
}

/// An IpamException by its element, or by its `i:type`; or a type that extends it: an element of another name in one of
/// the protocol's namespaces that holds the data of an exception.
fn is_exception(element: &Element) -> bool {
    let name = &element.name;
    let extends = matches!(&*name.namespace, IPAM | IPAM1)
        && &*name.local != "IpamException"
        && name.local.ends_with("Exception")
        && element.child("", "IpamExceptionData").is_some();
    name.is(IPAM1, "IpamException") || element.xsi_type().is_some_and(|kind| kind.is(IPAM1, "IpamException")) || extends
}

impl IpamException {
    /// Reads an exception; in `ids` a `z:Ref` finds what a `z:Id` names.
    fn read(element: &Element, ids: &Ids<'_>, depth: usize) -> Self {
        // The members of an exception are in no namespace: it is serialised by its runtime, not as a data contract.
        let data = element.child("", "IpamExceptionData").and_then(|data| ExceptionData::read(data, ids));
        let inner = element
            .child("", "InnerIpamException")
            .filter(|inner| depth > 0 && !inner.is_nil())
            .map(|inner| Box::new(Self::read(inner, ids, depth - 1)));
        Self { data, inner, position: element.position }
    }
}

impl ExceptionData {
    /// What is not as [MS-IPAMM2] 2.2.4.247 and 2.2.4.252 show it, where something is not.
    pub fn problem(&self) -> Option<String> {
        let derives = |kind: &QName| matches!(&*kind.namespace, IPAM | IPAM1) && kind.local.ends_with("ExceptionData");
        match (&self.data_type, self.id.as_deref()) {
            (None, _) if self.is_typed => Some("an i:type that does not resolve".to_owned()),
            (Some(kind), _) if !derives(kind) => Some(format!("the i:type `{kind}`, which is no IpamExceptionData")),
            (_, Some(id)) if !IPAM_EXCEPTION_ID.contains(id) => {
                Some(format!("ExceptionId `{id}`, which is none of IpamExceptionId"))
            }
            _ => None,
        }
    }

    fn read(element: &Element, ids: &Ids<'_>) -> Option<Self> {
        let element = match element.attribute(SERIALIZATION, "Ref") {
            Some(reference) => *ids.get(reference)?,
            None if element.is_nil() => return None,
            None => element,
        };
        let text = |name: &str| element.child(IPAM, name).filter(|child| !child.is_nil()).map(Element::text);
        let is_typed = element.attribute(XSI, "type").is_some();
        Some(Self {
            data_type: element.xsi_type(),
            is_typed,
            id: text("ExceptionId"),
            message: text("ExceptionMessage"),
        })
    }
}

/// What each `z:Id` names.
type Ids<'a> = BTreeMap<&'a str, &'a Element>;

/// Looked at once: a detail may hold as many references as elements.
fn collect_ids<'a>(element: &'a Element, ids: &mut Ids<'a>) {
    if let Some(id) = element.attribute(SERIALIZATION, "Id") {
        ids.entry(id).or_insert(element);
    }
    for child in element.elements() {
        collect_ids(child, ids);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml;

    fn parse(text: &str) -> Result<Fault, FaultProblem> {
        Fault::read(&xml::read(text.as_bytes(), &xml::Limits::default()).unwrap().root)
    }

    const CODE: &str = "<q:Code><q:Value>q:Sender</q:Value></q:Code>";
    const REASON: &str = "<q:Reason><q:Text xml:lang='en'>no</q:Text></q:Reason>";

    fn fault(inside: &str) -> String {
        format!("<q:Fault xmlns:q='{SOAP12}' xmlns:i='{XSI}' xmlns:z='{SERIALIZATION}'>{inside}</q:Fault>")
    }

    #[test]
    fn a_fault_with_nested_exceptions_is_read() {
        let text = fault(&format!(
            "{CODE}{REASON}<q:Detail><IpamException xmlns='{IPAM1}' xmlns:p='{IPAM}'>\
             <IpamExceptionData xmlns='' z:Id='i1' i:type='p:IpamExceptionData'><p:ExceptionId>IpamApiInvalidParameter</p:ExceptionId>\
             <p:ExceptionMessage>wrong</p:ExceptionMessage></IpamExceptionData>\
             <InnerIpamException xmlns=''><IpamExceptionData z:Ref='i1' i:nil='true'/></InnerIpamException>\
             </IpamException></q:Detail>"
        ));
        let fault = parse(&text).unwrap();
        assert!(fault.code.is(SOAP12, "Sender"));
        let [exception] = fault.exceptions.as_slice() else { panic!("{fault:?}") };
        let data = exception.data.as_ref().unwrap();
        assert_eq!(data.id.as_deref(), Some("IpamApiInvalidParameter"));
        assert!(data.data_type.as_ref().unwrap().is(IPAM, "IpamExceptionData"));
        assert_eq!(exception.inner.as_ref().unwrap().data, Some(data.clone()));
        assert_eq!(fault.summary(), "Sender fault: no; IpamException IpamApiInvalidParameter");
    }

    #[test]
    fn an_exception_in_another_namespace_is_none() {
        let ours = format!("<IpamException xmlns='{IPAM}'><IpamExceptionData xmlns=''/></IpamException>");
        for detail in
            [&ours, "<IpamException xmlns='urn:other'/>", "<IpamException/>", "<string>IpamException</string>"]
        {
            let fault = parse(&fault(&format!("{CODE}{REASON}<q:Detail>{detail}</q:Detail>"))).unwrap();
            assert!(fault.exceptions.is_empty(), "{detail}");
            assert_eq!(fault.detail.len(), 1);
        }
    }

    #[test]
    fn what_is_no_fault_of_soap_12_is_told() {
        let wrong = [
            ("<Fault/>".to_owned(), "no fault of SOAP 1.2"),
            ("<Fault xmlns='http://schemas.xmlsoap.org/soap/envelope/'/>".to_owned(), "no fault of SOAP 1.2"),
            (fault(""), "has no Code"),
            (fault(CODE), "has no Reason"),
            (fault(&format!("{REASON}{CODE}")), "out of place"),
            (fault(&format!("{CODE}{REASON}<extra/>")), "out of place"),
            (fault(&format!("<q:Code/>{REASON}")), "has no Value"),
            (fault(&format!("<q:Code><q:Value>Sender</q:Value></q:Code>{REASON}")), "none of SOAP 1.2"),
            (fault(&format!("<q:Code><q:Value>x:Sender</q:Value></q:Code>{REASON}")), "no name that resolves"),
            (fault(&format!("<q:Code><q:Value>q:Client</q:Value></q:Code>{REASON}")), "none of SOAP 1.2"),
            (fault(&format!("{CODE}<q:Reason/>")), "has no Text"),
            (fault(&format!("{CODE}<q:Reason><q:Text>x</q:Text></q:Reason>")), "no xml:lang"),
        ];
        for (text, expected) in wrong {
            let message = parse(&text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }

    #[test]
    fn an_unprefixed_code_counts_where_the_default_namespace_is_soaps() {
        let text = format!(
            "<Fault xmlns='{SOAP12}'><Code><Value>Receiver</Value><Subcode><Value>Sender</Value></Subcode></Code>\
             <Reason><Text xml:lang='de'>nein</Text></Reason></Fault>"
        );
        let fault = parse(&text).unwrap();
        assert!(fault.code.is(SOAP12, "Receiver"));
        assert_eq!(fault.subcodes.len(), 1);
        assert_eq!(&*fault.innermost_code().local, "Sender");
    }
}
