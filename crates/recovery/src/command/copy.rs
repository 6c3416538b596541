//! The file that one pipeline of known programs takes, and what it does to it on the way.

use super::placed;
use super::program;
use super::shell_call::ShellCall;
use super::tokens::ShellToken;
use super::unpackers::{OF_GZIP, Passes, REFUSE_NOTHING, unpacks};
use std::path::PathBuf;

/// Files that a command takes by their names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedCopy {
    /// From which folder.
    pub folder: PathBuf,
    /// What it puts behind a file's name.
    pub suffix: String,
    /// What becomes of them.
    pub taking: FileTaking,
}

/// What a command does to a file on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileTaking {
    /// It is copied.
    AsItIs,
    /// It is unpacked, and one that is not packed is no file.
    Unpacked,
    /// It is unpacked where it is packed.
    Either,
}

/// What a pipeline takes.
pub(super) struct PipelineRead {
    /// The word of the file, as a test in front of it would name it.
    pub from: String,
    /// The file, and others that the program looks for where that is not there.
    pub copies: Vec<NamedCopy>,
    /// A shell makes the file that it writes before it knows of the one that it reads.
    pub makes: bool,
}

/// One command, or `cat FILE | PROGRAM`, that writes to the word `to`.
pub(super) fn of_pipeline(tokens: &[ShellToken], to: &str) -> Option<PipelineRead> {
    let calls: Vec<ShellCall> =
        tokens.split(|token| *token == ShellToken::Pipe).map(ShellCall::of).collect::<Option<_>>()?;
    let (from, taking, makes) = match calls.as_slice() {
        [call] => {
            let (from, taking) = of_call(call, to)?;
            (from, taking, call.output.is_some() && call.input.is_none())
        }
        [first, last] => {
            let (letters, words) = last.sorted()?;
            let reads = words.is_empty() && last.input.is_none() && last.output.as_deref() == Some(to);
            let [own, from] = first.words.as_slice() else { return None };
            let plain =
                program(own) == "cat" && !from.starts_with('-') && first.input.is_none() && first.output.is_none();
            let fits = REFUSE_NOTHING.contains(&last.program()) && !letters.contains('f');
            let unpacks = unpacks(last.program(), &letters)?;
            if !(reads && plain && fits) {
                return None;
            }
            let taking = if unpacks.passes == Passes::Always { FileTaking::Either } else { FileTaking::Unpacked };
            (from.clone(), taking, true)
        }
        _ => return None,
    };
    let (folder, suffix) = placed(&from)?;
    let other = calls.first().filter(|call| looks_further(call, &suffix)).map(|_| format!("{suffix}.gz"));
    let copy = |suffix: String| NamedCopy { folder: folder.clone(), suffix, taking };
    let copies = std::iter::once(suffix).chain(other).map(copy).collect();
    Some(PipelineRead { from, copies, makes })
}

/// gzip opens `FILE.gz` where there is no `FILE`, unless that has the name of a packed one.
fn looks_further(call: &ShellCall, suffix: &str) -> bool {
    OF_GZIP.contains(&call.program()) && call.input.is_none() && !suffix.ends_with(".gz")
}

/// The file that a program takes there, and what it does to it.
fn of_call(call: &ShellCall, to: &str) -> Option<(String, FileTaking)> {
    let program = call.program();
    let to_place = call.output.as_deref() == Some(to);
    let word = |word: &&str| (*word).to_owned();
    // `install -m MODE FROM TO`
    if let ("install", [_, option, mode, from, own]) = (program, call.words.as_slice()) {
        let fits = option == "-m" && mode.bytes().all(|b| b.is_ascii_digit()) && own == to && call.output.is_none();
        return fits.then(|| (from.clone(), FileTaking::AsItIs));
    }
    let (letters, words) = call.sorted()?;
    match (program, words.as_slice()) {
        ("cp" | "mv" | "ln" | "install" | "rsync", [from, own]) if *own == to => {
            let fits = call.input.is_none() && call.output.is_none() && !letters.contains(['d', 'c', 'o']);
            fits.then(|| (word(from), FileTaking::AsItIs))
        }
        ("cat", [from]) if call.input.is_none() && to_place => Some((word(from), FileTaking::AsItIs)),
        ("cat", []) if to_place => Some((call.input.clone()?, FileTaking::AsItIs)),
        _ => {
            let unpacker = unpacks(program, &letters)?;
            let outwards = unpacker.to_output || letters.contains('c');
            let from = match words.as_slice() {
                [] | ["-"] if to_place => call.input.clone()?,
                [from] if to_place && outwards && call.input.is_none() => word(from),
                [from, own] if *own == to && call.output.is_none() && call.input.is_none() => {
                    let by_option = letters.contains('o') && matches!(program, "zstd" | "unzstd" | "lzop");
                    let by_place = !letters.contains(['o', 'c']) && matches!(program, "lz4" | "unlz4");
                    (by_option || by_place).then(|| word(from))?
                }
                _ => return None,
            };
            let forced = letters.contains('f');
            let passes = match unpacker.passes {
                Passes::Never => false,
                Passes::Always => true,
                Passes::Forced => forced && (outwards || call.input.is_some()),
                Passes::ForcedToOutput => forced && outwards,
            };
            Some((from, if passes { FileTaking::Either } else { FileTaking::Unpacked }))
        }
    }
}
