//! Why nothing more comes from a server.

use super::conninfo::ConnInfoFault;
use super::refusal::ServerError;
use pgwal_archive::arrival::ArrivalFault;
use std::fmt;

/// Why nothing more comes.
#[derive(Clone, Debug)]
pub enum ReceiveFault {
    /// What is wrong with the connection string, or a file that it names.
    ConnInfo(ConnInfoFault),
    /// The connection cannot be made, or broke: where, and in whose words.
    Connection(String, String),
    /// The server closed it.
    Closed,
    /// Nothing came for a long time.
    Silent,
    /// It does not answer a question.
    NoAnswer,
    /// The server's certificate, or that of the client, cannot be used.
    Certificate(String),
    /// It asks for a password, and none is known.
    NoPassword,
    /// It asks for the password as plain text, and the connection is not encrypted.
    PlainPassword,
    /// It asks for a proof that cannot be given.
    Authentication(String),
    /// What the server refuses.
    Server(ServerError),
    /// It says what the protocol does not allow.
    Protocol(String),
    /// It is of a version whose protocol is another one.
    OldServer(u32),
    /// What it sends cannot be taken.
    Wal(ArrivalFault),
}

impl ReceiveFault {
    pub(super) fn protocol(why: impl Into<String>) -> ReceiveFault {
        ReceiveFault::Protocol(why.into())
    }

    /// Asking again changes nothing: somebody has to do something.
    pub fn is_lasting(&self) -> bool {
        match self {
            ReceiveFault::Connection(..) | ReceiveFault::Closed | ReceiveFault::Silent | ReceiveFault::NoAnswer => {
                false
            }
            ReceiveFault::Server(error) => error.is_lasting(),
            // A connection that was cut and one that is not what it seems look alike: the next one tells.
            ReceiveFault::Protocol(_) | ReceiveFault::Wal(ArrivalFault::OutOfOrder { .. }) => false,
            _ => true,
        }
    }
}

impl From<ArrivalFault> for ReceiveFault {
    fn from(fault: ArrivalFault) -> ReceiveFault {
        ReceiveFault::Wal(fault)
    }
}

impl From<ConnInfoFault> for ReceiveFault {
    fn from(fault: ConnInfoFault) -> ReceiveFault {
        ReceiveFault::ConnInfo(fault)
    }
}

impl fmt::Display for ReceiveFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReceiveFault::ConnInfo(fault) => write!(f, "{fault}"),
            ReceiveFault::Connection(place, why) => write!(f, "{place}: {why}"),
            ReceiveFault::Closed => f.write_str("the server closed the connection"),
            ReceiveFault::Silent => f.write_str("nothing came from the server for 60 seconds"),
            ReceiveFault::NoAnswer => f.write_str("the server did not answer within 60 seconds"),
            ReceiveFault::Certificate(why) => write!(f, "no encrypted connection: {why}"),
            ReceiveFault::NoPassword => {
                f.write_str("the server asks for a password: name it in a password file or PGPASSWORD")
            }
            ReceiveFault::PlainPassword => f.write_str(
                "the server asks for the password as plain text, and the connection is not encrypted (sslmode=require)",
            ),
            ReceiveFault::Authentication(why) => write!(f, "{why}"),
            ReceiveFault::Server(error) => write!(f, "{error}"),
            ReceiveFault::Protocol(why) => write!(f, "the server does not keep to the protocol: {why}"),
            ReceiveFault::OldServer(version) => {
                write!(f, "the server is {}.{}; WAL can be received from 9.3 on", version / 10_000, version / 100 % 100)
            }
            ReceiveFault::Wal(fault) => write!(f, "from the server: {fault}"),
        }
    }
}

impl std::error::Error for ReceiveFault {}
