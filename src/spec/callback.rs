//! The callbacks of sessions: what the server sends of its own accord, and what each holds.
//!
//! Leaves out when they come. Follows [MS-IPAMM2] 3.19.4.5 to 3.19.4.9, 3.21.4.2 to 3.21.4.6 and Appendices A and B.

use super::{
    PortType, namespace,
    progress::{self, BOOLEAN, DECIMAL, OVERALL_PROGRESS_STATUS, SUB_TASK_STATUS},
    schema::{Field, IPAM_EXCEPTION, IPAM_OBJECT, SimpleType, Type},
};

/// A message that the server sends within a session without being asked. It is one-way, and the namespace of its elements
/// is [`namespace::IPAM`].
#[derive(Debug, PartialEq, Eq)]
pub struct Callback {
    /// The port type of the session.
    pub port_type: PortType,
    /// The name, which is also the body element.
    pub name: &'static str,
    /// The section of [MS-IPAMM2] where it is an operation of the server's port type.
    pub section: &'static str,
    /// The section where it is an operation of the client's callback port type.
    pub client_section: &'static str,
    /// The two actions that it may have, by the two sections (ruling `callback-action`): Windows sends the first.
    pub actions: [&'static str; 2],
    /// The children of the body element, in order.
    pub parameters: &'static [Field],
}

impl Callback {
    /// Finds a callback by port type and name.
    pub fn named(port_type: PortType, name: &str) -> Option<&'static Self> {
        CALLBACKS.iter().find(|callback| callback.port_type == port_type && callback.name == name)
    }

    /// Finds the callback that has this action, in either of its forms.
    pub fn of_action(action: &str) -> Option<&'static Self> {
        CALLBACKS.iter().find(|callback| callback.actions.contains(&action))
    }

    /// Finds the callback that has this body element.
    pub fn of_element(namespace: &str, local: &str) -> Option<&'static Self> {
        CALLBACKS.iter().find(|callback| namespace == namespace::IPAM && callback.name == local)
    }
}

const INSTANCE: Field = Field::nillable("subTaskInstance", Type::Complex(&progress::SUB_TASK_INSTANCE));

/// The callbacks of the port types that cases can drive.
pub static CALLBACKS: &[Callback] = &[
    Callback {
        port_type: PortType::IIpamOperationWithProgress,
        name: "StartProgressCallback",
        section: "3.19.4.5",
        client_section: "3.21.4.6",
        actions: [
            "http://Microsoft.Windows.Ipam/IIpamOperationWithProgress/StartProgressCallback",
            "http://Microsoft.Windows.Ipam/IIpamOperationWithProgressCallback/StartProgressCallback",
        ],
        parameters: &[Field::optional("isNonDeterministic", BOOLEAN)],
    },
    Callback {
        port_type: PortType::IIpamOperationWithProgress,
        name: "SetCompletionPercentage",
        section: "3.19.4.6",
        client_section: "3.21.4.3",
        actions: [
            "http://Microsoft.Windows.Ipam/IIpamOperationWithProgress/SetCompletionPercentage",
            "http://Microsoft.Windows.Ipam/IIpamOperationWithProgressCallback/SetCompletionPercentage",
        ],
        parameters: &[Field::optional("completionPercentage", DECIMAL)],
    },
    Callback {
        port_type: PortType::IIpamOperationWithProgress,
        name: "SetSubTaskStatus",
        section: "3.19.4.7",
        client_section: "3.21.4.5",
        actions: [
            "http://Microsoft.Windows.Ipam/IIpamOperationWithProgress/SetSubTaskStatus",
            "http://Microsoft.Windows.Ipam/IIpamOperationWithProgressCallback/SetSubTaskStatus",
        ],
        parameters: &[
            INSTANCE,
            Field::optional("status", Type::Simple(SimpleType::Enumeration(&SUB_TASK_STATUS))),
            Field::optional("percentComplete", DECIMAL),
            Field::nillable("completionStatus", Type::Complex(&IPAM_EXCEPTION)),
        ],
    },
    Callback {
        port_type: PortType::IIpamOperationWithProgress,
        name: "SetOverallStatus",
        section: "3.19.4.8",
        client_section: "3.21.4.4",
        actions: [
            "http://Microsoft.Windows.Ipam/IIpamOperationWithProgress/SetOverallStatus",
            "http://Microsoft.Windows.Ipam/IIpamOperationWithProgressCallback/SetOverallStatus",
        ],
        parameters: &[
            Field::optional("overallStatus", Type::Simple(SimpleType::Enumeration(&OVERALL_PROGRESS_STATUS))),
            Field::nillable("completionStatus", Type::Complex(&IPAM_OBJECT)),
        ],
    },
    // 3.21.4.2.1.1 asks for the SubTaskInstance as the body's element; the schema wraps it, as it does every other (ruling
    // `add-sub-task-body`).
    Callback {
        port_type: PortType::IIpamOperationWithProgress,
        name: "AddSubTask",
        section: "3.19.4.9",
        client_section: "3.21.4.2",
        actions: [
            "http://Microsoft.Windows.Ipam/IIpamOperationWithProgress/AddSubTask",
            "http://Microsoft.Windows.Ipam/IIpamOperationWithProgressCallback/AddSubTask",
        ],
        parameters: &[INSTANCE],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Operation;

    #[test]
    fn actions_are_made_of_either_port_type_and_the_name() {
        for callback in CALLBACKS {
            let (port_type, name) = (callback.port_type.name(), callback.name);
            let expected = ["", "Callback"].map(|more| format!("{}/{port_type}{more}/{name}", namespace::IPAM));
            assert_eq!(callback.actions.map(str::to_owned), expected);
            for action in callback.actions {
                assert_eq!(Callback::of_action(action), Some(callback));
                // What the server sends and what it is asked are told apart by the action alone.
                assert_eq!(Operation::of_action(action), None);
            }
            assert_eq!(Callback::named(callback.port_type, name), Some(callback));
            assert_eq!(Callback::of_element(namespace::IPAM, name), Some(callback));
            assert!(callback.port_type.has_sessions());
        }
        assert_eq!(CALLBACKS.len(), 5);
        assert_eq!(Callback::of_action("AddSubTask"), None);
        assert_eq!(Callback::of_element("", "AddSubTask"), None);
    }
}
