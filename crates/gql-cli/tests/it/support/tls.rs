use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::handler;

/// A server behind TLS whose authority nobody knows. It answers with whether the client showed a certificate.
#[derive(Debug)]
pub(crate) struct Tls {
    address: SocketAddr,
    /// The authority's certificate, in PEM.
    pub(crate) authority: String,
    /// A certificate that the server accepts, and its key, in PEM.
    pub(crate) client: (String, String),
    _runtime: Runtime,
}

impl Tls {
    /// For the name `server.example`.
    pub(crate) fn start() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["server.example".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let client_key = KeyPair::generate().unwrap();
        let client = CertificateParams::new(["client.example".to_owned()]).unwrap();
        let client = client.signed_by(&client_key, &authority).unwrap();

        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let verifier = verifier.allow_unauthenticated().build().unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));

        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let is_known = stream.get_ref().1.peer_certificates().is_some();
                    let mut bytes = vec![0; 64 * 1024];
                    let _ = stream.read(&mut bytes).await;
                    let answer = handler::json("200 OK", &format!("{{\"data\":{{\"known\":{is_known}}}}}"));
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self {
            address,
            authority: authority.pem(),
            client: (client.pem(), client_key.serialize_pem()),
            _runtime: runtime,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://server.example:{}/graphql", self.address.port())
    }

    /// Where it really is, as `--resolve` has it.
    pub(crate) fn pinned(&self) -> String {
        format!("server.example:{}:127.0.0.1", self.address.port())
    }
}
