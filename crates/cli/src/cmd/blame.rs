//! `walproof blame`: every record that touched a block or a tuple, oldest first.

use super::history::{HistoryOptions, HistoryRange, exit};
use crate::exit::Exit;
use crate::input::ReadingOptions;
use crate::names::AskedRelation;
use crate::streams::page;
use crate::words::places_and_last;
use anyhow::{bail, ensure};
use clap::ValueEnum;
use pgwal::catalog::Names;
use pgwal::forensics::{BlameWish, NoteFinding, blame};
use pgwal::source::Source;
use pgwal::verify::records::{ListRequest, ListSink, NoEvent};
use pgwal_query::filter;
use pgwal_report::blame::{BlameReport, BlameTold, json, text};
use pgwal_report::outside::{Lines, OutputForm};
use std::collections::VecDeque;
use std::io::Write;
use std::path::PathBuf;

/// Options of `blame`.
#[derive(clap::Args)]
#[command(
    after_help = "Of a record that carries an image of the page, WAL may not say what it did to rows. Exit code 1: a record could not be read."
)]
pub struct BlameArgs {
    /// A folder of WAL, a data directory or its pg_wal, a repository of a backup tool, a tar, a file; several places
    /// are read as one archive; then the block: a name, or tablespace OID/database OID/file number, then :BLOCK, and
    /// :OFFSET for one line pointer
    #[arg(value_name = "ARCHIVE REL:BLOCK[:OFFSET]", required = true)]
    words: Vec<PathBuf>,
    /// The archive; the block is the only word then
    #[arg(short, long, value_name = "ARCHIVE")]
    path: Option<PathBuf>,
    /// The fork of the relation: main, fsm, vm or init
    #[arg(short = 'F', long, value_name = "FORK", value_parser = filter::fork, default_value = "main")]
    fork: u8,
    /// Follow the row from version to version, as updates that were committed put it; each is one more reading, and at
    /// most 100 are told
    #[arg(long)]
    versions: bool,
    #[command(flatten)]
    range: HistoryRange,
    #[command(flatten)]
    reading: ReadingOptions,
    /// How to say it
    #[arg(long, value_enum, default_value_t = BlameFormat::Text)]
    format: BlameFormat,
}

/// Versions of a row that are told.
const MOST_VERSIONS: usize = 100;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BlameFormat {
    /// For people
    Text,
    /// JSON, a line a record
    Jsonl,
}

/// Says who touched it.
pub fn run(args: &BlameArgs) -> anyhow::Result<Exit> {
    let (archive, block) = match (places_and_last(args.path.as_ref(), &args.words), &args.path) {
        (Some(words), _) => words,
        (None, Some(_)) => bail!("-p names the archive: the block is the only word then"),
        (None, None) => bail!("no block was named: walproof blame ARCHIVE REL:BLOCK[:OFFSET]"),
    };
    let asked = AskedBlock::parse(&block.to_string_lossy())?;
    ensure!(!args.versions || asked.offset.is_some(), "--versions follows one row: REL:BLOCK:OFFSET");
    let mut history = HistoryOptions { input: args.reading.of(archive), range: args.range.clone() };
    let zone = history.zone();
    let opened = history.open()?;
    let is_named = matches!(asked.relation, AskedRelation::Name(_));
    let names = is_named.then(|| history.all_names(&opened)).transpose()?;
    let files = asked.relation.files_of_one(names.as_ref())?;
    let is_text = args.format == BlameFormat::Text;
    let mut out = page(if is_text { OutputForm::Plain } else { OutputForm::Json });
    let mut ended = Exit::Clean;
    let mut places = VecDeque::from([(asked.block, asked.offset, None)]);
    let mut told = BlameTold::default();
    let mut first = None;
    while let Some((block, offset, from)) = places.pop_front() {
        let wish = BlameWish { files: files.clone(), fork: args.fork, block, offset };
        let look =
            |source: &dyn Source,
             wanted: &ListRequest<'_>,
             names: &Names,
             tell: &NoteFinding<'_>,
             sink: &mut ListSink<'_, NoEvent>| blame(source, wanted, &wish, names, tell, sink);
        history.range = from.map_or_else(|| args.range.clone(), |lsn| args.range.starting(lsn));
        let mut answer = history.ask_of(&opened, &zone, look)?;
        let (exit, tells) = exit(&answer.gathered, answer.range.is_some(), !is_text);
        ended = ended.max(exit);
        if !tells {
            break;
        }
        if from.is_some() {
            answer.end_with_row();
        }
        let report = BlameReport { place: opened.source().describe(), wish: &wish, answer: &answer };
        told.add(&report);
        if let Some(offset) = offset.filter(|_| args.versions) {
            // Behind the first one a line pointer may be that of other rows.
            let all = answer.versions(offset).take(if from.is_some() { 1 } else { usize::MAX });
            for (lsn, place) in all {
                if told.versions + places.len() < MOST_VERSIONS {
                    places.push_back((place.0, Some(place.1), Some(lsn)));
                } else {
                    told.not_followed.push((lsn, place));
                }
            }
        }
        if is_text {
            text::write(&mut Lines::new(&mut out), &report, &zone)?;
        } else {
            for line in json::touches(&report) {
                serde_json::to_writer(&mut out, &line)?;
                writeln!(out)?;
            }
        }
        first.get_or_insert((wish, answer));
    }
    if is_text {
        text::not_followed(&mut Lines::new(&mut out), &told)?;
    } else if let Some((wish, answer)) = &first {
        let report = BlameReport { place: opened.source().describe(), wish, answer };
        serde_json::to_writer(&mut out, &json::end(&report, &told))?;
        writeln!(out)?;
    }
    out.flush()?;
    Ok(ended)
}

/// A block that is asked for, or one line pointer of it.
struct AskedBlock {
    relation: AskedRelation,
    block: u32,
    offset: Option<u16>,
}

impl AskedBlock {
    /// `REL:BLOCK[:OFFSET]`: a name may have colons, too, so that it is read from its end.
    fn parse(text: &str) -> anyhow::Result<AskedBlock> {
        let parts: Vec<&str> = text.rsplitn(3, ':').collect();
        let number = |part: &str| part.parse::<u32>().ok();
        let (relation, block, offset) = match parts[..] {
            [offset, block, relation] if number(block).is_some() => (relation, number(block), Some(offset)),
            [block, ..] => {
                (text.strip_suffix(block).and_then(|rest| rest.strip_suffix(':')).unwrap_or(""), number(block), None)
            }
            _ => ("", None, None),
        };
        // Line pointers are counted from 1 on.
        let offset = offset.map(str::parse::<std::num::NonZero<u16>>).transpose();
        let relation = AskedRelation::parse(relation).ok().filter(|_| !relation.is_empty());
        let (Some(relation), Some(block), Ok(offset)) = (relation, block, offset) else {
            bail!("\"{text}\" is no block: REL:BLOCK or REL:BLOCK:OFFSET, as in public.orders:31:5 or 1663/5/16393:31");
        };
        Ok(AskedBlock { relation, block, offset: offset.map(std::num::NonZero::get) })
    }
}
