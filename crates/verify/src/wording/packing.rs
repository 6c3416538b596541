//! What is wrong with how a file is packed, and what to do.

use crate::finding::PackingFlaw;
use pgwal_archive::PackedOtherwise;
use pgwal_source::{Codec, LeftBehind};

pub(super) fn message(file: &str, flaw: PackingFlaw) -> String {
    match flaw {
        PackingFlaw::Twice { outer, inner } => {
            format!("{file} is packed twice: inside the {outer} lies another {inner}")
        }
        PackingFlaw::Otherwise { how, given } => otherwise(file, how, given),
        PackingFlaw::Behind(LeftBehind::Members) => {
            format!("{file} goes on behind its first member, which alone is unpacked")
        }
        PackingFlaw::Behind(LeftBehind::Zeros) => format!("{file} has zeros behind the end of what is packed in it"),
        PackingFlaw::Behind(LeftBehind::Bytes) => {
            format!("{file} has other bytes behind the end of what is packed in it")
        }
    }
}

/// A codec that is read, but not this file of it.
pub(super) fn asks_too_much(file: &str, codec: Codec) -> String {
    format!("{file} is {codec} that asks for more memory than 128 MiB, or for a feature that is not read")
}

/// A file that the tool which keeps the place unpacks in a way of its own.
fn otherwise(file: &str, how: PackedOtherwise, given: Option<u64>) -> String {
    let gives = |what: &str| match given {
        Some(bytes) => format!("the tool that keeps this archive gives out {bytes} bytes {what}"),
        None => "the tool that keeps this archive goes by the name, and gives out nothing".to_owned(),
    };
    match how {
        PackedOtherwise::Named { named: Codec::Plain, found } => format!(
            "{file} is packed ({found}), and the tool that keeps this archive does not unpack it: it gives out {} bytes as stored",
            given.unwrap_or(0)
        ),
        PackedOtherwise::Named { named, found } if named == found => {
            format!("{file} is packed in a way that the tool which keeps this archive does not unpack ({found})")
        }
        PackedOtherwise::Named { named, found } => {
            format!("{file} is {found}, and not {named} as its name says: {}", gives("of it"))
        }
        PackedOtherwise::Members(codec) => {
            format!("{file} is made of several members of {codec}: {}", gives("of the first"))
        }
    }
}

pub(super) fn advice(file: &str, flaw: PackingFlaw) -> String {
    match flaw {
        PackingFlaw::Twice { .. } => {
            format!("unpack {file} once and put what comes out in its place; find out what packs it a second time")
        }
        PackingFlaw::Otherwise { how: PackedOtherwise::Named { named: Codec::Plain, .. }, .. } => {
            format!("unpack {file} by what it holds, and put what comes out in its place; find out what packed it")
        }
        PackingFlaw::Otherwise { .. } => format!(
            "unpack {file} by what it holds, pack that as its name says, in one piece, and put it in its place; find out what packed it"
        ),
        PackingFlaw::Behind(LeftBehind::Members) => {
            format!("look at {file} and at what wrote it: tools differ in what they give out of such a file")
        }
        PackingFlaw::Behind(_) => {
            format!("find out what added to {file}; unpack it and pack it anew: other tools refuse such a file")
        }
    }
}
