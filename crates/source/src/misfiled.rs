//! Where the tool that keeps a place looks for a file, of which another lies elsewhere.

use crate::codec::Codec;
use pgwal_format::FileName;

/// Where a tool looks for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedPlace {
    /// The folder, shown as files are: empty, or ending with a slash.
    pub folder: String,
    /// The SHA-1 of the plain content is part of its name.
    pub with_sum: bool,
    /// What it may be packed in there, with the suffix for it; empty: in whatever, without a suffix.
    pub suffixes: &'static [(Codec, &'static str)],
    /// The file in that folder that it gives out in place of this one, which lies there as well.
    pub taken: Option<String>,
}

impl WantedPlace {
    /// Where the tool looks for a file of that content; `None` where it takes none that is packed so.
    pub fn of(&self, name: FileName, packed: Codec, sha1: [u8; 20]) -> Option<String> {
        let suffix = match self.suffixes {
            [] => "",
            known => known.iter().find(|(codec, _)| *codec == packed)?.1,
        };
        let sum: String = sha1.iter().map(|byte| format!("{byte:02x}")).collect();
        let sum = if self.with_sum { format!("-{sum}") } else { String::new() };
        Some(format!("{}{name}{sum}{suffix}", self.folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_as_the_tool_names_it() {
        let name = FileName::parse("00000001000000000000000A").unwrap();
        let suffixes = &[(Codec::Plain, ""), (Codec::Gzip, ".gz")];
        let wanted = WantedPlace { folder: "a/".to_owned(), with_sum: true, suffixes, taken: None };
        let sum = "0a".repeat(20);
        assert_eq!(wanted.of(name, Codec::Gzip, [10; 20]), Some(format!("a/00000001000000000000000A-{sum}.gz")));
        assert_eq!(wanted.of(name, Codec::Xz, [10; 20]), None);
        let bare = WantedPlace { folder: String::new(), with_sum: false, suffixes: &[], taken: None };
        assert_eq!(bare.of(name, Codec::Xz, [10; 20]).as_deref(), Some("00000001000000000000000A"));
    }
}
