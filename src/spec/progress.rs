//! Operations with progress: their ids, the type of parameters that each takes, and what callbacks tell of them.
//!
//! Leaves out how the session goes, and the fields of most types of parameters. Follows [MS-IPAMM2] 3.19.4.4.1 (the table
//! of operations), 2.2.4.286, 2.2.4.399, 2.2.5.63, 2.2.5.71, 2.2.5.101 and Appendix B.

use super::{
    namespace,
    schema::{ComplexType, Enumeration, Field, IPAM_EXCEPTION, IPAM_OBJECT, SimpleType, Type},
};

const STRING: Type = Type::Simple(SimpleType::String);
const INT: Type = Type::Simple(SimpleType::Int);
const LONG: Type = Type::Simple(SimpleType::Long);
pub(super) const BOOLEAN: Type = Type::Simple(SimpleType::Boolean);
pub(super) const DECIMAL: Type = Type::Simple(SimpleType::Decimal);

/// The states of a subtask, [MS-IPAMM2] 2.2.5.101.
pub static SUB_TASK_STATUS: Enumeration = Enumeration {
    name: "SubTaskStatus",
    namespace: namespace::IPAM,
    section: "2.2.5.101",
    values: &[
        "NotStarted",
        "InProgress",
        "CompletedWithError",
        "CompletedWithWarning",
        "CompletedWithSuccess",
        "NotApplicable",
        "NotRun",
    ],
};

/// The states of an operation as a whole, [MS-IPAMM2] 2.2.5.71. Only the last two end it (ruling
/// `overall-status-in-progress`).
pub static OVERALL_PROGRESS_STATUS: Enumeration = Enumeration {
    name: "OverallProgressStatus",
    namespace: namespace::IPAM1,
    section: "2.2.5.71",
    values: &["NotStarted", "InProgress", "CompletedWithSuccess", "CompletedWithFailure"],
};

/// A subtask of an operation, [MS-IPAMM2] 2.2.4.399. `SubTaskInstanceId` tells one from another, `SubTaskUniqueId` says
/// of what sort it is.
pub static SUB_TASK_INSTANCE: ComplexType = ComplexType {
    name: "SubTaskInstance",
    namespace: namespace::IPAM,
    section: "2.2.4.399",
    base: Some(&IPAM_OBJECT),
    fields: &[
        Field::nillable("FailedCompletionStatus", Type::Complex(&IPAM_EXCEPTION)),
        Field::optional("IsNonDeterministicProgress", BOOLEAN),
        Field::nillable("ProgressStatusDescriptions", STRING),
        Field::nillable("SubTaskInstanceDetails", Type::Complex(&IPAM_OBJECT)),
        Field::optional("SubTaskInstanceId", INT),
        Field::nillable("SubTaskName", STRING),
        Field::optional("SubTaskStatus", Type::Simple(SimpleType::Enumeration(&SUB_TASK_STATUS))),
        Field::optional("SubTaskUniqueId", INT),
    ],
};

/// What every operation's parameters derive from, [MS-IPAMM2] 2.2.4.286. The prose calls the element `AdminOperationId`;
/// on the wire it is `OperationId` (ruling `operation-id-name`).
pub static PARAMETERS: ComplexType = ComplexType {
    name: "IpamOperationWithProgressParameters",
    namespace: namespace::IPAM,
    section: "2.2.4.286",
    base: Some(&IPAM_OBJECT),
    fields: &[Field::optional("OperationId", Type::Simple(SimpleType::Enumeration(&IPAM_ADMIN_OPERATION_ID)))],
};

/// The one parameter of InitializeOperationParameters, spelled as it is on the wire (ruling `parameters-spelling`).
pub const PARAMTERS: Field = Field::nillable("paramters", Type::Complex(&PARAMETERS));

/// What objects that a server manages derive from; which of their properties are to be changed is told by name.
/// [MS-IPAMM2] 2.2.4.64.
pub static BASE_IPAM_OBJECT: ComplexType = ComplexType {
    name: "BaseIpamObject",
    namespace: namespace::IPAM,
    section: "2.2.4.64",
    base: Some(&IPAM_OBJECT),
    fields: &[
        Field::nillable("ModifiedProperties", Type::Complex(&ARRAY_OF_STRING)),
        Field::nillable("SetProperties", Type::Complex(&ARRAY_OF_STRING)),
    ],
};

/// A list of texts, of the serialiser's own namespace for arrays. [MS-IPAMM2] Appendix B.
pub static ARRAY_OF_STRING: ComplexType = ComplexType {
    name: "ArrayOfstring",
    namespace: namespace::ARRAYS,
    section: "7.1",
    base: None,
    fields: &[Field { repeats: true, ..Field::nillable("string", STRING) }],
};

/// A DHCP server, [MS-IPAMM2] 2.2.4.155: of its eighteen elements only the one that finds it. It is written as one of the
/// types that derive from it, DhcpServerV4 or DhcpServerV6.
pub static DHCP_SERVER: ComplexType = ComplexType {
    name: "DhcpServer",
    namespace: namespace::IPAM,
    section: "2.2.4.155",
    base: Some(&BASE_IPAM_OBJECT),
    fields: &[Field::optional("RecordId", LONG)],
};

/// The parameters of EditDhcpServer, [MS-IPAMM2] 2.2.4.447. A server whose `ModifiedProperties` are empty is left as it is
/// (3.19.4.4.1.1).
pub static UPDATE_DHCP_SERVER_PARAMETERS: ComplexType = ComplexType {
    name: "UpdateDhcpServerParameters",
    namespace: namespace::IPAM,
    section: "2.2.4.447",
    base: Some(&PARAMETERS),
    fields: &[Field::nillable("Server", Type::Complex(&DHCP_SERVER))],
};

/// A superscope, [MS-IPAMM2] 2.2.4.166: of its ten elements only those that say which it is.
pub static DHCP_SUPERSCOPE_V4: ComplexType = ComplexType {
    name: "DhcpSuperscopeV4",
    namespace: namespace::IPAM,
    section: "2.2.4.166",
    base: Some(&BASE_IPAM_OBJECT),
    fields: &[Field::nillable("Name", STRING), Field::optional("RecordId", LONG)],
};

/// A list of [`DHCP_SUPERSCOPE_V4`], [MS-IPAMM2] 2.2.4.32.
pub static ARRAY_OF_DHCP_SUPERSCOPE_V4: ComplexType = ComplexType {
    name: "ArrayOfDhcpSuperscopeV4",
    namespace: namespace::IPAM,
    section: "2.2.4.32",
    base: None,
    fields: &[Field { repeats: true, ..Field::nillable("DhcpSuperscopeV4", Type::Complex(&DHCP_SUPERSCOPE_V4)) }],
};

/// The parameters of DeleteSuperscopes, [MS-IPAMM2] 2.2.4.97.
pub static DELETE_SUPERSCOPES_PARAMETERS: ComplexType = ComplexType {
    name: "DeleteSuperscopesParameters",
    namespace: namespace::IPAM,
    section: "2.2.4.97",
    base: Some(&PARAMETERS),
    fields: &[Field::nillable("Superscopes", Type::Complex(&ARRAY_OF_DHCP_SUPERSCOPE_V4))],
};

/// An operation that a session with progress can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdminOperation {
    /// The id, one of [`IPAM_ADMIN_OPERATION_ID`].
    pub id: &'static str,
    /// The section of [MS-IPAMM2] with its steps.
    pub section: &'static str,
    /// The type that its parameters must be of, in the protocol's namespace.
    pub parameters: &'static str,
    /// What its parameters must hold: without it, it fails.
    pub needs: &'static [Need],
}

/// An element of the parameters of an operation that must not be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The name of the element, in the protocol's namespace.
    pub name: &'static str,
    /// Whether it is a list that must not be empty either.
    pub some: bool,
}

const fn one(name: &'static str) -> Need {
    Need { name, some: false }
}

const fn some(name: &'static str) -> Need {
    Need { name, some: true }
}

impl AdminOperation {
    /// Finds an operation by its id, to the letter.
    pub fn named(id: &str) -> Option<&'static Self> {
        ADMIN_OPERATIONS.iter().find(|operation| operation.id == id)
    }
}

const fn row(
    id: &'static str,
    section: &'static str,
    parameters: &'static str,
    needs: &'static [Need],
) -> AdminOperation {
    AdminOperation { id, section, parameters, needs }
}

/// The operations with progress, [MS-IPAMM2] 3.19.4.4.1, in the order of the enumeration. The table there spells one id
/// and one type with other capitals than Appendix B, which stands.
pub static ADMIN_OPERATIONS: &[AdminOperation] = &[
    row("EditDhcpServer", "3.19.4.4.1.1", "UpdateDhcpServerParameters", &[one("Server")]),
    row(
        "ApplyServerConfigurationTemplate",
        "3.19.4.4.1.2",
        "ApplyDhcpServerConfigurationParameters",
        &[some("ServerIds"), one("ServerTemplate")],
    ),
    row("CreateDhcpScope", "3.19.4.4.1.3", "CreateDhcpScopeParameters", &[one("Scope")]),
    row("EditDhcpScope", "3.19.4.4.1.4", "UpdateDhcpScopeParameters", &[one("Scope")]),
    row("DeleteDhcpScope", "3.19.4.4.1.5", "DeleteDhcpScopeParameters", &[]),
    row(
        "ApplyScopeConfigurationTemplate",
        "3.19.4.4.1.6",
        "ApplyDhcpScopeConfigurationparameters",
        &[some("ScopeId"), one("ScopeTemplate")],
    ),
    row("AddScopesToSuperscope", "3.19.4.4.1.7", "AddScopesToSuperscopeParameters", &[one("ScopeIds")]),
    row("RemoveScopesFromSuperscope", "3.19.4.4.1.8", "RemoveScopesFromSuperscopeParameters", &[one("ScopeIds")]),
    row("RenameSuperscope", "3.19.4.4.1.9", "RenameSuperscopeParameters", &[one("Superscope"), one("NewName")]),
    row("DeleteSuperscopes", "3.19.4.4.1.10", "DeleteSuperscopesParameters", &[one("Superscopes")]),
    row(
        "SetSuperscopeActivationStatus",
        "3.19.4.4.1.11",
        "SetSuperscopeActivationStatusParameters",
        &[one("Superscopes")],
    ),
    row(
        "CreateDhcpServerPolicy",
        "3.19.4.4.1.12",
        "CreateDhcpServerPolicyParameters",
        &[one("Policy"), some("ServerList")],
    ),
    row(
        "CreateDhcpScopePolicy",
        "3.19.4.4.1.13",
        "CreateDhcpScopePolicyParameters",
        &[one("Policy"), some("ScopeList")],
    ),
    row("UpdatePolicy", "3.19.4.4.1.14", "UpdatePolicyParameters", &[one("Policy")]),
    row("DeletePolicy", "3.19.4.4.1.15", "DeletePolicyParameters", &[some("Policies")]),
    row("UpdatePolicyProperty", "3.19.4.4.1.16", "UpdatePolicyPropertiesParameters", &[some("Policies")]),
    row("MovePolicyProcessingOrder", "3.19.4.4.1.17", "MovePolicyProcessingOrderParameters", &[one("Policy")]),
    row("CreateDhcpReservation", "3.19.4.4.1.18", "CreateDhcpReservationParameters", &[one("Reservation")]),
    row("DeleteDhcpReservation", "3.19.4.4.1.19", "DeleteDhcpReservationParameters", &[]),
    row(
        "DeleteDhcpReservationCollection",
        "3.19.4.4.1.20",
        "DeleteDhcpReservationCollectionParameters",
        &[some("ReservationRecordIds")],
    ),
    row("SetDhcpReservation", "3.19.4.4.1.21", "SetDhcpReservationParameters", &[one("Reservation")]),
    row(
        "SetDhcpReservationCollection",
        "3.19.4.4.1.22",
        "SetDhcpReservationCollectionParameters",
        &[some("ReservationRecordIds")],
    ),
    row(
        "CreateDhcpFailover",
        "3.19.4.4.1.23",
        "DhcpFailoverWithScopesParameters",
        &[one("Failover"), some("ScopeIds")],
    ),
    row("EditDhcpFailover", "3.19.4.4.1.24", "DhcpFailoverParameters", &[one("Failover")]),
    row(
        "AddDhcpFailoverScopes",
        "3.19.4.4.1.25",
        "DhcpFailoverWithScopesParameters",
        &[one("Failover"), some("ScopeIds")],
    ),
    row("RemoveDhcpFailoverScopes", "3.19.4.4.1.26", "DhcpFailoverRemoveScopesParameters", &[some("ScopeIds")]),
    row("DeleteDhcpFailover", "3.19.4.4.1.27", "DhcpFailoverDeleteParameters", &[one("Failover")]),
    row("ResetConfigSyncStatus", "3.19.4.4.1.28", "ResetConfigSyncStatusParameters", &[one("Scopes")]),
    row("ReplicateScope", "3.19.4.4.1.29", "ReplicateScopeParameters", &[some("Scopes")]),
    row("ReplicateRelation", "3.19.4.4.1.30", "ReplicateRelationParameters", &[one("FailoverRelation")]),
    row("ReplicateServer", "3.19.4.4.1.31", "ReplicateServerParameters", &[one("Server")]),
    row("CreateDhcpFilters", "3.19.4.4.1.32", "CreateDhcpFiltersParameters", &[some("DhcpServerIds"), some("Filters")]),
    row("UpdateDhcpFilter", "3.19.4.4.1.33", "UpdateDhcpFilterParameters", &[one("Filter")]),
    row("UpdateDhcpFilters", "3.19.4.4.1.34", "UpdateDhcpFiltersParameters", &[some("Filters")]),
    row("DeleteDhcpFilters", "3.19.4.4.1.35", "DeleteDhcpFiltersParameters", &[some("Filters")]),
    row("CreateIpamIPAddress", "3.19.4.4.1.36", "CreateIpamIPAddressParameters", &[one("Address")]),
    row("UpdateIpamIPAddress", "3.19.4.4.1.37", "UpdateIpamIPAddressParameters", &[one("Address"), one("OldAddress")]),
    row("CreateDnsResourceRecords", "3.19.4.4.1.38", "CreateDnsResourceRecordsParameters", &[some("ResourceRecords")]),
    row("DeleteDnsResourceRecords", "3.19.4.4.1.41", "DeleteDnsResourceRecordsParameters", &[one("ResourceRecords")]),
    row(
        "UpdateDnsResourceRecords",
        "3.19.4.4.1.40",
        "MultiUpdateDnsResourceRecordParameters",
        &[some("ResourceRecords")],
    ),
    row("UpdateDnsResourceRecord", "3.19.4.4.1.39", "UpdateDnsResourceRecordParameters", &[one("ResourceRecord")]),
    row("CreateDnsZone", "3.19.4.4.1.42", "CreateDnsZoneParameters", &[one("ServerZone")]),
    row("DeleteDnsZones", "3.19.4.4.1.44", "DeleteDnsZonesParameters", &[some("ServerZoneIds")]),
    row("UpdateDnsZones", "3.19.4.4.1.43", "UpdateDnsZonesParameters", &[some("ServerZonesTuple")]),
    row("DnsZonesTransfer", "3.19.4.4.1.45", "DnsZonesTransferParameters", &[some("ServerZoneIds")]),
    row("ReloadDnsZones", "3.19.4.4.1.46", "ReloadDnsZonesParameters", &[some("ServerZoneIds")]),
    row(
        "CreateDnsConditionalForwarders",
        "3.19.4.4.1.47",
        "DnsConditionalForwardersParameters",
        &[some("ConditionalForwarders")],
    ),
    row(
        "UpdateDnsConditionalForwarders",
        "3.19.4.4.1.48",
        "DnsConditionalForwardersParameters",
        &[some("ConditionalForwarders")],
    ),
    row(
        "DeleteDnsConditionalForwarders",
        "3.19.4.4.1.49",
        "DnsConditionalForwardersParameters",
        &[some("ConditionalForwarders")],
    ),
];

/// The ids of operations with progress, [MS-IPAMM2] 2.2.5.63. None of them means that there is none.
pub static IPAM_ADMIN_OPERATION_ID: Enumeration = Enumeration {
    name: "IpamAdminOperationId",
    namespace: namespace::IPAM1,
    section: "2.2.5.63",
    values: &[
        "EditDhcpServer",
        "ApplyServerConfigurationTemplate",
        "CreateDhcpScope",
        "EditDhcpScope",
        "DeleteDhcpScope",
        "ApplyScopeConfigurationTemplate",
        "AddScopesToSuperscope",
        "RemoveScopesFromSuperscope",
        "RenameSuperscope",
        "DeleteSuperscopes",
        "SetSuperscopeActivationStatus",
        "CreateDhcpServerPolicy",
        "CreateDhcpScopePolicy",
        "UpdatePolicy",
        "DeletePolicy",
        "UpdatePolicyProperty",
        "MovePolicyProcessingOrder",
        "CreateDhcpReservation",
        "DeleteDhcpReservation",
        "DeleteDhcpReservationCollection",
        "SetDhcpReservation",
        "SetDhcpReservationCollection",
        "CreateDhcpFailover",
        "EditDhcpFailover",
        "AddDhcpFailoverScopes",
        "RemoveDhcpFailoverScopes",
        "DeleteDhcpFailover",
        "ResetConfigSyncStatus",
        "ReplicateScope",
        "ReplicateRelation",
        "ReplicateServer",
        "CreateDhcpFilters",
        "UpdateDhcpFilter",
        "UpdateDhcpFilters",
        "DeleteDhcpFilters",
        "CreateIpamIPAddress",
        "UpdateIpamIPAddress",
        "CreateDnsResourceRecords",
        "DeleteDnsResourceRecords",
        "UpdateDnsResourceRecords",
        "UpdateDnsResourceRecord",
        "CreateDnsZone",
        "DeleteDnsZones",
        "UpdateDnsZones",
        "DnsZonesTransfer",
        "ReloadDnsZones",
        "CreateDnsConditionalForwarders",
        "UpdateDnsConditionalForwarders",
        "DeleteDnsConditionalForwarders",
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_has_its_row_and_every_row_its_id() {
        let ids: Vec<_> = ADMIN_OPERATIONS.iter().map(|operation| operation.id).collect();
        assert_eq!(ids, IPAM_ADMIN_OPERATION_ID.values);
        assert_eq!(ids.len(), 49);
        for operation in ADMIN_OPERATIONS {
            assert_eq!(AdminOperation::named(operation.id), Some(operation));
            assert!(operation.section.starts_with("3.19.4.4.1."), "{operation:?}");
        }
        assert_eq!(AdminOperation::named("editDhcpServer"), None);
    }

    #[test]
    fn parameters_that_are_described_are_those_that_their_operation_takes() {
        for (id, complex) in
            [("EditDhcpServer", &UPDATE_DHCP_SERVER_PARAMETERS), ("DeleteSuperscopes", &DELETE_SUPERSCOPES_PARAMETERS)]
        {
            assert_eq!(AdminOperation::named(id).unwrap().parameters, complex.name);
            assert_eq!(complex.base, Some(&PARAMETERS));
        }
    }
}
