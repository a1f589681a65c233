//! The backend's own TLS. A certificate that is renewed in its files is used without a restart.

use std::io;
use std::path::Path;
use std::sync::{Arc, RwLock};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys, ServerConfig};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use zeroize::Zeroizing;

use crate::config::{ConfigError, TlsConfig, mode, unreadable};
use crate::limits::{CERTIFICATE_PAUSE, HANDSHAKE_WAIT};

/// The only protocol that the backend speaks inside of TLS.
const HTTP: &[u8] = b"http/1.1";

/// Begins the TLS of connections.
pub(crate) struct Tls {
    files: TlsConfig,
    /// Of the files whose certificate is used.
    digest: [u8; 32],
    current: Arc<CurrentKey>,
    acceptor: TlsAcceptor,
}

impl Tls {
    /// Reads the certificate and its key.
    pub(crate) fn open(files: TlsConfig) -> Result<Self, ConfigError> {
        let pem = Pem::read(&files)?;
        let current = Arc::new(CurrentKey(RwLock::new(pem.certified_key(&files)?)));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has the ciphers of TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![HTTP.to_vec()];
        Ok(Self {
            files,
            digest: pem.digest(),
            current,
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }

    /// Begins TLS on a connection, within [`HANDSHAKE_WAIT`].
    pub(crate) async fn handshake<S>(&self, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let handshake = self.acceptor.accept(stream);
        let handshake = tokio::time::timeout(HANDSHAKE_WAIT, handshake);
        handshake
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Uses each certificate that is written into the files. Never ends. Open connections keep theirs. It looks, and
    /// waits for no signal: programs that renew certificates differ in what they send, and a mounted secret sends none.
    pub(crate) async fn follow(&self) {
        let mut seen = Some(self.digest);
        loop {
            tokio::time::sleep(CERTIFICATE_PAUSE).await;
            let files = self.files.clone();
            // A file can be on a slow disk of another machine.
            let read = tokio::task::spawn_blocking(move || Pem::read(&files));
            let Ok(found) = read.await else { continue };
            let digest = found.as_ref().ok().map(Pem::digest);
            if digest == seen {
                continue;
            }
            seen = digest;
            match found.and_then(|pem| pem.certified_key(&self.files)) {
                Ok(_) if mode(&self.files.key).is_some_and(|mode| mode & 0o022 != 0) => {
                    tracing::warn!(
                        "the certificate was not renewed, the one before is used: other users of this machine may write the file of tls.key: chmod 600 it"
                    );
                }
                Ok(key) => {
                    *self.current.0.write().expect("nobody panics with it") = key;
                    tracing::info!("the certificate of tls.cert was renewed");
                }
                // Maybe only one of the two files is written so far.
                Err(error) => {
                    tracing::warn!(
                        "the certificate was not renewed, the one before is used: {error}"
                    );
                }
            }
        }
    }
}

/// The certificate of new connections.
#[derive(Debug)]
struct CurrentKey(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for CurrentKey {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().expect("nobody panics with it")))
    }
}

/// The contents of both files.
struct Pem {
    cert: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl Pem {
    fn read(files: &TlsConfig) -> Result<Self, ConfigError> {
        let read = |name: &str, path: &Path| {
            let text = std::fs::read(path);
            text.map_err(|error| {
                ConfigError::KeyFile(name.to_owned(), path.to_owned(), unreadable(path, &error))
            })
        };
        Ok(Self {
            cert: read("tls.cert", &files.cert)?,
            key: Zeroizing::new(read("tls.key", &files.key)?),
        })
    }

    fn digest(&self) -> [u8; 32] {
        // Hashes of a fixed length, so that no byte of one file counts as one of the other.
        let parts = [Sha256::digest(&self.cert), Sha256::digest(&self.key)];
        Sha256::digest(parts.concat()).into()
    }

    /// Errors name the file, and never repeat what is in it.
    fn certified_key(&self, files: &TlsConfig) -> Result<Arc<CertifiedKey>, ConfigError> {
        let no_certificate = || ConfigError::Certificate(files.cert.clone());
        let no_key = || ConfigError::CertificateKey(files.key.clone());
        let chain = CertificateDer::pem_slice_iter(&self.cert);
        let chain: Vec<_> = chain
            .collect::<Result<_, _>>()
            .map_err(|_| no_certificate())?;
        if chain.is_empty() {
            return Err(no_certificate());
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| no_key())?;
        let key = rustls::crypto::ring::sign::any_supported_type(&key).map_err(|_| no_key())?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            Ok(()) => Ok(Arc::new(certified)),
            Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(
                ConfigError::OtherCertificate(files.cert.clone(), files.key.clone()),
            ),
            Err(_) => Err(no_certificate()),
        }
    }
}

/// Refuses files that are no certificate with its key.
pub(crate) fn check(files: &TlsConfig) -> Result<(), ConfigError> {
    Pem::read(files)?.certified_key(files).map(drop)
}
