//! What a server refuses, in its words.

use std::fmt;

/// What the server refuses, in its words.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServerError {
    /// `SQLSTATE`.
    pub code: String,
    /// What it says.
    pub message: String,
    /// What it adds.
    pub detail: Option<String>,
    /// What it advises.
    pub hint: Option<String>,
}

impl ServerError {
    pub(super) fn parse(body: &[u8]) -> ServerError {
        let mut own = ServerError::default();
        for field in body.split(|byte| *byte == 0) {
            let Some((kind, text)) = field.split_first() else { continue };
            let text = String::from_utf8_lossy(text).into_owned();
            match kind {
                b'C' => own.code = text,
                b'M' => own.message = text,
                b'D' => own.detail = Some(text),
                b'H' => own.hint = Some(text),
                _ => {}
            }
        }
        own
    }

    /// WAL that was asked for is not there any more (`undefined_file`).
    pub fn is_removed_wal(&self) -> bool {
        self.code == "58P01"
    }

    /// It is not in a state in which it can be used (`object_not_in_prerequisite_state`): where a slot was asked for,
    /// that is one that was given up (from 18 on), or none for physical streaming.
    pub fn refuses_slot(&self) -> bool {
        self.code == "55000"
    }

    /// Whether asking again changes nothing. A server that starts, stops, or has no place left will be asked again
    /// (classes 53, 57, 08), so will one that has not come to the position yet, and a slot that somebody uses: the
    /// connection before this one, perhaps (55006).
    pub(super) fn is_lasting(&self) -> bool {
        let class = self.code.get(..2).unwrap_or("");
        let lasting = ["28", "42", "0A", "22", "3D"].contains(&class);
        lasting || self.is_removed_wal() || self.code == "55000"
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.detail.iter().try_for_each(|detail| write!(f, "; {detail}"))?;
        self.hint.iter().try_for_each(|hint| write!(f, " ({hint})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_in_the_servers_words() {
        let error = ServerError::parse(b"SERROR\0C58P01\0Mrequested WAL segment 1 has already been removed\0\0");
        assert!(error.is_removed_wal() && error.is_lasting());
        assert_eq!(error.to_string(), "requested WAL segment 1 has already been removed");
        assert!(!ServerError { code: "57P03".into(), ..ServerError::default() }.is_lasting());
        assert!(!ServerError { code: "55006".into(), ..ServerError::default() }.is_lasting());
        assert!(ServerError { code: "28P01".into(), ..ServerError::default() }.is_lasting());
    }
}
