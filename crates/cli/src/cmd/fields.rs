//! `walproof fields`: every field of every type of records, from the tables by which records are described.

use crate::exit::Exit;
use crate::streams::page;
use clap::ValueEnum;
use pgwal::format::Version;
use pgwal_query::fields::{FieldRow, rows};
use pgwal_query::filter::{self, RecordType, RmgrChoice};
use pgwal_report::fields;
use pgwal_report::outside::OutputForm;
use std::io::Write;

/// The options of `fields`.
#[derive(clap::Args)]
pub struct FieldsArgs {
    /// Only of this type of records, as in INSERT or Heap/INSERT; may be repeated
    #[arg(value_name = "TYPE", value_parser = RecordType::parse)]
    types: Vec<RecordType>,
    /// Only of this resource manager; may be repeated
    #[arg(short, long, value_name = "RMGR", value_parser = filter::rmgr)]
    rmgr: Vec<RmgrChoice>,
    /// Only those that this version has (8.2 to 19)
    #[arg(long = "as", value_name = "VERSION")]
    version: Option<Version>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = FieldsFormat::Text)]
    format: FieldsFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FieldsFormat {
    Text,
    Json,
}

impl FieldsFormat {
    fn form(self) -> OutputForm {
        match self {
            FieldsFormat::Text => OutputForm::Plain,
            FieldsFormat::Json => OutputForm::Json,
        }
    }
}

/// Lists the fields.
pub fn run(args: &FieldsArgs) -> anyhow::Result<Exit> {
    if args.rmgr.contains(&RmgrChoice::List) {
        return crate::filtering::list_managers();
    }
    let is_asked = |row: &FieldRow| {
        let rmid = filter::managers().iter().position(|name| *name == row.rmgr).unwrap_or(0) as u8;
        let typed = args.types.is_empty() || args.types.iter().any(|t| t.is_named(rmid, row.record));
        let of_version = args.version.is_none_or(|version| row.since <= version && version <= row.until);
        typed && of_version && (args.rmgr.is_empty() || args.rmgr.contains(&RmgrChoice::Id(rmid)))
    };
    let rows: Vec<FieldRow> = rows().into_iter().filter(is_asked).collect();
    let text = match args.format {
        FieldsFormat::Text => fields::text::table(&rows),
        FieldsFormat::Json => serde_json::to_string_pretty(&fields::json::document(&rows))? + "\n",
    };
    let mut out = page(args.format.form());
    out.write_all(text.as_bytes()).and_then(|()| out.flush())?;
    Ok(Exit::Clean)
}
