//! Ways to the server: proxies, certificates, addresses.

use std::path::Path;

use gqlwire::{ClientBuilder, HttpVersion};
use url::Url;

use crate::args::NetworkArgs;
use crate::document::read_file;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report;

/// Tells the builder of a client what the options say.
///
/// A given address counts for the port that it was given for, and the library's for all of a host.
pub(crate) fn apply(args: &NetworkArgs, urls: &[Url], mut builder: ClientBuilder) -> Result<ClientBuilder, Failure> {
    if let Some(url) = &args.proxy {
        builder = builder.proxy(url);
    }
    if args.no_proxy {
        builder = builder.no_proxy();
    }
    if let Some(path) = &args.cacert {
        let authorities = pem(path, "--cacert")?;
        if !authorities.contains("-----BEGIN CERTIFICATE") && !authorities.contains("-----BEGIN TRUSTED CERTIFICATE") {
            return Err(Failure::usage(format!(
                "--cacert: {} holds no certificate in PEM",
                path.display()
            )));
        }
        builder = builder.add_root_certificate(authorities);
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
        let ports = |url: &Url| {
            let is_same = url
                .host_str()
                .is_some_and(|host| host.eq_ignore_ascii_case(&pinned.host));
            url.port_or_known_default().filter(|_| is_same)
        };
        let mut ports = urls.iter().filter_map(ports).peekable();
        // A host that no URL names may be one that follows from them, or that of the proxy.
        if ports.peek().is_none() || ports.any(|port| port == pinned.address.port()) {
            builder = builder.resolve(&pinned.host, pinned.address);
        } else {
            let (host, port) = (&pinned.host, pinned.address.port());
            report::warning(format_args!(
                "--resolve {host}:{port} does not count: the URL has another port"
            ));
        }
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
        // What is not text is no operation here.
        exit: Exit::Usage,
        message: format!("{option}: {}", failure.message),
        ..failure
    })
}
