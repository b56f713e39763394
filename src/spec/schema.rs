//! The types of the protocol that cases and the reference server need, as data.
//!
//! Leaves out types that no supported operation uses. Follows [MS-IPAMM2] 2.2.4, 2.2.5 and Appendix B.

use super::{namespace, progress, task};

/// A simple type: text with a lexical rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SimpleType {
    /// `xsd:string`.
    String,
    /// `xsd:boolean`.
    Boolean,
    /// `xsd:short`.
    Short,
    /// `xsd:int`.
    Int,
    /// `xsd:long`.
    Long,
    /// `xsd:unsignedInt`.
    UnsignedInt,
    /// `xsd:integer`.
    Integer,
    /// `xsd:decimal`.
    Decimal,
    /// `xsd:double`.
    Double,
    /// `xsd:dateTime`.
    DateTime,
    /// `xsd:duration`.
    Duration,
    /// `ser:duration`: a duration of days and smaller units, within a signed 64-bit count of 100 ns.
    SerDuration,
    /// `ser:guid`.
    Guid,
    /// One of a list of values.
    Enumeration(&'static Enumeration),
}

/// An enumeration of strings.
#[derive(Debug, PartialEq, Eq)]
pub struct Enumeration {
    /// The name, spelled as the specification spells it.
    pub name: &'static str,
    /// The namespace of the type.
    pub namespace: &'static str,
    /// The section of [MS-IPAMM2] that lists the values.
    pub section: &'static str,
    /// The values, in the order of the document.
    pub values: &'static [&'static str],
}

impl Enumeration {
    /// Whether `text` is one of the values, to the letter.
    pub fn contains(&self, text: &str) -> bool {
        self.values.contains(&text)
    }
}

/// A complex type: a sequence of elements.
#[derive(Debug, PartialEq, Eq)]
pub struct ComplexType {
    /// The name, spelled as the specification spells it.
    pub name: &'static str,
    /// The namespace of the type and of its elements.
    pub namespace: &'static str,
    /// The section of [MS-IPAMM2].
    pub section: &'static str,
    /// The type that it extends, whose elements come first.
    pub base: Option<&'static ComplexType>,
    /// The elements, in order.
    pub fields: &'static [Field],
}

/// An element of a complex type, or a parameter or result of an operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// The local name.
    pub name: &'static str,
    /// The type of the content.
    pub kind: Type,
    /// Whether it must be there.
    pub required: bool,
    /// Whether any number of it may be there.
    pub repeats: bool,
    /// Whether `i:nil="true"` may stand in place of content.
    pub nillable: bool,
}

impl Field {
    pub(super) const fn optional(name: &'static str, kind: Type) -> Self {
        Self { name, kind, required: false, repeats: false, nillable: false }
    }

    pub(super) const fn nillable(name: &'static str, kind: Type) -> Self {
        Self { nillable: true, ..Self::optional(name, kind) }
    }

    pub(super) const fn required(name: &'static str, kind: Type) -> Self {
        Self { required: true, ..Self::optional(name, kind) }
    }
}

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Text.
    Simple(SimpleType),
    /// Elements.
    Complex(&'static ComplexType),
}

impl Type {
    /// Finds a type by the name that case files write, as in `xsd:boolean` or `ipam:TaskInfo`.
    pub fn named(name: &str) -> Option<Self> {
        let simple = match name {
            "xsd:string" => SimpleType::String,
            "xsd:boolean" => SimpleType::Boolean,
            "xsd:short" => SimpleType::Short,
            "xsd:int" => SimpleType::Int,
            "xsd:long" => SimpleType::Long,
            "xsd:unsignedInt" => SimpleType::UnsignedInt,
            "xsd:integer" => SimpleType::Integer,
            "xsd:decimal" => SimpleType::Decimal,
            "xsd:double" => SimpleType::Double,
            "xsd:dateTime" => SimpleType::DateTime,
            "xsd:duration" => SimpleType::Duration,
            "ser:duration" => SimpleType::SerDuration,
            "ser:guid" => SimpleType::Guid,
            "ipam:IpamTaskType" => SimpleType::Enumeration(&task::IPAM_TASK_TYPE),
            "ipam:IpamTaskState" => SimpleType::Enumeration(&task::IPAM_TASK_STATE),
            "ipam1:IpamExceptionId" => SimpleType::Enumeration(&super::IPAM_EXCEPTION_ID),
            "ipam:TaskInfo" => return Some(Self::Complex(&TASK_INFO)),
            "ipam:ArrayOfTaskInfo" => return Some(Self::Complex(&ARRAY_OF_TASK_INFO)),
            "sys:Version" => return Some(Self::Complex(&VERSION)),
            "ipam:IpamExceptionData" => return Some(Self::Complex(&IPAM_EXCEPTION_DATA)),
            "ipam1:IpamException" => return Some(Self::Complex(&IPAM_EXCEPTION)),
            "ipam:IpamObject" => return Some(Self::Complex(&IPAM_OBJECT)),
            "ipam:SubTaskStatus" => SimpleType::Enumeration(&progress::SUB_TASK_STATUS),
            "ipam1:OverallProgressStatus" => SimpleType::Enumeration(&progress::OVERALL_PROGRESS_STATUS),
            "ipam1:IpamAdminOperationId" => SimpleType::Enumeration(&progress::IPAM_ADMIN_OPERATION_ID),
            "ipam:SubTaskInstance" => return Some(Self::Complex(&progress::SUB_TASK_INSTANCE)),
            "ipam:IpamOperationWithProgressParameters" => return Some(Self::Complex(&progress::PARAMETERS)),
            _ => return None,
        };
        Some(Self::Simple(simple))
    }

    /// The names that [`Type::named`] knows.
    pub const NAMES: &'static [&'static str] = &[
        "xsd:string",
        "xsd:boolean",
        "xsd:short",
        "xsd:int",
        "xsd:long",
        "xsd:unsignedInt",
        "xsd:integer",
        "xsd:decimal",
        "xsd:double",
        "xsd:dateTime",
        "xsd:duration",
        "ser:duration",
        "ser:guid",
        "ipam:IpamTaskType",
        "ipam:IpamTaskState",
        "ipam1:IpamExceptionId",
        "ipam:TaskInfo",
        "ipam:ArrayOfTaskInfo",
        "sys:Version",
        "ipam:IpamExceptionData",
        "ipam1:IpamException",
        "ipam:IpamObject",
        "ipam:SubTaskStatus",
        "ipam1:OverallProgressStatus",
        "ipam1:IpamAdminOperationId",
        "ipam:SubTaskInstance",
        "ipam:IpamOperationWithProgressParameters",
    ];
}

const STRING: Type = Type::Simple(SimpleType::String);
const INT: Type = Type::Simple(SimpleType::Int);
const DATE_TIME: Type = Type::Simple(SimpleType::DateTime);

/// What the server tells of a task, [MS-IPAMM2] 2.2.4.442. `Status` stands in that section only, not in Appendix B:
/// either is right (ruling `section-2-against-appendix-b`).
pub static TASK_INFO: ComplexType = ComplexType {
    name: "TaskInfo",
    namespace: namespace::IPAM,
    section: "2.2.4.442",
    base: None,
    fields: &[
        Field::nillable("LastRunTime", DATE_TIME),
        Field::nillable("NextRunTime", DATE_TIME),
        Field::optional("State", Type::Simple(SimpleType::Enumeration(&task::IPAM_TASK_STATE))),
        Field::nillable("Status", STRING),
        Field::optional("TaskType", Type::Simple(SimpleType::Enumeration(&task::IPAM_TASK_TYPE))),
        Field::nillable("Triggers", STRING),
    ],
};

/// A list of [`TASK_INFO`], [MS-IPAMM2] 2.2.4.60.
pub static ARRAY_OF_TASK_INFO: ComplexType = ComplexType {
    name: "ArrayOfTaskInfo",
    namespace: namespace::IPAM,
    section: "2.2.4.60",
    base: None,
    fields: &[Field { repeats: true, ..Field::nillable("TaskInfo", Type::Complex(&TASK_INFO)) }],
};

/// A version of four numbers; each must be there, in this order. [MS-IPAMM2] 2.2.4.422.
pub static VERSION: ComplexType = ComplexType {
    name: "Version",
    namespace: namespace::SYSTEM,
    section: "2.2.4.422",
    base: None,
    fields: &[
        Field::required("_Build", INT),
        Field::required("_Major", INT),
        Field::required("_Minor", INT),
        Field::required("_Revision", INT),
    ],
};

/// What a fault says: the identifier and the message, [MS-IPAMM2] 2.2.4.252. Types that derive from it add elements.
pub static IPAM_EXCEPTION_DATA: ComplexType = ComplexType {
    name: "IpamExceptionData",
    namespace: namespace::IPAM,
    section: "2.2.4.252",
    base: Some(&IPAM_OBJECT),
    fields: &[
        Field::optional("ExceptionId", Type::Simple(SimpleType::Enumeration(&super::IPAM_EXCEPTION_ID))),
        Field::nillable("ExceptionMessage", STRING),
    ],
};

/// What an error is: what it holds is in no namespace, and is what a serialiser writes of any exception. [MS-IPAMM2]
/// 2.2.4.247; a fault's shape, 2.2.2.1, says more.
pub static IPAM_EXCEPTION: ComplexType =
    ComplexType { name: "IpamException", namespace: namespace::IPAM1, section: "2.2.4.247", base: None, fields: &[] };

/// What most types derive from: it has attributes only, `Id` and `Ref`. [MS-IPAMM2] 2.2.4.285.
pub static IPAM_OBJECT: ComplexType =
    ComplexType { name: "IpamObject", namespace: namespace::IPAM, section: "2.2.4.285", base: None, fields: &[] };

/// A `taskType` parameter.
pub(super) const TASK_TYPE: Field =
    Field::optional("taskType", Type::Simple(SimpleType::Enumeration(&task::IPAM_TASK_TYPE)));
/// The `server` parameter of StartTask.
pub(super) const SERVER: Field = Field::nillable("server", STRING);

/// The result element of an operation.
pub(super) const fn result(name: &'static str, simple: SimpleType) -> Field {
    Field::optional(name, Type::Simple(simple))
}

/// The result element of an operation whose type is complex: nillable, as Appendix B has it.
pub(super) const fn complex_result(name: &'static str, complex: &'static ComplexType) -> Field {
    Field::nillable(name, Type::Complex(complex))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_type_name_is_known() {
        for name in Type::NAMES {
            assert!(Type::named(name).is_some(), "{name}");
        }
        assert_eq!(Type::named("xsd:bool"), None);
    }

    #[test]
    fn enumerations_have_the_documents_counts() {
        assert_eq!(super::super::IPAM_EXCEPTION_ID.values.len(), 838);
        assert_eq!(task::IPAM_TASK_TYPE.values.len(), 9);
        assert_eq!(task::IPAM_TASK_STATE.values.len(), 6);
        assert!(!task::IPAM_TASK_TYPE.contains("discovery"));
    }
}
