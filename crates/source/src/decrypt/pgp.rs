//! OpenPGP messages (RFC 9580), binary or armoured: gpg, and with it Barman; WAL-G. To a key or to a passphrase.
//!
//! The message names the keys that it is for, so a key is right or not before a byte is read. What is encrypted is
//! sealed as a whole, at its end (or chunk by chunk); it is given out before, and the seal decides whether it counts.

use super::{Clear, ClearFault, Decryption, Refused};
use crate::input::BufferedInput;
use crate::key::Keys;
use crate::stored::Stored;
use pgp::composed::{DecryptionOptions, Deserializable, Message, SignedSecretKey, TheRing};
use pgp::errors::Error;
use pgp::types::{Password, Seipdv1ReadMode};
use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

/// Packed in an encrypted message, signed, …: no more of that inside each other.
const NESTED: usize = 4;
/// Bytes of a message on which several keys are tried.
const HEAD: usize = 64 << 10;

/// Secret keys, unlocked as far as the passphrases do it. Unlocking takes so long on purpose that it is done once.
struct PgpKeys(Vec<SignedSecretKey>);

impl PgpKeys {
    fn of(keys: &Keys) -> PgpKeys {
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
    mut input: BufferedInput<&'a mut dyn Stored>,
    keys: &Keys,
    proven: &dyn Fn() -> bool,
) -> io::Result<Decryption<'a>> {
    let unlocked = keys.unlocked(PgpKeys::of);
    let passphrases: Vec<Password> = keys.passphrases().map(Password::from).collect();
    let with_keys = (!unlocked.0.is_empty()).then_some(Attempt::Keys(&unlocked.0));
    let mut attempts: Vec<Attempt<'_>> =
        with_keys.into_iter().chain(passphrases.iter().map(Attempt::Passphrase)).collect();
    if attempts.len() > 1 {
        // A passphrase may look right until something is read; what was read is gone. So each is tried on the
        // beginning.
        let head = input.peek(HEAD)?;
        attempts.retain(|attempt| attempt.opens(head));
    }
    let Some(attempt) = attempts.first() else {
        let none = keys.is_empty() || unlocked.0.is_empty() && passphrases.is_empty();
        return Ok(Decryption::Refused(if none { Refused::Closed } else { Refused::WrongKey }));
    };
    let refused = match attempt.message(BufReader::new(StoredReader(input))) {
        Ok(message) => return Ok(Decryption::Clear(Box::new(Pgp { message, fault: None }))),
        // It names the keys that it is for.
        Err(Error::MissingKey) => Refused::WrongKey,
        Err(Error::IO { source, .. }) => match of_io(source)? {
            // Under another passphrase noise comes out, and noise may say anything of its own length.
            _ if matches!(attempt, Attempt::Passphrase(_)) && !proven() => Refused::WrongKey,
            ClearFault::CutOff => Refused::CutOff,
            _ => Refused::Damaged,
        },
        Err(_) if proven() => Refused::Damaged,
        Err(_) => Refused::WrongKey,
    };
    Ok(Decryption::Refused(refused))
}

/// What a message may be opened with.
enum Attempt<'k> {
    Keys(&'k [SignedSecretKey]),
    Passphrase(&'k Password),
}

impl Attempt<'_> {
    /// The content of a message, not encrypted and not packed.
    fn message<'a>(&self, stored: impl BufRead + fmt::Debug + Send + 'a) -> Result<Message<'a>, Error> {
        let options = DecryptionOptions::new().enable_gnupg_aead().set_seipdv1_read_mode(Seipdv1ReadMode::Streaming);
        let mut ring = TheRing { decrypt_options: options, ..TheRing::default() };
        match self {
            Attempt::Keys(keys) => ring.secret_keys = keys.iter().collect(),
            Attempt::Passphrase(passphrase) => ring.message_password = vec![passphrase],
        }
        let (message, _) = Message::from_reader(stored)?;
        let (mut message, _) = message.decrypt_the_ring(ring, true)?;
        for _ in 0..NESTED {
            if !message.is_compressed() {
                break;
            }
            message = message.decompress()?;
        }
        if message.is_compressed() || message.is_encrypted() { Err(Error::MissingKey) } else { Ok(message) }
    }

    /// Whether the beginning of a message opens, as far as it goes.
    fn opens(&self, head: &[u8]) -> bool {
        match self.message(head) {
            Ok(mut message) => message.read(&mut [0; 16]).map_or_else(|error| is_cut(&error), |_| true),
            Err(Error::IO { source, .. }) => is_cut(&source),
            Err(_) => false,
        }
    }
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
    Ok(if is_cut(&error) { ClearFault::CutOff } else { ClearFault::Seal })
}

/// Whether bytes are missing. The library says it of a body of known length by its text alone.
fn is_cut(error: &io::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let eof = error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof);
        if eof || error.to_string().contains("shorter than expected") {
            return true;
        }
        cause = error.source();
    }
    false
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
