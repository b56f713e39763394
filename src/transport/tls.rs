//! TLS of the HTTP binding: whom we trust, the handshake, and why it failed, in words.
//!
//! Leaves out client certificates, which the binding does not use. The cryptography is chosen here and never taken from
//! a default of the process.

use std::{
    io,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        CertificateError, ClientConfig, Error, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
        version::TLS12,
        version::TLS13,
    },
};

use super::{
    stream::{Recorder, Stream, Witness},
    url::{Authority, Host},
};
use crate::session::End;

/// Why the given certificates of an authority cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the file of the certificate authority cannot be used: {0}")]
pub struct BadCertificates(String);

/// Whom we trust, and how we speak TLS with them.
pub(super) struct Tls {
    given: Option<TlsConnector>,
    /// Read when the first `https` address is met: it takes milliseconds.
    system: OnceLock<Result<TlsConnector, String>>,
}

impl Tls {
    /// Trusts the given authorities and no other, or those of the system.
    ///
    /// # Errors
    /// `ca_pem` holds no certificate, or one that cannot be read.
    pub(super) fn new(ca_pem: Option<&[u8]>) -> Result<Self, BadCertificates> {
        let given = ca_pem.map(given_roots).transpose()?.map(|roots| connector(roots).map_err(BadCertificates));
        Ok(Self { given: given.transpose()?, system: OnceLock::new() })
    }

    fn connector(&self) -> Result<&TlsConnector, String> {
        match &self.given {
            Some(given) => Ok(given),
            None => self.system.get_or_init(|| connector(system_roots()?)).as_ref().map_err(Clone::clone),
        }
    }

    /// Makes a stream secure. `deadline` is `limit` after the connection was begun.
    ///
    /// # Errors
    /// [`End::SecurityRefused`], with what to check.
    pub(super) async fn secure(
        &self,
        stream: TcpStream,
        authority: &Authority,
        deadline: Instant,
        limit: Duration,
    ) -> Result<Stream, End> {
        let refused = |reason| End::SecurityRefused { reason };
        let name = match &authority.host {
            Host::Name(name) => ServerName::try_from(name.strip_suffix('.').unwrap_or(name).to_owned())
                .map_err(|_| refused(format!("no certificate can be for the name `{name}`")))?,
            Host::V4(address) => ServerName::from(std::net::IpAddr::from(*address)),
            Host::V6(address) => ServerName::from(std::net::IpAddr::from(*address)),
        };
        let connector = self.connector().map_err(refused)?;
        let witness = Witness::new();
        let handshake = connector.connect(name, Recorder::new(stream, witness.clone()));
        match timeout_at(deadline, handshake).await {
            Ok(Ok(stream)) => Ok(Stream::Secure(Box::new(stream))),
            Ok(Err(error)) => Err(refused(why_no_handshake(authority, &error, &witness))),
            Err(_) => Err(refused(format!(
                "{authority} accepted the connection but did not finish a TLS handshake within {limit:?}; check that \
                 the port speaks TLS"
            ))),
        }
    }
}

fn given_roots(pem: &[u8]) -> Result<RootCertStore, BadCertificates> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| BadCertificates(format!("it is not PEM: {error}")))?;
        roots.add(certificate).map_err(|error| BadCertificates(format!("a certificate in it: {error}")))?;
    }
    if roots.is_empty() {
        return Err(BadCertificates(
            "it holds no `BEGIN CERTIFICATE` section; write the certificate as PEM".to_owned(),
        ));
    }
    Ok(roots)
}

fn system_roots() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    // A store may hold an old certificate that nothing can read; the others still count.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err("this machine trusts no certificate authority; give one as `ca_file`".to_owned());
    }
    Ok(roots)
}

fn connector(roots: RootCertStore) -> Result<TlsConnector, String> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn why_no_handshake(authority: &Authority, error: &io::Error, witness: &Witness) -> String {
    if witness.seen().began.starts_with(b"HTTP/") {
        return format!("{authority} answered in plain HTTP, not TLS; use `http`");
    }
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(error) => why_not_secure(authority, error),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            format!("{authority} closed the connection during the TLS handshake; check that the port speaks TLS")
        }
        None => {
            format!("the connection to {authority} was lost during the TLS handshake; check that the port speaks TLS")
        }
    }
}

/// What TLS found wrong, in words.
pub(super) fn why_not_secure(authority: &Authority, error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => {
            let host = &authority.host;
            match error {
                CertificateError::UnknownIssuer => format!(
                    "the certificate of {authority} was issued by an authority that is not trusted here; give that \
                     authority's certificate as `ca_file`"
                ),
                CertificateError::NotValidForName => format!("the certificate of {authority} is not for `{host}`"),
                CertificateError::NotValidForNameContext { presented, .. } => format!(
                    "the certificate of {authority} is not for `{host}` but for {}; use that name in the address",
                    if presented.is_empty() { "no name at all".to_owned() } else { presented.join(", ") }
                ),
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    format!("the certificate of {authority} has expired; check it, and this machine's clock")
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    format!("the certificate of {authority} is not valid yet; check it, and this machine's clock")
                }
                other => format!("the certificate of {authority} was refused: {other}"),
            }
        }
        Error::AlertReceived(alert) => format!("{authority} refused the TLS session with the alert {alert:?}"),
        Error::InvalidMessage(_) => {
            format!("{authority} answered with something that is not TLS; check the port, or use `http`")
        }
        Error::PeerIncompatible(error) => {
            format!("{authority} and this client have no TLS version or cipher in common: {error:?}")
        }
        other => format!("TLS with {authority} failed: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_told() {
        for (pem, reason) in [
            (&b""[..], "no `BEGIN CERTIFICATE`"),
            (b"-----BEGIN CERTIFICATE-----\n", "not PEM"),
            (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "a certificate in it"),
        ] {
            let error = Tls::new(Some(pem)).err().unwrap().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
