use std::sync::{Arc, OnceLock};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::Error;

/// One TLS configuration for every client of the process: reading the system's roots takes milliseconds.
///
/// Built at the first `https` URL, never before. The provider is passed explicitly: a library must not install a
/// default one for the whole process.
pub(crate) fn config() -> Result<rustls::ClientConfig, Error> {
    static CONFIG: OnceLock<Result<rustls::ClientConfig, Error>> = OnceLock::new();
    CONFIG.get_or_init(build).clone()
}

/// One that trusts these certificates besides the system's.
pub(crate) fn config_with(roots: &[CertificateDer<'static>]) -> Result<rustls::ClientConfig, Error> {
    let provider = provider()?;
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(roots.iter().cloned(), provider)
        .map_err(unusable_roots)?;
    let config = builder()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    Ok(config.with_no_client_auth())
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

fn build() -> Result<rustls::ClientConfig, Error> {
    use rustls_platform_verifier::BuilderVerifierExt;

    let config = builder()?.with_platform_verifier().map_err(unusable_roots)?;
    Ok(config.with_no_client_auth())
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
