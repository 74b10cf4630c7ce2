//! TLS as every connection of a client has it, requests and websockets alike.

mod identity;
mod unverified;
pub(super) mod words;

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

pub(crate) use self::identity::read_identity;
use self::unverified::Unverified;
use crate::Error;

/// What a client was told of TLS, and the configuration that was built of it: once, for reading the system's roots takes
/// milliseconds, and so that a session that one connection has made is resumed by the next.
#[derive(Clone, Default)]
pub(crate) struct Tls {
    /// Certificates trusted besides the system's.
    roots: Vec<CertificateDer<'static>>,
    /// What this client shows to servers that ask who it is.
    identity: Option<Arc<CertifiedKey>>,
    accept_invalid: bool,
    built: Arc<OnceLock<Result<rustls::ClientConfig, Error>>>,
}

impl Tls {
    pub(crate) fn add_roots(&mut self, roots: Vec<CertificateDer<'static>>) {
        self.roots.extend(roots);
        self.built = Arc::default();
    }

    pub(crate) fn set_identity(&mut self, identity: CertifiedKey) {
        self.identity = Some(Arc::new(identity));
        self.built = Arc::default();
    }

    pub(crate) fn accept_invalid(&mut self) {
        self.accept_invalid = true;
        self.built = Arc::default();
    }

    /// Whether servers need prove nothing.
    pub(crate) fn accepts_invalid(&self) -> bool {
        self.accept_invalid
    }

    /// For URLs with TLS. A client that was told nothing special shares one configuration with all such of the process.
    ///
    /// Built at the first such URL, never before. The provider is passed explicitly: a library must not install a
    /// default one for the whole process.
    pub(crate) fn config(&self) -> Result<rustls::ClientConfig, Error> {
        static PLAIN: OnceLock<Result<rustls::ClientConfig, Error>> = OnceLock::new();
        let is_plain = self.roots.is_empty() && self.identity.is_none() && !self.accept_invalid;
        let cell = if is_plain { &PLAIN } else { &*self.built };
        cell.get_or_init(|| self.build()).clone()
    }

    fn build(&self) -> Result<rustls::ClientConfig, Error> {
        let provider = provider()?;
        let verifier: Arc<dyn rustls::client::danger::ServerCertVerifier> = if self.accept_invalid {
            Arc::new(Unverified::new(&provider))
        } else if self.roots.is_empty() {
            Arc::new(rustls_platform_verifier::Verifier::new(provider).map_err(unusable_roots)?)
        } else {
            let roots = self.roots.iter().cloned();
            let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(roots, Arc::clone(&provider));
            match verifier {
                Ok(verifier) => Arc::new(verifier),
                // In a minimal container the system has none, and these are what was wanted anyway.
                Err(_) => only(&self.roots, provider)?,
            }
        };
        let config = builder()?.dangerous().with_custom_certificate_verifier(verifier);
        Ok(match &self.identity {
            None => config.with_no_client_auth(),
            Some(identity) => config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(identity)))),
        })
    }
}

/// Without the private key.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("roots", &self.roots.len())
            .field("identity", &self.identity.is_some())
            .field("accept_invalid", &self.accept_invalid)
            .finish_non_exhaustive()
    }
}

/// Reads certificates in PEM, or one in DER.
pub(crate) fn read_certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    const PEM: &[u8] = b"-----BEGIN";

    let roots = if bytes.windows(PEM.len()).any(|window| window == PEM) {
        CertificateDer::pem_slice_iter(bytes)
            .collect::<Result<_, _>>()
            .map_err(|error| Error::config(format!("a root certificate cannot be read: {error}")))?
    } else {
        vec![CertificateDer::from(bytes.to_vec())]
    };
    if roots.is_empty() {
        return Err(Error::config("there is no root certificate in what was given as such"));
    }
    for root in &roots {
        let usable = rustls::RootCertStore::empty().add(root.clone());
        usable.map_err(|error| Error::config(format!("a root certificate cannot be used: {error}")))?;
    }
    Ok(roots)
}

/// For clients that speak plain HTTP: reqwest wants a configuration, and one without roots costs nothing.
pub(crate) fn without_roots() -> Result<rustls::ClientConfig, Error> {
    Ok(builder()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth())
}

fn only(roots: &[CertificateDer<'static>], provider: Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, Error> {
    let mut store = rustls::RootCertStore::empty();
    for root in roots {
        store.add(root.clone()).map_err(unusable_roots)?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
        .build()
        .map_err(|error| Error::config(format!("the root certificates cannot be used: {error}")))
}

fn unusable_roots(error: rustls::Error) -> Error {
    Error::config("the system's TLS root certificates cannot be used").with_source(error)
}

fn builder() -> Result<rustls::ConfigBuilder<rustls::ClientConfig, rustls::WantsVerifier>, Error> {
    rustls::ClientConfig::builder_with_provider(provider()?)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::config("TLS cannot be configured").with_source(error))
}

fn provider() -> Result<Arc<CryptoProvider>, Error> {
    #[cfg(feature = "rustls")]
    return Ok(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(all(feature = "ring", not(feature = "rustls")))]
    return Ok(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(not(any(feature = "rustls", feature = "ring")))]
    Err(Error::config(
        "no TLS provider is compiled in: enable the feature `rustls` or `ring`",
    ))
}
