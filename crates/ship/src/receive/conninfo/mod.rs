//! Where a server is, and as whom to speak to it: what libpq's tools take as a connection string, with the same
//! environment, service file and password file.
//!
//! What comes first counts: the string, the service that it names, the environment, the defaults.

mod files;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A server, or several that are tried in order.
#[derive(Clone)]
pub struct ConnInfo {
    /// Where.
    pub(super) hosts: Vec<HostPort>,
    pub(super) user: String,
    pub(super) application_name: String,
    pub(super) options: Option<String>,
    pub(super) connect_timeout: Duration,
    pub(super) tls: TlsSettings,
    password: Option<String>,
    passfile: Option<PathBuf>,
}

/// One place of a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct HostPort {
    /// A name or an address, or the folder of a unix socket.
    pub host: String,
    /// The address to connect to instead of looking the name up.
    pub address: Option<String>,
    pub port: u16,
}

/// How the connection is encrypted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct TlsSettings {
    pub mode: TlsMode,
    /// Certificates of those who are trusted to vouch for a server.
    pub root: Option<PathBuf>,
    /// A certificate of one's own, and its key.
    pub own: Option<(PathBuf, PathBuf)>,
}

/// `sslmode`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum TlsMode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// What is wrong with a connection string.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ConnInfoFault {
    /// A keyword without `=` and a value.
    NoValue(String),
    /// A quote that is not closed, in the value of this keyword.
    OpenQuote(String),
    /// `%` without two hexadecimal digits, or what they say is no text.
    BadEscape(String),
    /// A keyword that no client knows.
    Unknown(String),
    /// A keyword that is known, with a value that cannot be done here.
    NotDone(String, String),
    /// A password in the string: everybody sees it who lists processes.
    Password,
    /// No file of services has it.
    NoService(String),
    /// A password file that others may read.
    OpenPassfile(String),
    /// No name of a user is known.
    NoUser,
}

impl fmt::Display for ConnInfoFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnInfoFault::NoValue(key) => write!(f, "\"{key}\" has no value: write it as {key}=VALUE"),
            ConnInfoFault::OpenQuote(key) => write!(f, "the quote in the value of {key} is not closed"),
            // What stands there may be a password.
            ConnInfoFault::BadEscape(_) => f.write_str("the URL has a % that is no character"),
            ConnInfoFault::Unknown(key) => write!(f, "{key} is no keyword of a connection"),
            ConnInfoFault::NotDone(key, _) if key.contains("password") => write!(f, "{key} cannot be done"),
            ConnInfoFault::NotDone(key, value) => write!(f, "{key}={value} cannot be done"),
            ConnInfoFault::Password => {
                f.write_str("a password does not belong on the command line: use a password file or PGPASSWORD")
            }
            ConnInfoFault::NoService(name) => write!(f, "no file of services has \"{name}\""),
            ConnInfoFault::OpenPassfile(file) => {
                write!(f, "others may read the password file {file}: chmod 0600 {file}")
            }
            ConnInfoFault::NoUser => f.write_str("no user is named: user=NAME"),
        }
    }
}

impl std::error::Error for ConnInfoFault {}

/// What the surroundings say.
pub struct Surroundings<'a>(pub &'a dyn Fn(&str) -> Option<String>);

impl Surroundings<'_> {
    fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    fn home(&self) -> Option<PathBuf> {
        self.get("HOME").map(PathBuf::from)
    }
}

/// Keywords that count here, and the variables that stand for them.
const KNOWN: &[(&str, &str)] = &[
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("passfile", "PGPASSFILE"),
    ("service", "PGSERVICE"),
    ("options", "PGOPTIONS"),
    ("application_name", "PGAPPNAME"),
    ("fallback_application_name", ""),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("sslnegotiation", "PGSSLNEGOTIATION"),
    ("sslcrl", "PGSSLCRL"),
    ("sslcrldir", "PGSSLCRLDIR"),
    ("sslpassword", ""),
    ("gssencmode", "PGGSSENCMODE"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("requirepeer", "PGREQUIREPEER"),
    ("require_auth", "PGREQUIREAUTH"),
];

/// Keywords that change nothing that matters here.
const IGNORED: &[&str] = &[
    "dbname",
    "replication",
    "client_encoding",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "sslcompression",
    "sslsni",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "krbsrvname",
    "gsslib",
    "gssdelegation",
    "load_balance_hosts",
    "sslcertmode",
];

/// Of keywords that ask for something that is not done, the values that ask for nothing.
const HARMLESS: &[(&str, &[&str])] = &[
    ("sslnegotiation", &["postgres"]),
    ("gssencmode", &["disable", "prefer"]),
    ("channel_binding", &["disable", "prefer"]),
    ("target_session_attrs", &["any"]),
    ("sslcrl", &[]),
    ("sslcrldir", &[]),
    ("sslpassword", &[]),
    ("requirepeer", &[]),
    ("require_auth", &[]),
];

impl ConnInfo {
    /// Reads a connection string, in the surroundings of this process.
    ///
    /// # Errors
    /// What is wrong with it, or with a file that it names.
    pub fn parse(text: &str) -> Result<ConnInfo, ConnInfoFault> {
        ConnInfo::parse_in(text, &Surroundings(&|name| std::env::var(name).ok()))
    }

    /// The same in other surroundings.
    ///
    /// # Errors
    /// As [`ConnInfo::parse`].
    pub fn parse_in(text: &str, environment: &Surroundings<'_>) -> Result<ConnInfo, ConnInfoFault> {
        let given = words::parse(text)?;
        if given.iter().any(|(key, _)| key == "password") {
            return Err(ConnInfoFault::Password);
        }
        let mut all: BTreeMap<String, String> = given.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let service = all.get("service").cloned().or_else(|| environment.get("PGSERVICE"));
        if let Some(name) = service {
            for (key, value) in files::service(&name, environment)? {
                all.entry(key).or_insert(value);
            }
        }
        for (key, variable) in KNOWN.iter().filter(|(_, variable)| !variable.is_empty()) {
            if let Some(value) = environment.get(variable) {
                all.entry((*key).to_owned()).or_insert(value);
            }
        }
        let is_known = |key: &str| KNOWN.iter().any(|(known, _)| *known == key) || IGNORED.contains(&key);
        if let Some(key) = all.keys().find(|key| !is_known(key)) {
            return Err(ConnInfoFault::Unknown(key.clone()));
        }
        for (key, harmless) in HARMLESS {
            if let Some(value) = all.get(*key).filter(|value| !harmless.contains(&value.as_str())) {
                return Err(ConnInfoFault::NotDone((*key).to_owned(), value.clone()));
            }
        }
        let home = environment.home();
        Ok(ConnInfo {
            hosts: hosts(&all)?,
            user: all.get("user").cloned().or_else(own_name).ok_or(ConnInfoFault::NoUser)?,
            application_name: ["application_name", "fallback_application_name"]
                .iter()
                .find_map(|key| all.get(*key).cloned())
                .unwrap_or_else(|| "walproof".to_owned()),
            options: all.get("options").cloned(),
            connect_timeout: timeout(&all)?,
            tls: tls(&all, home.as_deref())?,
            password: all.get("password").cloned(),
            passfile: all.get("passfile").map(PathBuf::from).or_else(|| Some(home?.join(".pgpass"))),
        })
    }

    /// The password for one of the places.
    pub(super) fn password(&self, place: &HostPort) -> Result<Option<String>, ConnInfoFault> {
        let Some(file) = self.passfile.as_ref().filter(|_| self.password.is_none()) else {
            return Ok(self.password.clone());
        };
        // As libpq: of a socket in the default folder, the host is localhost.
        let is_default = DEFAULT_SOCKETS.contains(&place.host.as_str());
        let host = if is_default { "localhost" } else { &place.host };
        files::password(file, (host, &place.port.to_string(), &self.user))
    }

    /// Under which name the server lists the connection, and `synchronous_standby_names` has it.
    pub fn application_name(&self) -> &str {
        &self.application_name
    }
}

impl fmt::Debug for ConnInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnInfo").field("hosts", &self.hosts).field("user", &self.user).finish_non_exhaustive()
    }
}

impl HostPort {
    /// The path of the unix socket, where it is one.
    pub fn socket(&self) -> Option<PathBuf> {
        let is_socket = self.address.is_none() && self.host.starts_with('/');
        is_socket.then(|| Path::new(&self.host).join(format!(".s.PGSQL.{}", self.port)))
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.socket() {
            Some(path) => write!(f, "{}", path.display()),
            None => write!(f, "{} port {}", self.host, self.port),
        }
    }
}

/// Where servers put their sockets: Debian's, and PostgreSQL's own.
const DEFAULT_SOCKETS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

fn hosts(all: &BTreeMap<String, String>) -> Result<Vec<HostPort>, ConnInfoFault> {
    let list =
        |key: &str| all.get(key).map(|text| text.split(',').map(str::trim).collect::<Vec<_>>()).unwrap_or_default();
    let (hosts, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
    let count = hosts.len().max(addresses.len()).max(1);
    let named = |list: &[&str], at: usize| list.get(at).filter(|text| !text.is_empty()).map(|text| (*text).to_owned());
    (0..count)
        .map(|at| {
            let port = if ports.len() == 1 { named(&ports, 0) } else { named(&ports, at) };
            let port = port.unwrap_or_else(|| "5432".to_owned());
            let number = port.parse().map_err(|_| ConnInfoFault::NotDone("port".into(), port))?;
            let address = named(&addresses, at);
            let socket = || {
                let there = |folder: &&str| Path::new(folder).join(format!(".s.PGSQL.{number}")).exists();
                DEFAULT_SOCKETS.iter().find(|folder| there(folder)).unwrap_or(&DEFAULT_SOCKETS[1]).to_string()
            };
            let host = named(&hosts, at).or_else(|| address.clone()).unwrap_or_else(socket);
            Ok(HostPort { host, address, port: number })
        })
        .collect()
}

fn timeout(all: &BTreeMap<String, String>) -> Result<Duration, ConnInfoFault> {
    const DEFAULT: Duration = Duration::from_secs(30);
    let Some(text) = all.get("connect_timeout") else { return Ok(DEFAULT) };
    let seconds: i64 = text.parse().map_err(|_| ConnInfoFault::NotDone("connect_timeout".into(), text.clone()))?;
    // As libpq: zero and less is no limit, one is two.
    Ok(u64::try_from(seconds).ok().filter(|s| *s > 0).map_or(DEFAULT, |s| Duration::from_secs(s.max(2))))
}

fn tls(all: &BTreeMap<String, String>, home: Option<&Path>) -> Result<TlsSettings, ConnInfoFault> {
    let mode = match all.get("sslmode").map_or("prefer", String::as_str) {
        "disable" => TlsMode::Disable,
        "allow" | "prefer" => TlsMode::Prefer,
        "require" => TlsMode::Require,
        "verify-ca" => TlsMode::VerifyCa,
        "verify-full" => TlsMode::VerifyFull,
        other => return Err(ConnInfoFault::NotDone("sslmode".into(), other.to_owned())),
    };
    let usual = |name: &str| Some(home?.join(".postgresql").join(name)).filter(|path| path.is_file());
    let named = |key: &str| all.get(key).map(PathBuf::from);
    if let Some(value) = all.get("sslrootcert").filter(|value| *value == "system") {
        return Err(ConnInfoFault::NotDone("sslrootcert".into(), value.clone()));
    }
    let root = named("sslrootcert").or_else(|| usual("root.crt"));
    let cert = named("sslcert").or_else(|| usual("postgresql.crt"));
    let own = cert.and_then(|cert| Some((cert, named("sslkey").or_else(|| usual("postgresql.key"))?)));
    Ok(TlsSettings { mode, root, own })
}

/// The user of this process.
#[cfg(unix)]
fn own_name() -> Option<String> {
    let uid = rustix::process::geteuid().as_raw().to_string();
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let line = passwd.lines().find(|line| line.split(':').nth(2) == Some(uid.as_str()));
    line.and_then(|line| line.split(':').next()).map(str::to_owned).or_else(|| std::env::var("USER").ok())
}

#[cfg(not(unix))]
fn own_name() -> Option<String> {
    std::env::var("USERNAME").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, variables: &[(&str, &str)]) -> Result<ConnInfo, ConnInfoFault> {
        let all: BTreeMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ConnInfo::parse_in(text, &Surroundings(&|name| all.get(name).cloned()))
    }

    #[test]
    fn both_forms_say_the_same() {
        let words = parsed("host=a,b port=5433 user='o''x' sslmode=verify-full application_name = s1", &[]);
        assert!(words.is_err(), "a doubled quote is no quote");
        for text in [
            r"host=a,b port=5433 user='o\'x' sslmode=verify-full application_name = s1",
            "postgresql://o%27x@a:5433,b:5433/any?sslmode=verify-full&application_name=s1",
        ] {
            let found = parsed(text, &[]).unwrap();
            let places: Vec<String> = found.hosts.iter().map(ToString::to_string).collect();
            assert_eq!(places, ["a port 5433", "b port 5433"]);
            assert_eq!((found.user.as_str(), found.application_name()), ("o'x", "s1"));
            assert_eq!(found.tls.mode, TlsMode::VerifyFull);
        }
    }

    #[test]
    fn the_string_goes_before_the_service_and_that_before_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("services");
        std::fs::write(&file, "[other]\nuser=x\n[prod]\n# own\nhost=/run/a\nuser=serviced\nport=6000\n").unwrap();
        let variables =
            [("PGSERVICEFILE", file.to_str().unwrap()), ("PGUSER", "surrounding"), ("PGAPPNAME", "from_env")];
        let found = parsed("service=prod port=6001", &variables).unwrap();
        assert_eq!(found.hosts[0].socket().unwrap().to_str(), Some("/run/a/.s.PGSQL.6001"));
        assert_eq!((found.user.as_str(), found.application_name()), ("serviced", "from_env"));
        assert_eq!(parsed("service=none", &variables).unwrap_err(), ConnInfoFault::NoService("none".into()));
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        let fault = |text: &str| parsed(text, &[("PGUSER", "u")]).unwrap_err();
        assert_eq!(fault("host=a password=secret"), ConnInfoFault::Password);
        assert_eq!(fault("postgresql://u:secret@a"), ConnInfoFault::Password);
        assert_eq!(fault("hots=a"), ConnInfoFault::Unknown("hots".into()));
        assert_eq!(fault("host"), ConnInfoFault::NoValue("host".into()));
        assert_eq!(fault("host='a"), ConnInfoFault::OpenQuote("host".into()));
        assert_eq!(
            fault("channel_binding=require"),
            ConnInfoFault::NotDone("channel_binding".into(), "require".into())
        );
        assert_eq!(fault("postgresql://a%zz"), ConnInfoFault::BadEscape("a%zz".into()));
        for secret in ["postgresql://u:secret%zz@h/", "host=h sslpassword=secret"] {
            assert!(!fault(secret).to_string().contains("secret"), "{}", fault(secret));
        }
        assert!(parsed("gssencmode=prefer keepalives=1 target_session_attrs=any", &[("PGUSER", "u")]).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_password_file_is_read_where_nobody_else_may() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pass");
        std::fs::write(&file, "# all\nother:*:*:u:no\ndb:5432:replication:u:a\\:b\\\\c\n*:*:*:*:last\n").unwrap();
        let found = parsed("host=db user=u", &[("PGPASSFILE", file.to_str().unwrap())]).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(found.password(&found.hosts[0]), Err(ConnInfoFault::OpenPassfile(_))));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(found.password(&found.hosts[0]).unwrap().as_deref(), Some("a:b\\c"));
        let given = parsed("host=db user=u", &[("PGPASSWORD", "own")]).unwrap();
        assert_eq!(given.password(&given.hosts[0]).unwrap().as_deref(), Some("own"));
    }
}
