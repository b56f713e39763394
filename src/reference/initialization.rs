//! Reads what a session with progress is to do: the parameters of InitializeOperationParameters.
//!
//! Leaves out doing it. Follows [MS-IPAMM2] 3.19.4.3, 2.2.4.286 and 2.2.5.63, and how data contract readers take types:
//! one that they do not know, or a value outside an enumeration, is refused before the operation.

use super::{
    answer::Fault,
    mutant::{Behaviour, Mutant},
    validation,
    variant::Variant,
};
use crate::{
    spec::{
        Operation, namespace,
        progress::{ADMIN_OPERATIONS, AdminOperation, Need, PARAMETERS, PARAMTERS},
    },
    xml::Element,
};

/// What a session is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameters {
    /// The operation; none where a lie took what names none.
    pub(super) operation: Option<&'static AdminOperation>,
    /// Whether the parameters are of the type that it takes.
    pub(super) fit: bool,
    /// Whether they name what it works at, as far as this server looks.
    pub(super) object: bool,
    /// The lie that takes them all the same, where that breaks a rule.
    pub(super) broken: Option<Mutant>,
}

impl Parameters {
    /// Those in which nothing is wrong, of an operation that nobody named.
    pub(super) const UNKNOWN: Self = Self { operation: None, fit: true, object: true, broken: None };
}

/// Reads the parameters.
///
/// # Errors
/// Refuses what is null, what cannot be read, and what names no operation.
pub(super) fn read(operation: &Operation, body: &Element, behaviour: &Behaviour) -> Result<Parameters, Box<Fault>> {
    let refuse = |message: &str| Fault::of_operation(operation, "IpamApiInvalidParameter", message);
    if behaviour.lies(Mutant::RefusesParameters) {
        return Err(refuse("The parameters are not valid."));
    }
    let Some(element) = body.child(namespace::IPAM, PARAMTERS.name).filter(|element| !element.is_nil()) else {
        let taken = behaviour.lies(Mutant::InitializesNull);
        return if taken {
            Ok(Parameters::UNKNOWN)
        } else {
            Err(refuse("The parameters of the operation are missing."))
        };
    };
    let kind = kind(element)?;
    let Some(id) = element.child(namespace::IPAM, "OperationId") else {
        return Err(refuse("The parameters name no operation."));
    };
    if id.is_nil() || id.elements().next().is_some() {
        return Err(Fault::unreadable("The element OperationId does not hold an IpamAdminOperationId."));
    }
    let Some(asked) = named(&id.text(), behaviour) else {
        return if behaviour.lies(Mutant::InitializesUnknownOperation) {
            Ok(Parameters::UNKNOWN)
        } else if behaviour.varies(Variant::OperationRefusesInvalid) {
            Err(refuse("The parameters name no operation that there is."))
        } else {
            let shown: String = id.text().chars().take(80).collect();
            Err(Fault::unreadable(format!("The value '{shown}' cannot be read as an IpamAdminOperationId.")))
        };
    };
    let fit = kind == asked.parameters;
    if !fit && behaviour.varies(Variant::RefusesTypeAtInitialize) {
        return Err(refuse("The parameters are not of the type that the operation takes."));
    }
    if behaviour.lies(Mutant::KnowsDhcpAlone) && ["Dns", "IPAddress"].iter().any(|word| asked.id.contains(word)) {
        return Err(refuse("The parameters name no operation that there is."));
    }
    // 3.19.4.4.1.1 to 3.19.4.4.1.49: what the steps ask for before they change anything.
    let is_there = |need: &Need| {
        let object = element.child(namespace::IPAM, need.name).filter(|object| !object.is_nil());
        object.is_some_and(|object| !need.some || object.elements().next().is_some())
    };
    let object = asked.needs.iter().all(is_there);
    Ok(Parameters { operation: Some(asked), fit, object, broken: validation::broken(asked.id, element) })
}

/// The operation of an id: to the letter, but for lies.
fn named(id: &str, behaviour: &Behaviour) -> Option<&'static AdminOperation> {
    let exact = AdminOperation::named(id);
    let lies = |mutant| exact.is_none() && behaviour.lies(mutant);
    if lies(Mutant::TrimsOperationId) {
        return AdminOperation::named(id.trim());
    }
    if lies(Mutant::FoldsCaseOfOperationId) {
        return ADMIN_OPERATIONS.iter().find(|known| known.id.eq_ignore_ascii_case(id));
    }
    if lies(Mutant::NumericOperationId) {
        return id.parse::<usize>().ok().and_then(|number| ADMIN_OPERATIONS.get(number));
    }
    exact
}

/// The type that an element says it is of: the base type, or one that derives from it.
fn kind(element: &Element) -> Result<&'static str, Box<Fault>> {
    if element.attribute(namespace::XSI, "type").is_none() {
        return Ok(PARAMETERS.name);
    }
    let mut known = ADMIN_OPERATIONS.iter().map(|operation| operation.parameters).chain([PARAMETERS.name]);
    let said = element.xsi_type();
    known.find(|known| said.as_ref().is_some_and(|name| name.is(namespace::IPAM, known))).ok_or_else(|| {
        Fault::unreadable("The element paramters is of a type that is none of IpamOperationWithProgressParameters.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{spec::PortType, xml};

    fn given(inside: &str, behaviour: &Behaviour) -> Result<Parameters, String> {
        let name = "InitializeOperationParameters";
        let text = format!(
            "<{name} xmlns='{0}' xmlns:m='{0}' xmlns:i='{1}'>{inside}</{name}>",
            namespace::IPAM,
            namespace::XSI
        );
        let document = xml::read(text.as_bytes(), &xml::Limits::default()).unwrap();
        let operation = Operation::named(PortType::IIpamOperationWithProgress, name).unwrap();
        read(operation, &document.root, behaviour).map_err(|fault| {
            fault.exception.map_or_else(|| fault.subcodes[0].local.to_string(), |known| known.id.into())
        })
    }

    fn plain(inside: &str) -> Result<Parameters, String> {
        given(inside, &Behaviour::default())
    }

    #[test]
    fn every_operation_is_known_by_its_id_and_its_type() {
        for operation in ADMIN_OPERATIONS {
            let inside = |kind: &str| {
                // A server is of a family.
                let of = |need: &Need| if need.name == "Server" { " i:type='m:DhcpServerV4'" } else { "" };
                let needs: Vec<String> =
                    operation.needs.iter().map(|need| format!("<{0}{1}><x/></{0}>", need.name, of(need))).collect();
                let needs = needs.concat();
                format!("<paramters i:type='m:{kind}'><OperationId>{}</OperationId>{needs}</paramters>", operation.id)
            };
            let read = Parameters { operation: Some(operation), ..Parameters::UNKNOWN };
            assert_eq!(plain(&inside(operation.parameters)), Ok(read));
            assert_eq!(plain(&inside("IpamOperationWithProgressParameters")), Ok(Parameters { fit: false, ..read }));
            if let Some(need) = operation.needs.first() {
                let empty = inside(operation.parameters).replacen("<x/>", "", 1);
                assert_eq!(plain(&empty), Ok(Parameters { object: !need.some, ..read }), "{operation:?}");
            }
        }
        let none = "<paramters><OperationId>EditDhcpServer</OperationId></paramters>";
        assert!(plain(none).is_ok_and(|read| !read.fit && !read.object));
        let nil = none.replace("</paramters>", "<Server i:nil='true'/></paramters>");
        assert!(plain(&nil).is_ok_and(|read| !read.object));
    }

    #[test]
    fn what_says_nothing_is_refused_by_the_operation_and_what_cannot_be_read_before_it() {
        let (operation, before) = ("IpamApiInvalidParameter", "DeserializationFailed");
        for (inside, by) in [
            ("", operation),
            ("<paramters i:nil='true'/>", operation),
            ("<parameters><OperationId>EditDhcpServer</OperationId></parameters>", operation),
            ("<paramters/>", operation),
            ("<paramters><AdminOperationId>EditDhcpServer</AdminOperationId></paramters>", operation),
            ("<paramters><OperationId>editDhcpServer</OperationId></paramters>", before),
            ("<paramters><OperationId/></paramters>", before),
            ("<paramters><OperationId i:nil='true'/></paramters>", before),
            ("<paramters><OperationId><x/></OperationId></paramters>", before),
            ("<paramters i:type='m:TaskInfo'><OperationId>EditDhcpServer</OperationId></paramters>", before),
            ("<paramters i:type='x:Unbound'><OperationId>EditDhcpServer</OperationId></paramters>", before),
        ] {
            assert_eq!(plain(inside), Err(by.to_owned()), "{inside}");
        }
    }

    #[test]
    fn behaviours_show_where_they_should() {
        let unknown = "<paramters><OperationId>EditEverything</OperationId></paramters>";
        assert!(given(unknown, &Mutant::InitializesUnknownOperation.into()).is_ok());
        assert!(given(unknown, &Mutant::InitializesNull.into()).is_err());
        assert!(given("", &Mutant::InitializesNull.into()).is_ok());
        for (mutant, id) in [
            (Mutant::TrimsOperationId, " DeletePolicy"),
            (Mutant::FoldsCaseOfOperationId, "deletepolicy"),
            (Mutant::NumericOperationId, "14"),
        ] {
            let inside = format!("<paramters><OperationId>{id}</OperationId></paramters>");
            let read = given(&inside, &mutant.into()).map(|read| read.operation.map(|operation| operation.id));
            assert_eq!(read, Ok(Some("DeletePolicy")), "{mutant:?}");
        }
        let zones = "<paramters><OperationId>ReloadDnsZones</OperationId></paramters>";
        assert!(given(zones, &Mutant::KnowsDhcpAlone.into()).is_err() && plain(zones).is_ok());
        let by_operation = Err("IpamApiInvalidParameter".to_owned());
        assert_eq!(given(unknown, &Variant::OperationRefusesInvalid.into()), by_operation);
        let base = "<paramters><OperationId>DeleteDhcpScope</OperationId></paramters>";
        assert_eq!(given(base, &Variant::RefusesTypeAtInitialize.into()), by_operation);
    }
}
