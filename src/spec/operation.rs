//! The operations of the port types: sections, actions, elements, parameters, results, and what a request may do.
//!
//! Leaves out operations that no case drives yet. Follows [MS-IPAMM2] 3.3.4, 3.19.4 and Appendix A.

use super::{
    Effect, namespace, progress,
    schema::{self, Field, SimpleType},
};

/// A port type: a group of operations at one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PortType {
    /// The request and reply operations, [MS-IPAMM2] 3.3.
    IIpamServer,
    /// Long operations that report their progress, [MS-IPAMM2] 3.19: a duplex session, in which the server calls back.
    IIpamOperationWithProgress,
}

impl PortType {
    /// Every port type that cases can drive.
    pub const ALL: [Self; 2] = [Self::IIpamServer, Self::IIpamOperationWithProgress];

    /// The name, spelled as the specification spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::IIpamServer => "IIpamServer",
            Self::IIpamOperationWithProgress => "IIpamOperationWithProgress",
        }
    }

    /// Whether its operations belong to a duplex session with a state of its own, in which the server calls back. Where
    /// they do not, each request has one reply and stands alone.
    pub fn has_sessions(self) -> bool {
        match self {
            Self::IIpamServer => false,
            Self::IIpamOperationWithProgress => true,
        }
    }

    /// Finds a port type by its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|port_type| port_type.name() == name)
    }
}

/// The action of the message with which a client keeps an idle session alive, [MS-IPAMM2] 2.2.2.2: one-way, its body empty,
/// ignored by the server. It is no absolute URI.
pub const KEEPALIVE_ACTION: &str = "Microsoft.WindowsServerSolutions.Common.ProviderFramework.Keepalive";

/// An operation of a port type. The namespace of its elements is [`namespace::IPAM`].
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// The port type that it belongs to.
    pub port_type: PortType,
    /// The name, which is also the request's body element.
    pub name: &'static str,
    /// The section of [MS-IPAMM2].
    pub section: &'static str,
    /// The SOAP action of the request.
    pub action: &'static str,
    /// The SOAP action of the reply.
    pub response_action: &'static str,
    /// The body element of the reply.
    pub response_element: &'static str,
    /// The worst that a request could do.
    pub effect: Effect,
    /// The children of the request's body element, in order.
    pub parameters: &'static [Field],
    /// The child of the reply's body element, where there is one.
    pub result: Option<Field>,
}

impl Operation {
    /// Finds an operation by port type and name.
    pub fn named(port_type: PortType, name: &str) -> Option<&'static Self> {
        OPERATIONS.iter().find(|operation| operation.port_type == port_type && operation.name == name)
    }

    /// Finds the operation whose request has this action.
    pub fn of_action(action: &str) -> Option<&'static Self> {
        OPERATIONS.iter().find(|operation| operation.action == action)
    }

    /// Finds the operation whose request has this body element.
    pub fn of_element(namespace: &str, local: &str) -> Option<&'static Self> {
        OPERATIONS.iter().find(|operation| namespace == namespace::IPAM && operation.name == local)
    }
}

/// The operations that cases can drive.
pub static OPERATIONS: &[Operation] = &[
    Operation {
        port_type: PortType::IIpamServer,
        name: "StartTask",
        section: "3.3.4.139",
        action: "http://Microsoft.Windows.Ipam/IIpamServer/StartTask",
        response_action: "http://Microsoft.Windows.Ipam/IIpamServer/StartTaskResponse",
        response_element: "StartTaskResponse",
        effect: Effect::StartTask,
        parameters: &[schema::TASK_TYPE, schema::SERVER],
        result: None,
    },
    Operation {
        port_type: PortType::IIpamServer,
        name: "GetIpamTasksInfo",
        section: "3.3.4.80",
        action: "http://Microsoft.Windows.Ipam/IIpamServer/GetIpamTasksInfo",
        response_action: "http://Microsoft.Windows.Ipam/IIpamServer/GetIpamTasksInfoResponse",
        response_element: "GetIpamTasksInfoResponse",
        effect: Effect::Read,
        parameters: &[],
        result: Some(schema::complex_result("GetIpamTasksInfoResult", &schema::ARRAY_OF_TASK_INFO)),
    },
    Operation {
        port_type: PortType::IIpamServer,
        name: "IsTaskRunning",
        section: "3.3.4.118",
        action: "http://Microsoft.Windows.Ipam/IIpamServer/IsTaskRunning",
        response_action: "http://Microsoft.Windows.Ipam/IIpamServer/IsTaskRunningResponse",
        response_element: "IsTaskRunningResponse",
        effect: Effect::Read,
        parameters: &[schema::TASK_TYPE],
        result: Some(schema::result("IsTaskRunningResult", SimpleType::Boolean)),
    },
    Operation {
        port_type: PortType::IIpamServer,
        name: "TaskLastRunResult",
        section: "3.3.4.140",
        action: "http://Microsoft.Windows.Ipam/IIpamServer/TaskLastRunResult",
        response_action: "http://Microsoft.Windows.Ipam/IIpamServer/TaskLastRunResultResponse",
        response_element: "TaskLastRunResultResponse",
        effect: Effect::Read,
        parameters: &[schema::TASK_TYPE],
        result: Some(schema::result("TaskLastRunResultResult", SimpleType::Int)),
    },
    Operation {
        port_type: PortType::IIpamServer,
        name: "TaskLastRuntime",
        section: "3.3.4.141",
        action: "http://Microsoft.Windows.Ipam/IIpamServer/TaskLastRuntime",
        response_action: "http://Microsoft.Windows.Ipam/IIpamServer/TaskLastRuntimeResponse",
        response_element: "TaskLastRuntimeResponse",
        effect: Effect::Read,
        parameters: &[schema::TASK_TYPE],
        result: Some(schema::result("TaskLastRuntimeResult", SimpleType::DateTime)),
    },
    Operation {
        port_type: PortType::IIpamServer,
        name: "TaskNextRuntime",
        section: "3.3.4.142",
        action: "http://Microsoft.Windows.Ipam/IIpamServer/TaskNextRuntime",
        response_action: "http://Microsoft.Windows.Ipam/IIpamServer/TaskNextRuntimeResponse",
        response_element: "TaskNextRuntimeResponse",
        effect: Effect::Read,
        parameters: &[schema::TASK_TYPE],
        result: Some(schema::result("TaskNextRuntimeResult", SimpleType::DateTime)),
    },
    Operation {
        port_type: PortType::IIpamServer,
        name: "TaskRecurrenceDuration",
        section: "3.3.4.143",
        action: "http://Microsoft.Windows.Ipam/IIpamServer/TaskRecurrenceDuration",
        response_action: "http://Microsoft.Windows.Ipam/IIpamServer/TaskRecurrenceDurationResponse",
        response_element: "TaskRecurrenceDurationResponse",
        effect: Effect::Read,
        parameters: &[schema::TASK_TYPE],
        result: Some(schema::result("TaskRecurrenceDurationResult", SimpleType::SerDuration)),
    },
    Operation {
        port_type: PortType::IIpamServer,
        name: "IsIpamConfigured",
        section: "3.3.4.114",
        action: "http://Microsoft.Windows.Ipam/IIpamServer/IsIpamConfigured",
        response_action: "http://Microsoft.Windows.Ipam/IIpamServer/IsIpamConfiguredResponse",
        response_element: "IsIpamConfiguredResponse",
        effect: Effect::Read,
        parameters: &[],
        result: Some(schema::result("IsIpamConfiguredResult", SimpleType::Boolean)),
    },
    Operation {
        port_type: PortType::IIpamServer,
        name: "IsSchemaConversionRequired",
        section: "3.3.4.117",
        action: "http://Microsoft.Windows.Ipam/IIpamServer/IsSchemaConversionRequired",
        response_action: "http://Microsoft.Windows.Ipam/IIpamServer/IsSchemaConversionRequiredResponse",
        response_element: "IsSchemaConversionRequiredResponse",
        effect: Effect::Read,
        parameters: &[],
        result: Some(schema::result("IsSchemaConversionRequiredResult", SimpleType::Boolean)),
    },
    Operation {
        port_type: PortType::IIpamServer,
        name: "GetIpamVersion",
        section: "3.3.4.81",
        action: "http://Microsoft.Windows.Ipam/IIpamServer/GetIpamVersion",
        response_action: "http://Microsoft.Windows.Ipam/IIpamServer/GetIpamVersionResponse",
        response_element: "GetIpamVersionResponse",
        effect: Effect::Read,
        parameters: &[],
        result: Some(schema::complex_result("GetIpamVersionResult", &schema::VERSION)),
    },
    Operation {
        port_type: PortType::IIpamServer,
        name: "IsPurgeTaskRunning",
        section: "3.3.4.115",
        action: "http://Microsoft.Windows.Ipam/IIpamServer/IsPurgeTaskRunning",
        response_action: "http://Microsoft.Windows.Ipam/IIpamServer/IsPurgeTaskRunningResponse",
        response_element: "IsPurgeTaskRunningResponse",
        effect: Effect::Read,
        parameters: &[],
        result: Some(schema::result("IsPurgeTaskRunningResult", SimpleType::Boolean)),
    },
    Operation {
        port_type: PortType::IIpamServer,
        name: "IsSchemaConversionInProgress",
        section: "3.3.4.116",
        action: "http://Microsoft.Windows.Ipam/IIpamServer/IsSchemaConversionInProgress",
        response_action: "http://Microsoft.Windows.Ipam/IIpamServer/IsSchemaConversionInProgressResponse",
        response_element: "IsSchemaConversionInProgressResponse",
        effect: Effect::Read,
        parameters: &[],
        result: Some(schema::result("IsSchemaConversionInProgressResult", SimpleType::Boolean)),
    },
    Operation {
        port_type: PortType::IIpamServer,
        name: "IsUtilizationPurgeTaskRunning",
        section: "3.3.4.157",
        action: "http://Microsoft.Windows.Ipam/IIpamServer/IsUtilizationPurgeTaskRunning",
        response_action: "http://Microsoft.Windows.Ipam/IIpamServer/IsUtilizationPurgeTaskRunningResponse",
        response_element: "IsUtilizationPurgeTaskRunningResponse",
        effect: Effect::Read,
        parameters: &[],
        result: Some(schema::result("IsUtilizationPurgeTaskRunningResult", SimpleType::Boolean)),
    },
    // It says what is to be done and does nothing of it: a server that takes any of it has changed a session, and nothing
    // that outlives the session.
    Operation {
        port_type: PortType::IIpamOperationWithProgress,
        name: "InitializeOperationParameters",
        section: "3.19.4.3",
        action: "http://Microsoft.Windows.Ipam/IIpamOperationWithProgress/InitializeOperationParameters",
        response_action: "http://Microsoft.Windows.Ipam/IIpamOperationWithProgress/InitializeOperationParametersResponse",
        response_element: "InitializeOperationParametersResponse",
        effect: Effect::Read,
        parameters: &[progress::PARAMTERS],
        result: None,
    },
    // What it does was said before, and its own message does not tell what: the worst of all operations.
    Operation {
        port_type: PortType::IIpamOperationWithProgress,
        name: "StartOperationWithCallback",
        section: "3.19.4.4",
        action: "http://Microsoft.Windows.Ipam/IIpamOperationWithProgress/StartOperationWithCallback",
        response_action: "http://Microsoft.Windows.Ipam/IIpamOperationWithProgress/StartOperationWithCallbackResponse",
        response_element: "StartOperationWithCallbackResponse",
        effect: Effect::Write,
        parameters: &[],
        result: None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_made_of_the_port_type_and_the_name() {
        for operation in OPERATIONS {
            let expected = format!("{}/{}/{}", namespace::IPAM, operation.port_type.name(), operation.name);
            assert_eq!(operation.action, expected);
            assert_eq!(operation.response_action, format!("{expected}Response"));
            assert_eq!(operation.response_element, format!("{}Response", operation.name));
            assert_eq!(Operation::of_action(operation.action), Some(operation));
            assert_eq!(Operation::of_element(namespace::IPAM, operation.name), Some(operation));
        }
        assert_eq!(OPERATIONS.len(), 15);
    }

    #[test]
    fn port_types_are_found_by_their_names() {
        for port_type in PortType::ALL {
            assert_eq!(PortType::named(port_type.name()), Some(port_type));
            assert!(OPERATIONS.iter().any(|operation| operation.port_type == port_type));
        }
        assert_eq!(PortType::named("IIpamEnumerator"), None);
        // An action stays one of its own port type: no name is used twice.
        for operation in OPERATIONS {
            assert_eq!(Operation::named(operation.port_type, operation.name), Some(operation));
        }
    }
}
