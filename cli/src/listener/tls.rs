//! The listener's certificate.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::failure::{Exit, Failure};
use crate::site::Installation;

/// Makes what takes TLS connections on.
pub(super) fn acceptor(installation: &Installation, files: &(PathBuf, PathBuf)) -> Result<TlsAcceptor, Failure> {
    let (certificate, key) = files;
    let wrong = |path: &PathBuf, error: &dyn std::fmt::Display, fix: &str| {
        let message = format!("`{}` cannot be used ({error}); {fix}", path.display());
        Failure::new(Exit::Installation, "tls-unusable", message).at(installation.shown())
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(installation.path(certificate))
        .and_then(Iterator::collect)
        .map_err(|error| wrong(certificate, &error, "name a PEM file with the certificate chain"))?;
    if chain.is_empty() {
        return Err(wrong(certificate, &"there is no certificate in it", "name a PEM file with the certificate chain"));
    }
    let secret = PrivateKeyDer::from_pem_file(installation.path(key))
        .map_err(|error| wrong(key, &error, "name a PEM file with the private key"))?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::internal(format!("TLS cannot be set up: {error}")))?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| wrong(certificate, &error, "name a certificate and the key that belongs to it"))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
