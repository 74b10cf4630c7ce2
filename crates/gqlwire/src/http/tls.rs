use std::sync::OnceLock;

use crate::Error;

/// One TLS configuration for every client of the process: reading the system's roots takes milliseconds.
///
/// Built at the first `https` URL, never before. The provider is passed explicitly: a library must not install a
/// default one for the whole process.
pub(crate) fn config() -> Result<rustls::ClientConfig, Error> {
    static CONFIG: OnceLock<Result<rustls::ClientConfig, Error>> = OnceLock::new();
    CONFIG.get_or_init(build).clone()
}

/// For clients that speak plain HTTP: reqwest wants a configuration, and one without roots costs nothing.
pub(crate) fn without_roots() -> Result<rustls::ClientConfig, Error> {
    Ok(builder()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth())
}

fn build() -> Result<rustls::ClientConfig, Error> {
    use rustls_platform_verifier::BuilderVerifierExt;

    let config = builder()?
        .with_platform_verifier()
        .map_err(|error| Error::config("the system's TLS root certificates cannot be used").with_source(error))?;
    Ok(config.with_no_client_auth())
}

fn builder() -> Result<rustls::ConfigBuilder<rustls::ClientConfig, rustls::WantsVerifier>, Error> {
    #[cfg(feature = "rustls")]
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(all(feature = "ring", not(feature = "rustls")))]
    let provider = rustls::crypto::ring::default_provider();
    #[cfg(not(any(feature = "rustls", feature = "ring")))]
    return Err(Error::config(
        "no TLS provider is compiled in: enable the feature `rustls` or `ring`",
    ));

    #[cfg(any(feature = "rustls", feature = "ring"))]
    rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::config("TLS cannot be configured").with_source(error))
}
