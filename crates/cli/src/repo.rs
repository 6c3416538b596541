//! The options that say which of several archives at a place is meant.

use pgwal::repos::{RepoChoice, RepoLayout};

/// Which of several is meant.
#[derive(clap::Args, Clone, Default)]
pub struct PlaceOptions {
    /// Whose repository it is: pgbackrest, barman, barman-cloud, wal-g, wal-e, pg_probackup, pghoard, folder [default:
    /// as it looks]
    #[arg(long, value_name = "TOOL", value_parser = layout)]
    pub layout: Option<RepoLayout>,
    /// pgBackRest's stanza
    #[arg(long, value_name = "NAME")]
    pub stanza: Option<String>,
    /// pgBackRest's archive id, as 15-1 [default: the current one by archive.info]
    #[arg(long, value_name = "ID")]
    pub archive_id: Option<String>,
    /// Barman's server, pg_probackup's instance, pghoard's site, or the folder of a prefix
    #[arg(long, value_name = "NAME")]
    pub server: Option<String>,
}

fn layout(text: &str) -> Result<RepoLayout, String> {
    let names = || RepoLayout::ALL.map(RepoLayout::option).join(", ");
    text.parse().map_err(|()| format!("one of {}", names()))
}

impl PlaceOptions {
    /// As they are written for another command.
    pub fn words(&self) -> Vec<(&'static str, String)> {
        let layout = self.layout.map(|layout| layout.option().to_owned());
        let named = [("--layout", layout), ("--stanza", self.stanza.clone())].into_iter();
        let named = named.chain([("--archive-id", self.archive_id.clone()), ("--server", self.server.clone())]);
        named.filter_map(|(option, value)| Some((option, value?))).collect()
    }

    /// What they say.
    pub fn choice(&self) -> RepoChoice {
        RepoChoice {
            layout: self.layout,
            stanza: self.stanza.clone(),
            archive_id: self.archive_id.clone(),
            server: self.server.clone(),
        }
    }
}
