//! Bytes to records and back: no sockets, no clock.
//!
//! Holds nothing yet: message framing and binary XML arrive with net.tcp. Follows [MC-NMF], [MC-NBFX], [MC-NBFS], [MC-NBFSE], [MS-NNS].
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]
