//! Why a backend does not start.

use std::path::PathBuf;

/// Why a backend does not start. Each sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("the configuration is read from {0}, which {1}")]
    Unreadable(PathBuf, String),
    /// The file is not valid TOML, or not what is expected.
    #[error("{0}, line {1}: {2}")]
    Malformed(PathBuf, usize, String),
    /// A name of an earlier version.
    #[error("{0}: {1} is called {2} now: rename it")]
    Renamed(PathBuf, String, String),
    /// A secret in the file, which is copied and read by more people than the environment.
    #[error(
        "{0}: {1} is a secret, and secrets are not in this file: set {2} in the environment, remove it here, and replace it if others may have read it"
    )]
    SecretInFile(PathBuf, &'static str, &'static str),
    /// An entry of `trusted_proxies` that is no address or network, or is everybody.
    #[error(
        "trusted_proxies: {0:?} is not the address or the network of a proxy: write it like 127.0.0.1 or 10.0.0.0/8"
    )]
    TrustedProxy(String),
    /// The file of the certificate has none that can be used.
    #[error(
        "tls.cert names {0}, which has no certificate that can be used: write the certificate into it, then those that lead to a root, as PEM"
    )]
    Certificate(PathBuf),
    /// The file of the certificate's key has none that can be used.
    #[error(
        "tls.key names {0}, which has no private key that can be used: write it as PEM, without a password"
    )]
    CertificateKey(PathBuf),
    /// A key of another certificate.
    #[error(
        "tls.key names {1}, which is not the key of the first certificate in {0}: name the two files of one certificate"
    )]
    OtherCertificate(PathBuf, PathBuf),
    /// Settings and keys are missing, each with the line to add. What else is wrong follows.
    #[error("{}", .0.join("\n"))]
    Missing(Vec<String>),
    /// The file of keys can't be read.
    #[error("the keys are read from {0}, which {1}")]
    EnvFile(PathBuf, String),
    /// A line of the file of keys is not a variable, or a variable is there twice.
    #[error(
        "{0}, line {1}: this is not a variable with its value, or the variable is there twice: write each once, like KAUNTER_GATEWAY_KEY='...'"
    )]
    EnvLine(PathBuf, usize),
    /// A file with a key can't be read, or is empty.
    #[error("{0} names {1}, which {2}")]
    KeyFile(String, PathBuf, String),
    /// A variable that holds no text.
    #[error("{0} is not text in UTF-8: write the key as text")]
    NotText(String),
    /// What the table of checks refuses, each with what to do.
    #[error("{}", .0.join("\n"))]
    Refused(Vec<String>),
    /// The name of a server key is not a word, or there twice.
    #[error(
        "server_keys: {0:?} can't be the name of a key: use a word of its own of a to z, 0 to 9 and _, like web"
    )]
    KeyName(String),
    /// A server key that may do nothing.
    #[error("server_keys: {0} has no rights: give it mint, read or all")]
    KeyRights(String),
    /// Two people under one name.
    #[error("people: {0} is there twice: give each person a name of its own")]
    SamePerson(String),
    /// A name of a person or of a person's terminal that can't be printed.
    #[error(
        "people: {0:?} must be a name of 1 to 64 printable characters, without blanks around it"
    )]
    PersonName(String),
    /// A proxy that is not an http proxy.
    #[error(
        "gateway.proxy (or KAUNTER_GATEWAY_PROXY) is not the address of an http proxy: write it like http://proxy.example:3128"
    )]
    ProxyAddress,
    /// A proxy's password in the file.
    #[error(
        "gateway.proxy has a user name or a password, and the file has no secrets: set KAUNTER_GATEWAY_PROXY to the whole address, and remove gateway.proxy"
    )]
    ProxyPassword,
    /// A proxy in the file, and one in the environment.
    #[error("gateway.proxy and KAUNTER_GATEWAY_PROXY are both set: remove one of them")]
    TwoProxies,
    /// The file with the gateway's authority can't be read.
    #[error("gateway.ca_file names {0}, which {1}")]
    CaFile(PathBuf, String),
    /// The file with the gateway's authority has none.
    #[error(
        "gateway.ca_file names {0}, which has no certificate or a broken one: write the certificate of the authority into it, in PEM"
    )]
    NoCa(PathBuf),
}
