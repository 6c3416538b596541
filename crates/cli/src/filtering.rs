//! The options that say which records: those of `pg_waldump`, with its letters and its meaning, and more without
//! letters.

use crate::exit::Exit;
use crate::names::AskedRelation;
use crate::streams::stream;
use crate::words::xid;
use anyhow::anyhow;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use pgwal::catalog::Names;
use pgwal_query::count::By;
use pgwal_query::filter::{self, Filter, RecordType, RmgrChoice, Wish};
use pgwal_report::outside::OutputForm;
use pgwal_report::time::Zone;
use std::io::Write;

/// The options.
#[derive(clap::Args)]
pub struct Filtering {
    /// Only records of this resource manager; may be repeated. "list" prints their names
    #[arg(short, long, value_name = "RMGR", value_parser = filter::rmgr)]
    rmgr: Vec<RmgrChoice>,
    /// Only records of this type, as in INSERT or Heap/INSERT; may be repeated. walproof fields lists them
    #[arg(long, value_name = "TYPE", value_parser = RecordType::parse)]
    record: Vec<RecordType>,
    /// Only records with this transaction in their header
    #[arg(short, long, value_name = "XID", value_parser = xid)]
    xid: Option<u32>,
    /// Only records of this transaction and of its subtransactions, the end of a prepared one included
    #[arg(long, value_name = "XID", value_parser = xid)]
    transaction: Option<u32>,
    /// Only records that touch this database, by its OID; 0 for what all databases share
    #[arg(long, value_name = "OID")]
    database: Option<u32>,
    /// Only records that touch this relation: its name, or tablespace OID/database OID/file number
    ///
    /// A name has its schema and database in front or not, and means every file that the relation ever had.
    #[arg(short = 'R', long, value_name = "RELATION", value_parser = AskedRelation::parse)]
    relation: Option<AskedRelation>,
    /// Only records that touch this block of the relation
    #[arg(short = 'B', long, value_name = "N", requires = "relation")]
    block: Option<u32>,
    /// Only records that touch this fork: main, fsm, vm or init
    #[arg(short = 'F', long, value_name = "FORK", value_parser = filter::fork)]
    fork: Option<u8>,
    /// Only records with a page image
    #[arg(short = 'w', long)]
    fullpage: bool,
    /// Only from this time on: 2026-11-22 14:00, 14:00, yesterday 14:00, 2h ago. A record without a time has that of
    /// the last one before it that has one
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only up to this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only records of at least so many bytes, page images included
    #[arg(long, value_name = "BYTES", value_parser = filter::size)]
    min_size: Option<u64>,
    /// Only records that replay of this replication origin wrote
    #[arg(long, value_name = "N")]
    origin: Option<u16>,
    /// Only commits that unlink files of relations (DROP, TRUNCATE, rewrites), and records that remove databases and
    /// tablespaces
    #[arg(long)]
    drops: bool,
    /// No records, only what is wrong
    #[arg(long)]
    only_damaged: bool,
}

impl Filtering {
    /// What they ask for, with times without a zone in this one, and relations by these names.
    pub fn filter(&self, zone: &mut Zone, names: Option<&Names>) -> anyhow::Result<Filter> {
        let now = crate::zone::now();
        let mut read = |option: &str, text: Option<&String>| {
            let time = text.map(|text| zone.read(text, now)).transpose();
            time.map_err(|what| anyhow!("{option} \"{}\": {what}", text.map_or("", String::as_str)))
        };
        let (since, until) = (read("--since", self.since.as_ref())?, read("--until", self.until.as_ref())?);
        crate::zone::in_order(since, until, zone)?;
        if self.since.is_some() || self.until.is_some() {
            // A list has no place for it.
            crate::complain(format_args!("times: {}", zone.told()));
        }
        Ok(Filter::from(Wish {
            rmgr: self.rmgr.clone(),
            record: self.record.clone(),
            xid: self.xid,
            transaction: self.transaction,
            database: self.database,
            relation: self.relation.as_ref().map(|asked| asked.files(names)).transpose()?.unwrap_or_default(),
            block: self.block,
            fork: self.fork,
            fullpage: self.fullpage,
            since,
            until,
            min_size: self.min_size,
            origin: self.origin,
            drops: self.drops,
            only_damaged: self.only_damaged,
        }))
    }

    /// What to say where nothing fits, of what people most often look for.
    pub fn none_fits(&self) -> Option<&'static str> {
        let within = self.since.is_some() || self.until.is_some();
        match (self.drops, within) {
            (true, true) => Some("nothing was dropped in that time; without --since and --until every drop is listed"),
            (true, false) => Some("nothing is dropped by the WAL that is here"),
            (false, _) => None,
        }
    }

    /// A relation is asked for by its name.
    pub fn needs_names(&self) -> bool {
        matches!(self.relation, Some(AskedRelation::Name(_)))
    }

    /// The names of resource managers are asked for.
    pub fn lists_managers(&self) -> bool {
        self.rmgr.contains(&RmgrChoice::List)
    }
}

/// Prints the names that -r takes.
pub fn list_managers() -> anyhow::Result<Exit> {
    let mut out = stream(OutputForm::Plain);
    for name in filter::managers() {
        writeln!(out, "{name}")?;
    }
    Ok(Exit::Clean)
}

/// Reads what to count by.
pub fn by() -> impl TypedValueParser<Value = By> {
    let value = |by: By| {
        PossibleValue::new(by.name()).help(match by {
            By::Rmgr => "Resource manager",
            By::Record => "Resource manager and type",
            By::Relation => "Relation and fork: that of a record's first block; each page image counts for its own",
            By::Xid => "The transaction in the header, 0 for none",
            By::Database => "Database, as for relation",
            By::Minute => "Minute of the record's time, or of the last one before it that has one",
            By::Checkpoint => "The last checkpoint record at or before the record",
        })
    };
    let find = |name: String| By::ALL.into_iter().find(|by| by.name() == name).ok_or("no such group");
    PossibleValuesParser::new(By::ALL.map(value)).try_map(find)
}
