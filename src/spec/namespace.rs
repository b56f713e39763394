//! The XML namespaces of the protocol and the prefixes that case files may use for them.
//!
//! Prefixes are ours to choose and never matched on the wire. Follows [MS-IPAMM2] 2.2.1.

/// The protocol's own namespace: operations and most types.
pub const IPAM: &str = "http://Microsoft.Windows.Ipam";
/// The data contract namespace of the product: `IpamException` and some enumerations.
pub const IPAM1: &str = "http://schemas.datacontract.org/2004/07/Microsoft.Windows.Ipam";
/// SOAP 1.2 envelopes.
pub const SOAP12: &str = "http://www.w3.org/2003/05/soap-envelope";
/// SOAP 1.1 envelopes, recognised only to say that they are the wrong version.
pub const SOAP11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// WS-Addressing 1.0.
pub const ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";
/// XML Schema data types.
pub const XSD: &str = "http://www.w3.org/2001/XMLSchema";
/// XML Schema instance attributes: `type`, `nil`.
pub const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// Data contract serialisation: `Id`, `Ref`, `duration`, `guid`.
pub const SERIALIZATION: &str = "http://schemas.microsoft.com/2003/10/Serialization/";
/// Arrays of primitive types.
pub const ARRAYS: &str = "http://schemas.microsoft.com/2003/10/Serialization/Arrays";
/// `System` types: `Version`, `Exception`.
pub const SYSTEM: &str = "http://schemas.datacontract.org/2004/07/System";
/// The `xml` prefix.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace of namespace declarations.
pub const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
/// The anonymous reply address of WS-Addressing 1.0: the reply comes back on the same channel.
pub const ANONYMOUS: &str = "http://www.w3.org/2005/08/addressing/anonymous";

/// The prefixes known to paths and type names in case files, with their namespaces.
pub const PREFIXES: &[(&str, &str)] = &[
    ("ipam", IPAM),
    ("ipam1", IPAM1),
    ("s", SOAP12),
    ("a", ADDRESSING),
    ("xsd", XSD),
    ("i", XSI),
    ("ser", SERIALIZATION),
    ("z", SERIALIZATION),
    ("serarr", ARRAYS),
    ("sys", SYSTEM),
];

/// The namespace of a prefix that case files may use, where there is one.
pub fn of_prefix(prefix: &str) -> Option<&'static str> {
    PREFIXES.iter().find(|(known, _)| *known == prefix).map(|(_, namespace)| *namespace)
}
