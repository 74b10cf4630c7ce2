use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::Error;

/// Reads a client certificate with its chain, and the private key that belongs to it, both in PEM; they may lie in one
/// text. Neither is repeated by any error.
pub(crate) fn read_identity(certificate: &[u8], key: &[u8]) -> Result<CertifiedKey, Error> {
    let chain = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Error::config(format!("the client certificate cannot be read as PEM: {error}")))?;
    if chain.is_empty() {
        return Err(Error::config(
            "there is no `BEGIN CERTIFICATE` in what was given as the client certificate: it has to be PEM",
        ));
    }
    let key = read_key(key)?;
    let provider = super::provider()?;
    let key = provider.key_provider.load_private_key(key).map_err(|_| {
        Error::config(
            "the private key of the client certificate is of no kind that TLS is spoken with here: RSA of 2048 bits or \
             more, ECDSA (P-256, P-384) and Ed25519 are",
        )
    })?;
    let identity = CertifiedKey::new(chain, key);
    match identity.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(identity),
        Err(rustls::Error::InconsistentKeys(_)) => Err(Error::config(
            "the private key does not belong to the client certificate: the certificate itself has to come first, those \
             of the authorities that signed it after it",
        )),
        Err(error) => Err(Error::config(format!("the client certificate cannot be used: {error}"))),
    }
}

fn read_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, Error> {
    // What `openssl` writes since 3.0, and what it wrote before.
    const ENCRYPTED: [&str; 2] = ["BEGIN ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED"];

    if ENCRYPTED.iter().any(|mark| contains(text, mark)) {
        return Err(Error::config(
            "the private key of the client certificate is encrypted, and no password can be given for it: decrypt it \
             first, with `openssl pkey -in key.pem -out plain.pem`",
        ));
    }
    PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
        pem::Error::NoItemsFound if contains(text, "BEGIN OPENSSH PRIVATE KEY") => Error::config(
            "the private key of the client certificate is one of OpenSSH's own kind: write it as PEM with \
             `ssh-keygen -p -m PKCS8 -f key`",
        ),
        pem::Error::NoItemsFound => Error::config(
            "there is no private key in what was given as the client certificate's: it has to be PEM (`BEGIN PRIVATE KEY`, \
             `BEGIN RSA PRIVATE KEY` or `BEGIN EC PRIVATE KEY`)",
        ),
        _ => Error::config("the private key of the client certificate cannot be read as PEM"),
    })
}

fn contains(text: &[u8], mark: &str) -> bool {
    text.windows(mark.len()).any(|window| window == mark.as_bytes())
}
