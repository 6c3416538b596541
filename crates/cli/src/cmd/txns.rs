//! `walproof txns`: transactions, how each ended, how long it took, what it wrote.

use super::elsewhere::{elsewhere, told};
use super::guard::age;
use super::history::{HistoryFilter, HistoryOptions, exit, time};
use crate::exit::Exit;
use crate::streams::page;
use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use pgwal::catalog::Names;
use pgwal::forensics::{NoteFinding, OpenAt, XactOrder, XactWish, transactions};
use pgwal::format::Lsn;
use pgwal::source::Source;
use pgwal::verify::records::{ListRequest, ListSink, NoEvent};
use pgwal_query::filter;
use pgwal_report::outside::{Lines, OutputForm};
use pgwal_report::outside_times::AskedTimes;
use pgwal_report::time::Zone;
use pgwal_report::txns::{TxnsReport, csv, json, text};
use std::io::Write;
use std::time::Duration;

/// Options of `txns`.
#[derive(clap::Args)]
#[command(after_help = "A transaction that only reads leaves nothing in WAL. Exit code 1: a record could not be read.")]
pub struct TxnsArgs {
    #[command(flatten)]
    history: HistoryOptions,
    #[command(flatten)]
    filter: HistoryFilter,
    /// Which come first: those that ended last, or the largest
    #[arg(long, value_name = "ORDER", value_parser = orders(), default_value = "end")]
    by: XactOrder,
    /// List so many [default: 20 in text, else all, up to 50000]
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Only this transaction, in full, or the one of which it is a subtransaction
    #[arg(short, long, value_name = "XID", value_parser = crate::words::xid)]
    xid: Option<u32>,
    /// Only those that were open at a position, or may have been at a time
    #[arg(long, value_name = "LSN|TIME")]
    open_at: Option<String>,
    /// Only those that took so long for certain: 90s, 15m, 2h
    #[arg(long, value_name = "TIME", value_parser = age)]
    longer_than: Option<Duration>,
    /// Only those that wrote so many bytes: 10M, 1G
    #[arg(long, value_name = "BYTES", value_parser = filter::size)]
    min_bytes: Option<u64>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = TxnsFormat::Text)]
    format: TxnsFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TxnsFormat {
    /// For people
    Text,
    /// A JSON document
    Json,
    /// Comma-separated values: a row a transaction and relation
    Csv,
}

/// Transactions of a list for people.
const TOLD: usize = 20;

fn orders() -> impl TypedValueParser<Value = XactOrder> {
    let find = |name: String| XactOrder::ALL.into_iter().find(|order| order.name() == name).ok_or("no such order");
    PossibleValuesParser::new(XactOrder::ALL.map(XactOrder::name)).try_map(find)
}

/// Lists transactions.
pub fn run(args: &TxnsArgs) -> anyhow::Result<Exit> {
    let mut zone = args.history.zone();
    let opened = args.history.open()?;
    let wish = args.wish(&mut zone, args.history.names_for(&args.filter, &opened)?.as_ref())?;
    let look = |source: &dyn Source,
                wanted: &ListRequest<'_>,
                names: &Names,
                tell: &NoteFinding<'_>,
                sink: &mut ListSink<'_, NoEvent>| transactions(source, wanted, &wish, names, tell, sink);
    let answer = args.history.ask_of(&opened, &zone, look)?;
    let (exit, tells) = exit(&answer.gathered, answer.range.is_some(), args.format == TxnsFormat::Json);
    if !tells {
        return Ok(exit);
    }
    if let Some(xid) = wish.xid {
        for (timeline, end) in elsewhere(&args.history, xid, &opened, &answer.gathered.outcome) {
            crate::complain(told(xid, timeline, end));
        }
    }
    let report = TxnsReport { place: opened.source().describe(), by: wish.by, asked: asked(&wish), answer: &answer };
    let mut out = page(if args.format == TxnsFormat::Json { OutputForm::Json } else { OutputForm::Plain });
    match args.format {
        TxnsFormat::Text => text::write(&mut Lines::new(&mut out), &report, &zone)?,
        TxnsFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &json::document(&report))?;
            writeln!(out)?;
        }
        TxnsFormat::Csv => out.write_all(csv::rows(&report).as_bytes())?,
    }
    out.flush()?;
    Ok(exit)
}

/// From when to when, or where.
fn asked(wish: &XactWish) -> AskedTimes {
    let (time, at) = match wish.open_at {
        Some(OpenAt::Time(time)) => (Some(time), None),
        Some(OpenAt::Lsn(lsn)) => (None, Some(lsn)),
        None => (None, None),
    };
    AskedTimes { since: wish.since.or(time), until: wish.until.or(time), at }
}

impl TxnsArgs {
    fn wish(&self, zone: &mut Zone, names: Option<&Names>) -> anyhow::Result<XactWish> {
        let (since, until) = self.filter.times(zone)?;
        let open_at = self.open_at.as_deref().map(|text| match text.parse::<Lsn>() {
            Ok(lsn) => Ok(OpenAt::Lsn(lsn)),
            Err(_) => time("--open-at", text, zone).map(OpenAt::Time),
        });
        let told = (self.format == TxnsFormat::Text).then_some(TOLD);
        Ok(XactWish {
            by: self.by,
            limit: self.limit.map(|limit| limit as usize).or(told),
            xid: self.xid,
            open_at: open_at.transpose()?,
            longer_than: self.longer_than.map(|least| i64::try_from(least.as_micros()).unwrap_or(i64::MAX)),
            min_bytes: self.min_bytes.unwrap_or(0),
            since,
            until,
            relations: self.filter.files(names)?,
            databases: self.filter.databases(names)?,
            from: self.history.start(),
        })
    }
}
