//! OpenPGP messages (RFC 9580), binary or armoured: gpg, and with it Barman; WAL-G. To a key or to a passphrase.
//!
//! The message names the keys that it is for, so a key is right or not before a byte is read. What is encrypted is
//! sealed as a whole, at its end (or chunk by chunk); it is given out before, and the seal decides whether it counts.

use super::{Clear, ClearFault, Opening, Refused};
use crate::input::BufferedInput;
use crate::key::Keys;
use crate::stored::Stored;
use pgp::composed::{DecryptionOptions, Deserializable, Message, SignedSecretKey, TheRing};
use pgp::errors::Error;
use pgp::types::{Password, Seipdv1ReadMode};
use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufReader, Read};

/// Packed in an encrypted message, signed, …: no more of that inside each other.
const NESTED: usize = 4;

/// Secret keys, unlocked as far as the passphrases do it. Unlocking takes so long on purpose that it is done once.
pub(crate) struct PgpKeys(Vec<SignedSecretKey>);

impl PgpKeys {
    pub(crate) fn of(keys: &Keys) -> PgpKeys {
        let mut all = Vec::new();
        for file in keys.files() {
            if let Ok((found, _)) = SignedSecretKey::from_reader_many(&*lines(file)) {
                all.extend(found.take(100).filter_map(Result::ok));
            }
        }
        for passphrase in keys.passphrases().map(Password::from) {
            for key in &mut all {
                // One that is open already stays so.
                let _ = key.primary_key.remove_password(&passphrase);
                for subkey in &mut key.secret_subkeys {
                    let _ = subkey.key.remove_password(&passphrase);
                }
            }
        }
        PgpKeys(all)
    }
}

/// Where a variable of the environment holds a key, its lines are often told apart by `\n` as two characters.
fn lines(file: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(file) {
        Ok(text) if !text.contains('\n') => Cow::Owned(text.replace("\\n", "\n").into_bytes()),
        _ => Cow::Borrowed(file),
    }
}

pub(super) fn open<'a>(
    input: BufferedInput<&'a mut dyn Stored>,
    keys: &Keys,
    proven: &dyn Fn() -> bool,
) -> io::Result<Opening<'a>> {
    let refused = |why| Ok(Opening::Refused(why));
    let unlocked = keys.pgp();
    let passphrases: Vec<Password> = keys.passphrases().map(Password::from).collect();
    if unlocked.0.is_empty() && passphrases.is_empty() {
        return refused(Refused::Closed);
    }
    let message = match Message::from_reader(BufReader::new(StoredReader(input))) {
        Ok((message, _)) => message,
        Err(Error::IO { source, .. }) => {
            return of_io(source).map(|fault| {
                Opening::Refused(if fault == ClearFault::CutOff { Refused::CutOff } else { Refused::Damaged })
            });
        }
        Err(_) => return refused(Refused::Damaged),
    };
    let ring = TheRing {
        secret_keys: unlocked.0.iter().collect(),
        key_passwords: Vec::new(),
        message_password: passphrases.iter().collect(),
        session_keys: Vec::new(),
        decrypt_options: DecryptionOptions::new().enable_gnupg_aead().set_seipdv1_read_mode(Seipdv1ReadMode::Streaming),
    };
    let mut message = match message.decrypt_the_ring(ring, true) {
        Ok((message, _)) => message,
        // It names the keys that it is for.
        Err(Error::MissingKey) => return refused(Refused::WrongKey),
        Err(_) => return refused(if proven() { Refused::Damaged } else { Refused::WrongKey }),
    };
    for _ in 0..NESTED {
        if !message.is_compressed() {
            break;
        }
        message = match message.decompress() {
            Ok(message) => message,
            Err(_) => return refused(Refused::Damaged),
        };
    }
    if message.is_compressed() || message.is_encrypted() {
        return refused(Refused::Closed);
    }
    Ok(Opening::Clear(Box::new(Pgp { message, fault: None })))
}

struct Pgp<'a> {
    message: Message<'a>,
    fault: Option<ClearFault>,
}

impl Read for Pgp<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.fault.is_some() {
            return Ok(0);
        }
        loop {
            match self.message.read(out) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.fault = Some(of_io(error)?);
                    return Ok(0);
                }
                read => return read,
            }
        }
    }
}

impl Clear for Pgp<'_> {
    fn fault(&self) -> Option<ClearFault> {
        self.fault
    }
}

/// What is wrong with the message; `Err`: nothing, the file cannot be read.
fn of_io(error: io::Error) -> io::Result<ClearFault> {
    if error.get_ref().is_some_and(|inner| inner.is::<crate::SourceError>()) {
        return Err(error);
    }
    Ok(if error.kind() == io::ErrorKind::UnexpectedEof { ClearFault::CutOff } else { ClearFault::Seal })
}

/// The stored bytes, as the library takes them.
struct StoredReader<'a>(BufferedInput<&'a mut dyn Stored>);

impl Read for StoredReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read_into(out)
    }
}

impl fmt::Debug for StoredReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredReader")
    }
}
