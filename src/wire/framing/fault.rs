//! The faults that the framing layer knows: why a session was not accepted.
//!
//! Leaves out faults that a vendor defines. Follows [MC-NMF] 2.2.5.

use std::fmt;

/// A fault of the table in 2.2.5. Nobody has to send one, and a vendor may define others in a namespace of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultUri {
    /// The endpoint is there, but the message could not be dispatched to it.
    ConnectionDispatchFailed,
    /// The endpoint does not take the encoding.
    ContentTypeInvalid,
    /// The name of the encoding is longer than is taken.
    ContentTypeTooLong,
    /// The endpoint may not be accessed.
    EndpointAccessDenied,
    /// No endpoint is there.
    EndpointNotFound,
    /// The endpoint pauses.
    EndpointPaused,
    /// The endpoint is there, but not available.
    EndpointUnavailable,
    /// The records do not follow the grammar of 3.1.1.2.
    InvalidRecordSequence,
    /// The message is longer than is taken.
    MaxMessageSizeExceededFault,
    /// The endpoint has no resources for the connection.
    ServerTooBusy,
    /// What holds the endpoint cannot be activated.
    ServiceActivationFailed,
    /// The mode is not supported.
    UnsupportedMode,
    /// The version is not supported.
    UnsupportedVersion,
    /// The upgrade is not supported.
    UpgradeInvalid,
    /// The Via is longer than is taken.
    ViaTooLong,
}

impl FaultUri {
    /// What the URIs of the table begin with; no other fault may.
    pub const NAMESPACE: &str = "http://schemas.microsoft.com/ws/2006/05/framing/faults/";

    /// The faults, in the order of the table.
    pub const ALL: [Self; 15] = [
        Self::ConnectionDispatchFailed,
        Self::ContentTypeInvalid,
        Self::ContentTypeTooLong,
        Self::EndpointAccessDenied,
        Self::EndpointNotFound,
        Self::EndpointPaused,
        Self::EndpointUnavailable,
        Self::InvalidRecordSequence,
        Self::MaxMessageSizeExceededFault,
        Self::ServerTooBusy,
        Self::ServiceActivationFailed,
        Self::UnsupportedMode,
        Self::UnsupportedVersion,
        Self::UpgradeInvalid,
        Self::ViaTooLong,
    ];

    /// The fault of a URI, to the letter.
    pub fn from_uri(uri: &str) -> Option<Self> {
        let name = uri.strip_prefix(Self::NAMESPACE)?;
        Self::ALL.into_iter().find(|fault| fault.name() == name)
    }

    /// The name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::ConnectionDispatchFailed => "ConnectionDispatchFailed",
            Self::ContentTypeInvalid => "ContentTypeInvalid",
            Self::ContentTypeTooLong => "ContentTypeTooLong",
            Self::EndpointAccessDenied => "EndpointAccessDenied",
            Self::EndpointNotFound => "EndpointNotFound",
            Self::EndpointPaused => "EndpointPaused",
            Self::EndpointUnavailable => "EndpointUnavailable",
            Self::InvalidRecordSequence => "InvalidRecordSequence",
            Self::MaxMessageSizeExceededFault => "MaxMessageSizeExceededFault",
            Self::ServerTooBusy => "ServerTooBusy",
            Self::ServiceActivationFailed => "ServiceActivationFailed",
            Self::UnsupportedMode => "UnsupportedMode",
            Self::UnsupportedVersion => "UnsupportedVersion",
            Self::UpgradeInvalid => "UpgradeInvalid",
            Self::ViaTooLong => "ViaTooLong",
        }
    }

    /// The URI, as a Fault Record holds it.
    pub fn uri(self) -> String {
        [Self::NAMESPACE, self.name()].concat()
    }

    /// Whether it says that the endpoint cannot be served now, whatever was asked.
    pub fn is_of_the_moment(self) -> bool {
        matches!(
            self,
            Self::EndpointPaused | Self::EndpointUnavailable | Self::ServerTooBusy | Self::ServiceActivationFailed
        )
    }

    /// Whether a URI is in the namespace of the table without being in the table, which 2.2.5 forbids.
    pub fn is_stray(uri: &str) -> bool {
        uri.starts_with(Self::NAMESPACE) && Self::from_uri(uri).is_none()
    }
}

impl fmt::Display for FaultUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_found_by_its_uri() {
        for fault in FaultUri::ALL {
            assert_eq!(FaultUri::from_uri(&fault.uri()), Some(fault));
            assert!(!FaultUri::is_stray(&fault.uri()));
        }
        // The example of 2.2.5.
        let uri = "http://schemas.microsoft.com/ws/2006/05/framing/faults/UnsupportedMode";
        assert_eq!(FaultUri::UnsupportedMode.uri(), uri);
    }

    #[test]
    fn a_stray_fault_takes_the_namespace_of_the_table() {
        for (uri, stray) in [
            ("http://schemas.microsoft.com/ws/2006/05/framing/faults/Unheard", true),
            ("http://schemas.microsoft.com/ws/2006/05/framing/faults/unsupportedmode", true),
            ("urn:contoso:faults/UnsupportedMode", false),
        ] {
            assert_eq!(FaultUri::from_uri(uri), None, "{uri}");
            assert_eq!(FaultUri::is_stray(uri), stray, "{uri}");
        }
    }
}
