//! The tasks of an IPAM server: their types and states.
//!
//! How a task runs is the server's affair. Follows [MS-IPAMM2] 2.2.5.54, 2.2.5.55 and 3.1.1.1.29.

use super::{namespace, schema::Enumeration};

/// The types of task, [MS-IPAMM2] 2.2.5.55. `None` means unspecified or invalid.
pub static IPAM_TASK_TYPE: Enumeration = Enumeration {
    name: "IpamTaskType",
    namespace: namespace::IPAM,
    section: "2.2.5.55",
    values: &[
        "None",
        "Discovery",
        "Utilization",
        "Audit",
        "Configuration",
        "ServerAvailability",
        "Monitoring",
        "Expiry",
        "DnsConfiguration",
    ],
};

/// The states of a task, [MS-IPAMM2] 2.2.5.54.
pub static IPAM_TASK_STATE: Enumeration = Enumeration {
    name: "IpamTaskState",
    namespace: namespace::IPAM,
    section: "2.2.5.54",
    values: &["None", "Disabled", "Queued", "Ready", "Running", "Unknown"],
};
