//! The cluster that `--restored` names: its data directory, what pg_controldata printed, or its server.

use crate::psql::{PsqlSession, is_conninfo, refuse_password};
use anyhow::{Context, anyhow, bail};
use pgwal::source::Source;
use pgwal::verify::recovery::{RestoredCluster, SERVER_CONF, SERVER_FACTS, SERVER_HISTORY, SERVER_LABEL};
use std::io::{self, Read};
use std::path::Path;

/// The cluster that was restored, with its history from wherever that is. `aimed`: a target was named.
pub(super) fn restored_cluster(place: &Path, archive: &dyn Source, aimed: bool) -> anyhow::Result<RestoredCluster> {
    let mut cluster = match (place.to_str(), place.to_str().filter(|text| is_conninfo(text))) {
        (Some("-"), _) => {
            let mut text = String::new();
            io::stdin().take(1 << 20).read_to_string(&mut text).context("standard input")?;
            RestoredCluster::of_controldata(&text)?
        }
        (_, Some(conninfo)) if !place.exists() => of_server(conninfo)?,
        _ => RestoredCluster::read(place)?,
    };
    cluster.other_target = aimed;
    cluster.add_history(archive)?;
    Ok(cluster)
}

fn of_server(conninfo: &str) -> anyhow::Result<RestoredCluster> {
    const ELSE: &str =
        "on the server's host: pg_controldata -D PGDATA | walproof verify ARCHIVE --restored - --backup BACKUP";
    refuse_password(conninfo)?;
    let asked = || -> anyhow::Result<String> {
        let mut server = PsqlSession::open(conninfo)?;
        let facts = server.ask(SERVER_FACTS)?;
        if let Some(error) = facts.error {
            bail!("the server did not answer: {error}");
        }
        // Not every role may read files of the server: the archive may have the history, too.
        let files = [SERVER_HISTORY, SERVER_LABEL, SERVER_CONF].map(|query| server.ask(query).map(|said| said.rows));
        files.into_iter().try_fold(facts.rows, |rows, said| Ok(rows + &said?))
    };
    let answer = asked().map_err(|error| anyhow!("{error:#}; {ELSE}"))?;
    Ok(RestoredCluster::of_server(conninfo, &answer)?)
}
