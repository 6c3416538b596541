//! The first words: who we are, and the proof of it.

use super::connection::{Connection, ServerMessage};
use super::conninfo::{ConnInfo, HostPort};
use super::fault::ReceiveFault;
use super::refusal::ServerError;
use bytes::BytesMut;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::frontend;
use std::io;
use std::time::Instant;

/// Opens a connection for replication; returns the version of the server as well: 150018 for 15.18.
pub(super) fn start(info: &ConnInfo, place: &HostPort) -> Result<(Connection, u32), ReceiveFault> {
    let mut connection = Connection::open(info, place)?;
    let mut parameters = vec![
        ("user", info.user.as_str()),
        ("database", "replication"),
        ("replication", "true"),
        ("application_name", &info.application_name),
    ];
    parameters.extend(info.options.as_deref().map(|options| ("options", options)));
    let mut words = BytesMut::new();
    frontend::startup_message(parameters, &mut words).map_err(unsayable)?;
    connection.send(&words)?;
    let mut login = Login { info, place, scram: None };
    let mut version = 0;
    let until = Instant::now() + info.connect_timeout;
    loop {
        // However much it says.
        let left = until.saturating_duration_since(Instant::now());
        let next = if left.is_zero() { None } else { connection.next(left)? };
        let Some(ServerMessage { tag, body }) = next else {
            return Err(ReceiveFault::Connection(place.to_string(), "it does not answer".into()));
        };
        match tag {
            b'R' => {
                let answer = login.answer(&body, &connection)?;
                if !answer.is_empty() {
                    connection.send(&answer)?;
                }
            }
            b'S' => version = version_in(&body).unwrap_or(version),
            b'K' | b'N' => {}
            b'Z' if login.scram.is_none() => return Ok((connection, version)),
            b'E' => return Err(ReceiveFault::Server(ServerError::parse(&body))),
            other => return Err(ReceiveFault::protocol(format!("message {other} instead of a welcome"))),
        }
    }
}

struct Login<'a> {
    info: &'a ConnInfo,
    place: &'a HostPort,
    /// A proof that the server knows the password, too, is still to come.
    scram: Option<ScramSha256>,
}

impl Login<'_> {
    /// What is to be said to a request for a proof.
    fn answer(&mut self, body: &[u8], connection: &Connection) -> Result<BytesMut, ReceiveFault> {
        let (kind, rest) = body.split_first_chunk().ok_or_else(|| ReceiveFault::protocol("an empty request"))?;
        let mut out = BytesMut::new();
        match u32::from_be_bytes(*kind) {
            0 if self.scram.is_none() => {}
            3 if !connection.is_private() => return Err(ReceiveFault::PlainPassword),
            3 => frontend::password_message(self.password()?.as_bytes(), &mut out).map_err(unsayable)?,
            5 => {
                let salt = *rest.first_chunk().ok_or_else(|| ReceiveFault::protocol("no salt"))?;
                let hash = md5_hash(self.info.user.as_bytes(), self.password()?.as_bytes(), salt);
                frontend::password_message(hash.as_bytes(), &mut out).map_err(unsayable)?;
            }
            10 => {
                if !rest.split(|byte| *byte == 0).any(|name| name == SCRAM_SHA_256.as_bytes()) {
                    return Err(ReceiveFault::Authentication("the server does not take SCRAM-SHA-256".into()));
                }
                let scram = ScramSha256::new(self.password()?.as_bytes(), ChannelBinding::unsupported());
                frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), &mut out).map_err(unsayable)?;
                self.scram = Some(scram);
            }
            11 => {
                let scram = self.scram.as_mut().ok_or_else(|| ReceiveFault::protocol("a proof that nobody began"))?;
                scram.update(rest).map_err(unproven)?;
                frontend::sasl_response(scram.message(), &mut out).map_err(unsayable)?;
            }
            12 => {
                let scram = self.scram.take();
                let mut scram = scram.ok_or_else(|| ReceiveFault::protocol("a proof that nobody began"))?;
                scram.finish(rest).map_err(unproven)?;
            }
            0 => return Err(ReceiveFault::protocol("the server does not prove that it knows the password")),
            other => {
                let why = format!("the server asks for a proof of kind {other}, which is not known here");
                return Err(ReceiveFault::Authentication(why));
            }
        }
        Ok(out)
    }

    fn password(&self) -> Result<String, ReceiveFault> {
        self.info.password(self.place)?.ok_or(ReceiveFault::NoPassword)
    }
}

fn version_in(body: &[u8]) -> Option<u32> {
    let mut words = body.split(|byte| *byte == 0);
    (words.next()? == b"server_version").then_some(())?;
    let text = String::from_utf8_lossy(words.next()?).into_owned();
    let digits = text.split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
    let mut parts = digits.split('.').map(|part| part.parse::<u32>().unwrap_or(0).min(999));
    let (major, second, third) = (parts.next()?, parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    Some(if major >= 10 { major * 10_000 + second } else { major * 10_000 + second * 100 + third })
}

fn unsayable(error: io::Error) -> ReceiveFault {
    ReceiveFault::Authentication(error.to_string())
}

fn unproven(error: io::Error) -> ReceiveFault {
    ReceiveFault::Authentication(format!("the proofs of the password do not fit: {error}"))
}

#[cfg(test)]
mod tests {
    use super::version_in;

    #[test]
    fn versions() {
        let version = |text: &str| version_in(format!("server_version\0{text}\0").as_bytes());
        assert_eq!(version("15.18 (Debian 15.18-0+deb12u1)"), Some(150_018));
        assert_eq!(version("9.6.24"), Some(90_624));
        assert_eq!(version("19beta1"), Some(190_000));
        assert_eq!(version_in(b"other\x0015\0"), None);
    }
}
