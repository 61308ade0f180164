//! The private root that signs the simulators' certificates.

use std::sync::Arc;

use anyhow::Context;
use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rcgen::{KeyUsagePurpose, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Names that the servers' certificate is valid for.
pub const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A private root with one server certificate for [`NAMES`], both made anew by every process.
#[derive(Clone)]
pub struct Authority {
    root_pem: String,
    tls: Arc<ServerConfig>,
}

impl Authority {
    /// Makes a root and a server certificate signed by it.
    pub fn new() -> anyhow::Result<Self> {
        let (root, issuer) = root().context("the private root could not be made")?;
        let tls = server_config(&issuer).context("the server certificate could not be made")?;
        Ok(Self { root_pem: root.pem(), tls: Arc::new(tls) })
    }

    /// Returns the root certificate in PEM, for a client's trust store.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// Returns the TLS settings of a server: protocol `h2` or `http/1.1`, TLS 1.2 or 1.3.
    pub(crate) fn tls(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.tls)
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Authority")
    }
}

fn root() -> anyhow::Result<(Certificate, Issuer<'static, KeyPair>)> {
    let mut params = valid_params(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params.distinguished_name.push(DnType::CommonName, "Wharf simulators");
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate, Issuer::new(params, key)))
}

fn server_config(issuer: &Issuer<'static, KeyPair>) -> anyhow::Result<ServerConfig> {
    let mut params = valid_params(NAMES.map(String::from).to_vec())?;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.distinguished_name.push(DnType::CommonName, "localhost");
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, issuer)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn valid_params(names: Vec<String>) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(names)?;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    Ok(params)
}
