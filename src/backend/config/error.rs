//! Why a backend does not start.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a backend does not start. Each sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{0} can't be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// The file is not valid TOML, or not what is expected.
    #[error("{0}, line {1}: {2}")]
    Malformed(PathBuf, usize, String),
    /// A name of an earlier version.
    #[error("{0}: {1} is called {2} now: rename it")]
    Renamed(PathBuf, String, String),
    /// A database under the variable of an earlier version.
    #[error(
        "{0} is called KAUNTER_{0} now: rename it. It has the address of the shop's PostgreSQL; without it the backend would use another store, and could charge a paid sale again"
    )]
    OldDatabase(&'static str),
    /// Others on the network could read the traffic.
    #[error(
        "listen = \"{0}\" accepts other machines without TLS: set cert and key under [tls], listen on 127.0.0.1 behind a TLS proxy, or set behind_tls = true if a TLS proxy is in front already"
    )]
    Plain(SocketAddr),
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
    /// The backend's own address is not valid.
    #[error(
        "public_url is not an http(s) address: write the address that the tills open, like https://till.shop.example"
    )]
    PublicUrl,
    /// HSTS without https.
    #[error(
        "hsts = true makes browsers refuse this host without https for a year, so it needs a public_url that begins with https: set it, or remove hsts"
    )]
    Hsts,
    /// A host that no browser sends.
    #[error(
        "hosts: {0:?} is not a host as browsers send it: write it like till.shop.example, in lower case, without scheme and port"
    )]
    Host(String),
    /// Others on the network could read the operator's numbers.
    #[error(
        "operator.listen = \"{0}\" shows turnover and errors to other machines: listen on 127.0.0.1, or set operator.private_network = true if only the operator's machines reach it"
    )]
    Operator(SocketAddr),
    /// Variables of the environment are missing.
    #[error("these environment variables are missing: {}. Set each one, or set the same name with _FILE at its end to the path of a file with the value", .0.join(", "))]
    Missing(Vec<String>),
    /// A file with a key can't be read.
    #[error("{0} names {1}, which can't be read: {2}")]
    KeyFile(String, PathBuf, std::io::Error),
    /// A file that should hold a key is empty.
    #[error("{0} names {1}, which is empty: write the key into it")]
    EmptyKeyFile(String, PathBuf),
    /// Other users could change a file that holds a key.
    #[error("{0} names {1}, which other users of this machine may write: chmod 600 {1}")]
    OpenKeyFile(String, PathBuf),
    /// The sandbox's keys with a real gateway.
    #[error(
        "the gateway's keys are the sandbox's, and gateway.base_url is not on this machine: set the real keys"
    )]
    SandboxKeys,
    /// The sandbox's vocabulary with a real gateway.
    #[error(
        "gateway.profile = \"sandbox\" is only for a gateway on this machine, and gateway.base_url is not: use \"documented\", or set the gateway's known words under [gateway.words]"
    )]
    SandboxProfile,
    /// A cancel without its vocabulary.
    #[error(
        "gateway.can_cancel = true needs the gateway's words for a cancel: add gateway.words.cancel"
    )]
    CancelWords,
    /// A time scale with a real gateway.
    #[error("a time scale is only for tests with a gateway on this machine: remove it")]
    TimeScale,
    /// A key that can be guessed.
    #[error(
        "{0} can be guessed, because it has fewer than {1}: make one with `openssl rand -hex 32`"
    )]
    WeakKey(String, &'static str),
    /// One key for two purposes.
    #[error(
        "{0} and {1} are equal, so a server that has one has both: make each with `openssl rand -hex 32`"
    )]
    EqualKeys(String, String),
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
    /// A hash that `people add` did not make.
    #[error(
        "people: the hash of {0} is no Argon2id hash of at least 19 MiB and 2 passes: make it with `kaunter-backend people add`"
    )]
    PersonHash(String),
    /// A page where nobody can sign in.
    #[error(
        "terminal.token_url is missing: set the address of the shop's server, or let people sign in here with `kaunter-backend people add`"
    )]
    NoSignIn,
    /// The gateway's address is not valid.
    #[error(
        "gateway.base_url is not an http(s) address: write it like https://gateway.example/version1"
    )]
    Base,
    /// An address with a password in it.
    #[error(
        "{0} has a user name or a password, and addresses are logged: remove it, and set keys in the environment"
    )]
    Credentials(&'static str),
    /// An origin that no browser sends.
    #[error(
        "origins: {0} is not an origin: write it like https://till.shop.example, without a path"
    )]
    Origin(String),
    /// A gateway on another machine without https.
    #[error("gateway.base_url must start with https unless it is on this machine")]
    NotHttps,
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
    #[error("gateway.ca_file names {0}, which can't be read: {1}")]
    CaFile(PathBuf, std::io::Error),
    /// The file with the gateway's authority has none.
    #[error(
        "gateway.ca_file names {0}, which has no certificate or a broken one: write the certificate of the authority into it, in PEM"
    )]
    NoCa(PathBuf),
    /// Other users could change the gateway's authority.
    #[error(
        "gateway.ca_file names {0}, which other users of this machine may write: chmod 644 {0}"
    )]
    OpenCaFile(PathBuf),
    /// A shop without a name.
    #[error(
        "shop must be a name of 1 to 64 printable characters: use the name for which the shop's server mints tokens"
    )]
    Shop,
    /// Status checks without a pause.
    #[error(
        "policy.poll_ms = {0} is too short: set at least 2000. Less is only for tests with a time scale and a gateway on this machine"
    )]
    Poll(u64),
    /// An address of the cashier's page that a browser would run as a script, or can not call.
    #[error("terminal.{0} must be an http(s) address, or a path that begins with /")]
    PageAddress(&'static str),
    /// The root directory as the page's folder.
    #[error(
        "terminal.dir = \"/\" would serve every file of this machine: name the folder of the built page"
    )]
    PageDir,
    /// A wallet that pays no amount.
    #[error(
        "gateway.wallets.\"{0}\" pays no amount: set min_amount_minor to at most max_amount_minor, and that to more than 0"
    )]
    WalletAmounts(String),
    /// A window that is never open, or that is only half written.
    #[error(
        "{0} leaves no time for voids, or only one of its times is set: set closed_from and closed_until to two different times, and max_age_h to more than 0"
    )]
    VoidWindow(String),
    /// A database that is not PostgreSQL.
    #[error(
        "KAUNTER_DATABASE_URL is not the address of a PostgreSQL{0}: write one that begins with postgres://, or remove the variable to use the SQLite file of `database`"
    )]
    NotPostgres(&'static str),
}
