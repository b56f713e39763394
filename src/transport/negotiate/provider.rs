//! The client's security context as `sspi` has it: SPNEGO over Kerberos or NTLM.
//!
//! Leaves out its gaps (`workarounds.rs`) and the KDC's socket (`kdc.rs`). Follows [MS-NNS] 3.1.4.1, [MS-SPNG], RFC 4178.

use sspi::{
    AuthIdentity, BufferType, ClientRequestFlags, CredentialUse, Credentials, CredentialsBuffers, DataRepresentation,
    EncryptionFlags, Error, KdcResolution, KerberosConfig, KeytabIdentity, Negotiate, NegotiateConfig, SecurityBuffer,
    SecurityBufferRef, SecurityStatus, Sspi as _, SspiImpl as _, Username, detect_kdc_url, negotiate::ProtocolConfig,
    network_client::NetworkClient, ntlm::NtlmConfig,
};

use super::{
    Identity, Refusal, Security, SecurityMode,
    as_exchange::TicketFirst,
    kdc::Kdc,
    mechanism::{Mechanism, Step},
    ticket_cache::{self, Credential},
    workarounds::{WrapTokens, lacks_sealing, said_by_kdc},
};
use crate::wire::nns::{ErrorCode, Remedy};

/// What NTLM calls the workstation: nobody's name goes onto the wire.
const WORKSTATION: &str = "IPAMSPEC";

/// A context of `sspi`.
pub(super) struct SspiClient {
    context: Negotiate,
    credentials: Option<CredentialsBuffers>,
    /// Whether sealing is asked for beside signing.
    seals: bool,
    spn: String,
    kdc: Box<dyn NetworkClient>,
    /// Whether a ticket of a cache logs on, and no password.
    by_ticket: bool,
    wrap_tokens: WrapTokens,
}

/// Nothing of a context is shown: keys are in it.
impl std::fmt::Debug for SspiClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SspiClient").finish_non_exhaustive()
    }
}

impl SspiClient {
    /// Makes a context that has not begun. A ticket cache is read now.
    ///
    /// # Errors
    /// The user's name is none, or the cache has no ticket that could be used.
    pub(super) fn new(security: &Security) -> Result<Self, Refusal> {
        let kdc = Kdc { limit: security.kdc_limit };
        match &security.identity {
            Identity::Password { username, password } => {
                let username = Username::parse(username).map_err(|_| Refusal::Ours {
                    reason: "`username` is no name of a user; write it as DOMAIN\\user or user@realm".to_owned(),
                })?;
                let identity = AuthIdentity { username, password: password.expose().to_owned().into() };
                Self::by_password(security, identity, kdc)
            }
            Identity::TicketCache(cache) => Self::by_ticket(security, ticket_cache::ticket_of(cache)?, kdc),
        }
    }

    fn by_password(security: &Security, identity: AuthIdentity, kdc: Kdc) -> Result<Self, Refusal> {
        let kerberos = |kdc: &str| KerberosConfig::new_with_kdc_url(kdc, WORKSTATION.to_owned());
        let (protocol, packages): (Box<dyn ProtocolConfig>, _) = match (security.mode, security.kdc.as_deref()) {
            (SecurityMode::Ntlm | SecurityMode::SignedNtlm, _) => {
                (Box::new(NtlmConfig::new(WORKSTATION.to_owned())), "ntlm")
            }
            (SecurityMode::Kerberos, kdc) => (Box::new(kerberos(kdc.unwrap_or_default())), "kerberos"),
            (SecurityMode::Negotiate, Some(kdc)) => (Box::new(kerberos(kdc)), "kerberos,ntlm"),
            // It looks for a KDC by itself, and takes Kerberos where it finds one.
            (SecurityMode::Negotiate, None) => (Box::new(NtlmConfig::new(WORKSTATION.to_owned())), "kerberos,ntlm"),
        };
        let credentials = Credentials::from(identity);
        Self::begin(security, protocol, packages, &credentials, Box::new(kdc))
    }

    /// A context of whoever got a ticket. Whatever the mode, Kerberos alone is offered: NTLM wants a password.
    ///
    /// # Errors
    /// No KDC of the ticket's realm is known, or its key is of another kind.
    pub(super) fn by_ticket(
        security: &Security,
        ticket: Credential,
        kdc: impl NetworkClient + 'static,
    ) -> Result<Self, Refusal> {
        let realm = String::from_utf8_lossy(&ticket.client.realm).into_owned();
        let mut protocol =
            KerberosConfig::new_with_kdc_url(security.kdc.as_deref().unwrap_or_default(), WORKSTATION.to_owned());
        if security.kdc.is_none() {
            // The realm is the ticket's, whatever krb5.conf makes of the user's name.
            let found = detect_kdc_url(&realm).ok_or_else(|| Refusal::Mechanism {
                code: ErrorCode::NO_AUTHENTICATING_AUTHORITY,
                reason: format!("nothing says where a KDC of the realm {realm} is"),
            })?;
            protocol.kdc_resolution = KdcResolution::KdcUrl(Some(found));
        }
        let unusable = |what: &str| Refusal::Ours { reason: format!("the ticket cannot be used: {what}") };
        let credentials = Credentials::from(KeytabIdentity {
            // Who it is stands in the ticket; this name goes nowhere.
            principal: Username::parse("ticket").map_err(|_| unusable("`sspi` takes no name"))?,
            key: ticket.key.to_vec().into(),
            key_enctype: ticket.cipher().map_err(|_| unusable("the encryption type of its key"))?,
        });
        let kdc = Box::new(TicketFirst { ticket, kdc });
        Ok(Self { by_ticket: true, ..Self::begin(security, Box::new(protocol), "kerberos", &credentials, kdc)? })
    }

    fn begin(
        security: &Security,
        protocol: Box<dyn ProtocolConfig>,
        packages: &str,
        credentials: &Credentials,
        kdc: Box<dyn NetworkClient>,
    ) -> Result<Self, Refusal> {
        let config = NegotiateConfig::new(protocol, Some(packages.to_owned()), WORKSTATION.to_owned());
        let mut context = Negotiate::new_client(config).map_err(|error| refusal(&error))?;
        let acquired = context
            .acquire_credentials_handle()
            .with_credential_use(CredentialUse::Outbound)
            .with_auth_data(credentials)
            .execute(&mut context)
            .map_err(|error| refusal(&error))?;
        Ok(Self {
            context,
            credentials: acquired.credentials_handle,
            seals: security.mode != SecurityMode::SignedNtlm,
            spn: security.spn.clone(),
            kdc,
            by_ticket: false,
            wrap_tokens: WrapTokens::default(),
        })
    }
}

impl Mechanism for SspiClient {
    fn step(&mut self, token: &[u8]) -> Result<Step, Refusal> {
        if self.seals && lacks_sealing(token) {
            return Err(Refusal::Insufficient);
        }
        let mut input = [SecurityBuffer::new(token.to_vec(), BufferType::Token)];
        let mut output = vec![SecurityBuffer::new(Vec::new(), BufferType::Token)];
        let confidentiality =
            if self.seals { ClientRequestFlags::CONFIDENTIALITY } else { ClientRequestFlags::empty() };
        let mut builder = self
            .context
            .initialize_security_context()
            .with_credentials_handle(&mut self.credentials)
            .with_context_requirements(
                // 3.1.4.1: all of these, and delegation never.
                ClientRequestFlags::MUTUAL_AUTH
                    | ClientRequestFlags::REPLAY_DETECT
                    | ClientRequestFlags::SEQUENCE_DETECT
                    | confidentiality
                    | ClientRequestFlags::INTEGRITY,
            )
            .with_target_data_representation(DataRepresentation::Native)
            .with_target_name(&self.spn)
            // Kerberos wants a buffer also where there is no token yet.
            .with_input(&mut input)
            .with_output(&mut output);
        let stepped = self
            .context
            .initialize_security_context_impl(&mut builder)
            .and_then(|mut generator| generator.resolve_with_client(self.kdc.as_ref()));
        let told = if self.by_ticket { refusal_of_ticket } else { refusal };
        let status = stepped.map_err(|error| told(&error))?.status;
        let token = output.into_iter().next().map(|buffer| buffer.buffer).unwrap_or_default();
        match status {
            SecurityStatus::Ok => Ok(Step { token, complete: true }),
            SecurityStatus::ContinueNeeded => Ok(Step { token, complete: false }),
            other => Err(Refusal::Mechanism {
                code: ErrorCode::INVALID_TOKEN,
                reason: format!("the mechanism stopped with {other:?}"),
            }),
        }
    }

    fn wrap(&mut self, plain: &[u8]) -> Result<Vec<u8>, Refusal> {
        let ours = |error: &Error| Refusal::Ours { reason: format!("a message cannot be sealed: {}", words(error)) };
        let trailer = self.context.query_context_sizes().map_err(|error| ours(&error))?.security_trailer;
        let mut token = vec![0; usize::try_from(trailer).unwrap_or_default()];
        let mut data = plain.to_vec();
        let mut buffers = [SecurityBufferRef::token_buf(&mut token), SecurityBufferRef::data_buf(&mut data)];
        self.context.encrypt_message(EncryptionFlags::empty(), &mut buffers).map_err(|error| ours(&error))?;
        let [token, data] = &buffers;
        Ok([token.data(), data.data()].concat())
    }

    fn unwrap(&mut self, sealed: &[u8]) -> Result<Vec<u8>, Refusal> {
        let mut sealed = sealed.to_vec();
        self.wrap_tokens.prepare(&mut sealed)?;
        let mut buffers = [SecurityBufferRef::stream_buf(&mut sealed), SecurityBufferRef::data_buf(&mut [])];
        self.context.decrypt_message(&mut buffers).map_err(|error| Refusal::Altered { reason: words(&error) })?;
        let [_, plain] = &buffers;
        Ok(plain.data().to_vec())
    }
}

fn refusal(error: &Error) -> Refusal {
    let code = said_by_kdc(&error.description).unwrap_or(ErrorCode(error.error_type.into()));
    Refusal::Mechanism { code, reason: words(error) }
}

/// Where a ticket logs on, no password is to be checked, and no account is at stake.
fn refusal_of_ticket(error: &Error) -> Refusal {
    match refusal(error) {
        Refusal::Mechanism { code, reason } if matches!(code.remedy(), Remedy::Credentials | Remedy::Expired) => {
            let reason = format!("the ticket of the cache is not taken: {reason}; get another with `kinit`");
            Refusal::Ours { reason }
        }
        other => other,
    }
}

/// The first line of what `sspi` says, without the causes below it.
fn words(error: &Error) -> String {
    let code = said_by_kdc(&error.description).unwrap_or(ErrorCode(error.error_type.into()));
    let said = error.description.lines().next().unwrap_or_default();
    let said = said.split(". Additional error").next().unwrap_or(said);
    match code.name() {
        Some(name) => format!("{said} ({name})"),
        None => said.to_owned(),
    }
}
