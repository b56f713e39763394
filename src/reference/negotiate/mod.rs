//! The reference server's side of NegotiateStream: users, SPNEGO, NTLM, Kerberos, and the stream that they protect.
//!
//! Written from the documents and not from `sspi`, which our client uses: the two are tested against each other. Leaves out a
//! KDC: keys come from a keytab. Follows [MS-NNS] 3.2, [MS-SPNG], [MS-NLMP], RFC 4121.

mod der;
#[cfg_attr(not(feature = "security"), path = "kerberos_absent.rs")]
mod kerberos;
mod known;
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
pub use self::users::{BadKeytab, BadUsers, LabUser, Users};
pub(super) use self::users::{User, unforeseen};
