//! The only code that touches sockets and clocks; it emits observations.
//!
//! Leaves out judgement and everything above bytes.

mod binding;
mod connection;
pub mod http;
mod http_session;
mod negotiate;
pub mod net_tcp;
mod session;
mod stream;
mod tls;
pub mod url;

pub use binding::{Exchanged, Transport};
pub use http::{HttpOptions, HttpTransport};
pub use http_session::{CallbackAddress, HttpSessions};
pub use negotiate::{Identity, OtherKind, Secret, Security, SecurityMode, TicketCache};
pub use net_tcp::{MessageEncoding, NetTcpOptions, NetTcpTransport};
pub use session::Session;
pub use tls::BadCertificates;
pub use url::{InvalidUrl, Scheme, TargetUrl};

#[cfg(test)]
mod tests;
