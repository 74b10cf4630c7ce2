//! Ways to the server: proxies, certificates, addresses.

use std::path::Path;

use gqlwire::{ClientBuilder, HttpVersion};

use crate::args::NetworkArgs;
use crate::document::read_file;
use crate::failure::Failure;
use crate::report;

/// Tells the builder of a client what the options say.
pub(crate) fn apply(args: &NetworkArgs, mut builder: ClientBuilder) -> Result<ClientBuilder, Failure> {
    if let Some(url) = &args.proxy {
        builder = builder.proxy(url);
    }
    if args.no_proxy {
        builder = builder.no_proxy();
    }
    if let Some(path) = &args.cacert {
        builder = builder.add_root_certificate(pem(path, "--cacert")?);
    }
    if let Some(path) = &args.cert {
        let certificate = pem(path, "--cert")?;
        builder = match &args.key {
            Some(key) => builder.client_certificate(certificate, pem(key, "--key")?),
            None => builder.client_certificate(&certificate, &certificate),
        };
    }
    if args.insecure {
        report::warning(
            "--insecure: any certificate is accepted, and anyone on the way can read and change everything",
        );
        builder = builder.danger_accept_invalid_certificates();
    }
    for pinned in &args.resolve {
        builder = builder.resolve(&pinned.host, pinned.address);
    }
    #[cfg(unix)]
    if let Some(path) = &args.unix_socket {
        builder = builder.unix_socket(path);
    }
    if args.http1_1 {
        builder = builder.http_version(HttpVersion::Http1);
    }
    if args.http2_prior_knowledge {
        builder = builder.http_version(HttpVersion::Http2PriorKnowledge);
    }
    if args.compressed {
        builder = builder.compression();
    }
    Ok(builder)
}

fn pem(path: &Path, option: &str) -> Result<String, Failure> {
    read_file(path).map_err(|failure| Failure {
        message: format!("{option}: {}", failure.message),
        ..failure
    })
}
