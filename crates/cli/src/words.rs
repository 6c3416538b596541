//! Words of a command line: places first, and behind them what is asked of them.

use crate::memory::is_url;
use anyhow::ensure;
use std::path::{Path, PathBuf};

/// Divides words into places and what is asked of them. The first one is a place; so is each behind it that names
/// something which is there, or an object store, up to the first that reads as what is asked (`asks`): a file of WAL
/// may have the name of a position. `path`: what `-p` names; all words ask then.
///
/// # Errors
/// Nothing is named, or a word may be either.
pub fn places_first<'w>(
    path: Option<&PathBuf>,
    words: &'w [PathBuf],
    asks: &dyn Fn(&str) -> bool,
) -> anyhow::Result<(Vec<PathBuf>, &'w [PathBuf])> {
    if let Some(path) = path {
        return Ok((vec![path.clone()], words));
    }
    ensure!(!words.is_empty(), "no archive was named");
    let mut count = 1;
    for word in words.iter().skip(1) {
        if !is_place(word, asks)? {
            break;
        }
        count += 1;
    }
    let (places, asked) = words.split_at_checked(count).unwrap_or((words, &[]));
    Ok((places.to_vec(), asked))
}

/// Reads the number of a transaction. WAL has its low 32 bits: with the epoch in front, as `txid_current()` and
/// `pg_current_xact_id()` print it, it is the same one.
pub fn xid(text: &str) -> Result<u32, String> {
    let number: Result<u64, _> = text.parse();
    number.map(|number| number as u32).map_err(|_| "a transaction is a number of at most 64 bits".to_owned())
}

/// The places, and the last word, which is what is asked of them. `None` where one of them is missing.
pub fn places_and_last<'w>(path: Option<&PathBuf>, words: &'w [PathBuf]) -> Option<(Vec<PathBuf>, &'w Path)> {
    match (path, words.split_last()?) {
        (Some(path), (last, [])) => Some((vec![path.clone()], last)),
        (None, (last, places @ [_, ..])) => Some((places.to_vec(), last)),
        _ => None,
    }
}

fn is_place(word: &Path, asks: &dyn Fn(&str) -> bool) -> anyhow::Result<bool> {
    let text = word.to_string_lossy();
    let (is_folder, asks) = (word.is_dir(), asks(&text));
    ensure!(
        !(is_folder && asks),
        "\"{text}\" could be asked for, or the folder of that name: ./{text} is the folder; from where there is none, it is what is asked for"
    );
    Ok(is_folder || is_url(word) || !asks && word.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_a_place_and_what_is_there_behind_it() {
        let here = env!("CARGO_MANIFEST_DIR");
        let manifest = format!("{here}/Cargo.toml");
        let asks = |word: &str| word == manifest || word == "0/3000028";
        let parts = |words: &[&str]| {
            let words: Vec<PathBuf> = words.iter().map(PathBuf::from).collect();
            let (places, asked) = places_first(None, &words, &asks).unwrap();
            (places.len(), asked.len())
        };
        assert_eq!(parts(&["/nowhere"]), (1, 0));
        assert_eq!(parts(&["/nowhere", here, "0/3000028"]), (2, 1));
        assert_eq!(parts(&["/nowhere", &manifest]), (1, 1), "a file of that name is no reason to take it for a place");
        assert_eq!(parts(&["/nowhere", "/nor/this", here]), (1, 2));
        let folder = [PathBuf::from("/nowhere"), PathBuf::from(here)];
        let both = places_first(None, &folder, &|_| true).unwrap_err().to_string();
        assert!(both.contains("./"), "{both}");
    }
}
