//! The reference server's side of NegotiateStream: users, SPNEGO, NTLM, and the stream that they protect.
//!
//! Written from the documents and not from `sspi`, which our client uses: the two are tested against each other. Leaves out
//! Kerberos, which is refused with the code for an unknown mechanism. Follows [MS-NNS] 3.2, [MS-SPNG], [MS-NLMP].

mod der;
mod message;
mod ntlm;
mod rc4;
mod seal;
mod spnego;
mod stream;
mod users;

#[cfg(test)]
mod tests;

pub(super) use self::stream::{Broken, ServerStream};
pub use self::users::{BadUsers, LabUser, Users};
pub(super) use self::users::{User, unforeseen};
