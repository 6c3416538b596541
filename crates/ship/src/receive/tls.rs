//! How much of a server's certificate counts, by `sslmode`.
//!
//! | `sslmode` | the certificate |
//! |---|---|
//! | `prefer`, `require` | any; with a root certificate, as `verify-ca` |
//! | `verify-ca` | somebody whom we trust vouches for it |
//! | `verify-full` | and it is that of the host that was named |

use super::conninfo::{TlsMode, TlsSettings};
use super::fault::ReceiveFault;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::path::Path;
use std::sync::Arc;

/// What a connection is encrypted with.
pub(super) fn config(settings: &TlsSettings) -> Result<ClientConfig, ReceiveFault> {
    let failed = |error: Error| ReceiveFault::Certificate(error.to_string());
    let provider = Arc::new(ring::default_provider());
    let chain = settings.root.as_deref().map(|root| trusted(root, &provider)).transpose()?;
    if chain.is_none() && settings.mode >= TlsMode::VerifyCa {
        let why = "sslmode asks for a server that is trusted, and no root certificate is here: sslrootcert=FILE";
        return Err(ReceiveFault::Certificate(why.to_owned()));
    }
    let names_count = settings.mode == TlsMode::VerifyFull;
    let verifier = Arc::new(Verifier { chain, names_count, provider: Arc::clone(&provider) });
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(failed)?;
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    match &settings.own {
        None => Ok(builder.with_no_client_auth()),
        Some((cert, key)) => {
            let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, error))?;
            builder.with_client_auth_cert(certificates(cert)?, key).map_err(failed)
        }
    }
}

fn trusted(file: &Path, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, ReceiveFault> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|error| unusable(file, error))?;
    }
    let built = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    built.map_err(|error| unusable(file, error))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, ReceiveFault> {
    let all = CertificateDer::pem_file_iter(file).map_err(|error| unusable(file, error))?;
    all.collect::<Result<_, _>>().map_err(|error| unusable(file, error))
}

fn unusable(file: &Path, why: impl std::fmt::Display) -> ReceiveFault {
    ReceiveFault::Certificate(format!("{}: {why}", file.display()))
}

#[derive(Debug)]
struct Verifier {
    /// Those whom we trust; `None`: whoever it is.
    chain: Option<Arc<WebPkiServerVerifier>>,
    names_count: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.names_count => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
