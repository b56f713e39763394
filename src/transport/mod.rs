//! The only code that touches sockets and clocks; it emits observations.
//!
//! Leaves out judgement and everything above bytes. Today it holds the client's side of the HTTP binding.

mod connection;
pub mod http;
mod stream;
mod tls;
pub mod url;

pub use http::{HttpOptions, HttpTransport};
pub use tls::BadCertificates;
pub use url::{InvalidUrl, Scheme, TargetUrl};

#[cfg(test)]
mod tests;
