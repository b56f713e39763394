//! What a mechanism does for a stream: tokens until it is through, then the protection of what is sent.
//!
//! Leaves out who implements it. Follows [MS-NNS] 3.1.4.1, which names GSS_Init_sec_context, GSS_Wrap and GSS_Unwrap of
//! RFC 2743.

use super::Refusal;

/// The client's side of a security context.
pub(in crate::transport) trait Mechanism: Send + std::fmt::Debug {
    /// Takes a token of the other side, none at first, and gives the next of this side. It may ask a KDC, and wait for it:
    /// never call it where others wait.
    ///
    /// # Errors
    /// The context cannot be had.
    fn step(&mut self, token: &[u8]) -> Result<Step, Refusal>;

    /// Signs and seals what is sent next.
    ///
    /// # Errors
    /// The mechanism cannot, which is a fault of ours.
    fn wrap(&mut self, plain: &[u8]) -> Result<Vec<u8>, Refusal>;

    /// Opens what came next.
    ///
    /// # Errors
    /// It was not sealed by the other side, or not as the next.
    fn unwrap(&mut self, sealed: &[u8]) -> Result<Vec<u8>, Refusal>;

    /// Learns that the other side refused the handshake.
    fn refused(&mut self, _refusal: &Refusal) {}
}

/// What a step gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::transport) struct Step {
    /// A token for the other side, which may be empty.
    pub(in crate::transport) token: Vec<u8>,
    /// Whether the mechanism is through.
    pub(in crate::transport) complete: bool,
}
