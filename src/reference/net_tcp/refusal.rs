//! How a session that cannot go on is refused: with a Fault Record or without, and what becomes of the connection.
//!
//! Leaves out when. Follows [MC-NMF] 3.1.4, in which every Fault Record is a may and closing is the must, 2.2.5, and product
//! notes 8 to 23 on what Windows sends.

use crate::{
    reference::{Behaviour, Variant},
    wire::{DecodeError, DecodeErrorKind, framing::FaultUri},
};

/// The fault of bytes that are no record, where the table has one that fits.
pub(super) fn of_bytes(error: &DecodeError) -> Option<FaultUri> {
    let too_long = matches!(error.kind, DecodeErrorKind::Limit { .. });
    let is_size = matches!(error.kind, DecodeErrorKind::Limit { got, .. } if u32::try_from(got).is_ok());
    match error.item {
        "ModeRecord.Mode" => Some(FaultUri::UnsupportedMode),
        "KnownEncodingRecord.Encoding" | "ExtensibleEncodingRecord.Type" => Some(FaultUri::ContentTypeInvalid),
        "ViaRecord.ViaLength" if too_long => Some(FaultUri::ViaTooLong),
        "ViaRecord.Via" => Some(FaultUri::EndpointNotFound),
        "ExtensibleEncodingRecord.EncodingLength" if too_long => Some(FaultUri::ContentTypeTooLong),
        "UpgradeRequestRecord.UpgradeProtocolLength" if !too_long => None,
        "UpgradeRequestRecord.UpgradeProtocolLength" | "UpgradeRequestRecord.UpgradeProtocol" => {
            Some(FaultUri::UpgradeInvalid)
        }
        // Note 21: a size of more than 32 bits is not worth a fault.
        "SizedEnvelopeRecord.Size" | "UnsizedEnvelopeRecord.Size" if is_size => {
            Some(FaultUri::MaxMessageSizeExceededFault)
        }
        "RecordType" => Some(FaultUri::InvalidRecordSequence),
        // A size of zero, or one that never ends: the table has nothing to say.
        _ => None,
    }
}

/// Whether a server that behaves so says a fault before it closes. `too_long`: the fault is for a name beyond its limit.
pub(super) fn is_said(fault: FaultUri, too_long: bool, behaviour: &Behaviour) -> bool {
    if behaviour.varies(Variant::SilentRefusals) {
        return false;
    }
    // Notes 12, 15, 18 and 23, and the list in note 7.
    let windows_says = !matches!(fault, FaultUri::InvalidRecordSequence) && !too_long;
    windows_says || !behaviour.varies(Variant::WindowsRefusals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::framing::{Deframer, Limits};

    #[test]
    fn bytes_are_refused_by_the_fault_that_fits() {
        for (bytes, fault) in [
            (&[0x0D][..], Some(FaultUri::InvalidRecordSequence)), // no record type
            (&[0x01, 0x05], Some(FaultUri::UnsupportedMode)),     // ModeRecord: no mode
            (&[0x03, 0x09], Some(FaultUri::ContentTypeInvalid)),  // KnownEncodingRecord: no encoding
            (&[0x02, 0x81, 0x10], Some(FaultUri::ViaTooLong)),    // ViaRecord: ViaLength 2049
            (&[0x02, 0x01, 0xFF], Some(FaultUri::EndpointNotFound)), // ViaRecord: no UTF-8
            (&[0x04, 0x81, 0x02], Some(FaultUri::ContentTypeTooLong)), // ExtensibleEncodingRecord: 257
            (&[0x09, 0x81, 0x02], Some(FaultUri::UpgradeInvalid)), // UpgradeRequestRecord: 257
            (&[0x06, 0x81, 0x80, 0x80, 0x20], Some(FaultUri::MaxMessageSizeExceededFault)), // 64 MiB and 1
            (&[0x02, 0x00], None),                                // ViaLength 0
            (&[0x06, 0x80, 0x80, 0x80, 0x80, 0x80], None),        // a size of six octets
        ] {
            let mut deframer = Deframer::new(Limits::windows());
            deframer.push(bytes);
            assert_eq!(of_bytes(&deframer.next().unwrap_err()), fault, "{bytes:02X?}");
        }
    }

    #[test]
    fn who_says_what_is_a_matter_of_behaviour() {
        let said = |variant: Option<Variant>, fault, too_long| {
            is_said(fault, too_long, &variant.map_or_else(Behaviour::default, Behaviour::from))
        };
        for fault in FaultUri::ALL {
            assert!(said(None, fault, true));
            assert!(!said(Some(Variant::SilentRefusals), fault, false));
            let windows = said(Some(Variant::WindowsRefusals), fault, false);
            assert_eq!(windows, fault != FaultUri::InvalidRecordSequence);
            assert!(!said(Some(Variant::WindowsRefusals), fault, true));
        }
    }
}
