//! The client's security context as `sspi` has it: SPNEGO over Kerberos or NTLM.
//!
//! Leaves out its gaps (`workarounds.rs`) and the KDC's socket (`kdc.rs`). Follows [MS-NNS] 3.1.4.1, [MS-SPNG], RFC 4178.

use sspi::{
    AuthIdentity, BufferType, ClientRequestFlags, CredentialUse, Credentials, CredentialsBuffers, DataRepresentation,
    EncryptionFlags, Error, KerberosConfig, Negotiate, NegotiateConfig, SecurityBuffer, SecurityBufferRef,
    SecurityStatus, Sspi as _, SspiImpl as _, Username, negotiate::ProtocolConfig, ntlm::NtlmConfig,
};

use super::{
    Refusal, Security, SecurityMode,
    kdc::Kdc,
    mechanism::{Mechanism, Step},
    workarounds::{WrapTokens, lacks_sealing, said_by_kdc},
};
use crate::wire::nns::ErrorCode;

/// What NTLM calls the workstation: nobody's name goes onto the wire.
const WORKSTATION: &str = "IPAMSPEC";

/// A context of `sspi`.
pub(super) struct SspiClient {
    context: Negotiate,
    credentials: Option<CredentialsBuffers>,
    /// Whether sealing is asked for beside signing.
    seals: bool,
    spn: String,
    kdc: Kdc,
    wrap_tokens: WrapTokens,
}

/// Nothing of a context is shown: keys are in it.
impl std::fmt::Debug for SspiClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SspiClient").finish_non_exhaustive()
    }
}

impl SspiClient {
    /// Makes a context that has not begun.
    ///
    /// # Errors
    /// The user's name is none.
    pub(super) fn new(security: &Security) -> Result<Self, Refusal> {
        let username = Username::parse(&security.username).map_err(|_| Refusal::Ours {
            reason: "`username` is no name of a user; write it as DOMAIN\\user or user@realm".to_owned(),
        })?;
        let identity = AuthIdentity { username, password: security.password.expose().to_owned().into() };
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
        let config = NegotiateConfig::new(protocol, Some(packages.to_owned()), WORKSTATION.to_owned());
        let mut context = Negotiate::new_client(config).map_err(|error| refusal(&error))?;
        let data = Credentials::from(identity);
        let acquired = context
            .acquire_credentials_handle()
            .with_credential_use(CredentialUse::Outbound)
            .with_auth_data(&data)
            .execute(&mut context)
            .map_err(|error| refusal(&error))?;
        Ok(Self {
            context,
            credentials: acquired.credentials_handle,
            seals: security.mode != SecurityMode::SignedNtlm,
            spn: security.spn.clone(),
            kdc: Kdc { limit: security.kdc_limit },
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
            .and_then(|mut generator| generator.resolve_with_client(&self.kdc));
        let status = stepped.map_err(|error| refusal(&error))?.status;
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
