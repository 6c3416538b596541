//! The options that give names of relations: a list that a server wrote, a base backup.

use anyhow::{Context, anyhow, bail, ensure};
use pgwal::catalog::{BaseCatalogs, FoundRelation, ListedNames, Names, RelationName, mapping};
use pgwal::forensics::{EventWish, base_catalogs, events};
use pgwal::format::Lsn;
use pgwal::format::record::RelFileLocator;
use pgwal::format::text::history::Switch;
use pgwal::repos::{DataPlace, ListedBackup, Repository};
use pgwal::source::Source;
use pgwal::verify::backup::{self, Backup};
use pgwal::verify::records::ListRequest;
use pgwal::verify::{Options, Outcome};
use pgwal_query::filter;
use pgwal_report::relation_name::full;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The largest list of names that is read.
const LONGEST: u64 = 256 << 20;
/// Relations that are listed where a name is that of several.
const SHOWN: usize = 10;

/// Where names of relations come from.
#[derive(clap::Args, Clone)]
pub struct NamesOptions {
    /// Names of relations, as a server writes them that is asked the query of walproof events --names-query; WAL that
    /// says otherwise goes before
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,
    /// A base backup that gives names: a folder, a tar, or one that the repository of the archive knows, by its label
    /// or latest
    ///
    /// A data directory, a tar of pg_basebackup or the folder with it. Its names hold from where it starts on, and WAL
    /// carries them further.
    #[arg(long, value_name = "BACKUP")]
    backup: Option<OsString>,
}

/// A relation that is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AskedRelation {
    /// By a file.
    File(RelFileLocator),
    /// By its name.
    Name(String),
}

impl AskedRelation {
    /// Reads tablespace OID/database OID/file number, or a name.
    pub fn parse(text: &str) -> Result<AskedRelation, String> {
        if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'/') {
            return filter::relation(text).map(AskedRelation::File);
        }
        Ok(AskedRelation::Name(text.to_owned()))
    }

    /// The same of one relation: a block is one of its own, and a partitioned table has none.
    pub fn files_of_one(&self, names: Option<&Names>) -> anyhow::Result<Vec<RelFileLocator>> {
        match (self, names) {
            (AskedRelation::Name(name), Some(names))
                if names.find(name).is_empty() && names.partitioned(name).is_some() =>
            {
                bail!("{name} is a partitioned table, which has no rows of its own: name a partition of it")
            }
            _ => self.files(names),
        }
    }

    /// Every file that it has, or had; a partitioned table's are those of its partitions.
    pub fn files(&self, names: Option<&Names>) -> anyhow::Result<Vec<RelFileLocator>> {
        let (name, names) = match (self, names) {
            (AskedRelation::File(rel), _) => return Ok(vec![*rel]),
            (AskedRelation::Name(name), Some(names)) => (name, names),
            (AskedRelation::Name(name), None) => bail!("no names are known, that of {name} neither"),
        };
        let mut found = names.find(name);
        match found.len() {
            0 if names.partitioned(name).is_some() => {
                let parts = names.partitions(name);
                ensure!(
                    !parts.is_empty(),
                    "{name} is a partitioned table, which has no rows of its own, and no partition of it is known here: \
                     name one"
                );
                Ok(parts.into_iter().flat_map(|part| part.files).collect())
            }
            0 => bail!(
                "no relation is called {name}, as far as names are known: from WAL itself, from --names, from --backup{}",
                half_known(names, name)
            ),
            1 => Ok(found.remove(0).files),
            count => {
                let shown: Vec<String> = found.iter().take(SHOWN).map(shown).collect();
                let more = if count > SHOWN { format!(" and {} more", count - SHOWN) } else { String::new() };
                bail!("{name} is the name of several relations: {}{more}", shown.join(", "))
            }
        }
    }
}

/// Relations of the last part of a name, of which the rest is not known.
fn half_known(names: &Names, asked: &str) -> String {
    let Some((_, last)) = asked.rsplit_once('.') else { return String::new() };
    let is_half = |found: &FoundRelation| found.name.schema.is_none() || found.name.database.is_none();
    let found: Vec<String> = names.find(last).iter().filter(|found| is_half(found)).take(SHOWN).map(shown).collect();
    if found.is_empty() {
        return String::new();
    }
    format!("; of schemas or databases that are not known: {} (-R {last})", found.join(", "))
}

fn shown(found: &FoundRelation) -> String {
    let RelationName { oid, .. } = found.name;
    let files: Vec<String> = found.files.iter().take(SHOWN).map(|f| format!("{}/{}/{}", f.spc, f.db, f.rel)).collect();
    format!("{} (OID {oid}: {})", full(&found.name), files.join(" "))
}

impl NamesOptions {
    /// The base backup that is named.
    pub fn backup(&self) -> Option<&OsString> {
        self.backup.as_ref()
    }

    /// Whether names are given.
    pub fn are_given(&self) -> bool {
        self.names.is_some() || self.backup.is_some()
    }

    /// Those of the list alone.
    pub fn listed(&self) -> anyhow::Result<ListedNames> {
        let Some(path) = &self.names else { return Ok(ListedNames::default()) };
        let text = crate::input::plain(path, LONGEST)?;
        mapping::read(&text).with_context(|| format!("{}: no list of names", path.display()))
    }

    /// The names that are given, before WAL says anything. `repository`: that of the archive, which may know the
    /// backup.
    pub fn given(&self, repository: Option<&Repository>) -> anyhow::Result<Names> {
        let listed = self.listed()?;
        let base = match &self.backup {
            Some(name) => Some(catalogs(name, repository).with_context(|| name.display().to_string())?),
            None => None,
        };
        if let (Some(base), Some(name)) = (&base, &self.backup)
            && base.pages_left_out + base.left_out > 0
        {
            let (pages, more) = (base.pages_left_out, base.left_out);
            let name = name.display();
            crate::complain(format_args!(
                "{name}: {pages} pages of its catalogs make no sense, and {more} databases or rows of them could not be read; what they name stays a number"
            ));
        }
        Ok(Names::given(listed, base))
    }

    /// The names at every position of an archive, where they are given or asked for.
    pub fn needed(
        &self,
        asked: bool,
        (source, repository): (&dyn Source, Option<&Repository>),
        options: &Options<'_>,
    ) -> anyhow::Result<Option<Names>> {
        let is_needed = self.are_given() || asked;
        is_needed.then(|| self.through(source, repository, options)).transpose()
    }

    /// The names at every position of an archive, which is read for that.
    pub fn through(
        &self,
        source: &dyn Source,
        repository: Option<&Repository>,
        options: &Options<'_>,
    ) -> anyhow::Result<Names> {
        self.through_range((source, repository), options, (None, None))
    }

    /// The same, read from one position to another.
    pub fn through_range(
        &self,
        (source, repository): (&dyn Source, Option<&Repository>),
        options: &Options<'_>,
        (start, end): (Option<Lsn>, Option<Lsn>),
    ) -> anyhow::Result<Names> {
        let given = self.given(repository)?;
        let mut options = options.beside();
        (options.start, options.end) = (start, end);
        let wanted = ListRequest { options, limit: None };
        // What is wrong is told by whoever reads the archive for its sake.
        let answer = events(source, &wanted, &EventWish::for_names(), &given, &|_, _, _| {}, &mut |_| Ok(()))?;
        self.fit(&given, &answer.gathered.outcome)?;
        Ok(answer.names)
    }

    /// Whether the backup is one of this archive.
    pub fn fit(&self, given: &Names, archive: &Outcome) -> anyhow::Result<()> {
        let (Some(base), Some(name)) = (given.base(), &self.backup) else { return Ok(()) };
        let name = name.display();
        if let Some(own) = archive.system_id {
            ensure!(
                own == base.system_id,
                "{name} is of another cluster: its system identifier is {}, that of the archive {own}",
                base.system_id
            );
        }
        let next = archive.path.iter().skip_while(|timeline| **timeline != base.timeline).nth(1);
        let left = archive.timelines.iter().find(|report| Some(&report.timeline) == next).and_then(|next| next.switch);
        let beyond = matches!(left, Some(Switch::At(lsn)) if lsn < base.start);
        ensure!(
            archive.path.is_empty() || archive.path.contains(&base.timeline) && !beyond,
            "{name} began at {} on timeline {}, which is not on the way that is read: choose that timeline with -t",
            base.start,
            base.timeline
        );
        Ok(())
    }
}

fn catalogs(name: &OsString, repository: Option<&Repository>) -> anyhow::Result<BaseCatalogs> {
    let path = Path::new(name);
    if path.exists() {
        return on_disk(&backup::open(path)?, path);
    }
    let label = name.to_string_lossy();
    let repository = repository
        .ok_or_else(|| anyhow!("no file or folder, and the archive lies in no repository that could know a backup"))?;
    let listed =
        repository.backup(&label).ok_or_else(|| anyhow!("no file or folder, and no backup of the repository"))?;
    in_repository(repository, listed)
}

fn on_disk(backup: &Backup, path: &Path) -> anyhow::Result<BaseCatalogs> {
    let label = backup.label.as_ref().map(|label| (label.start, label.start_file.timeline));
    Ok(base_catalogs(label, &mut |wants, take| backup::each_file(backup, path, wants, take))?)
}

fn in_repository(repository: &Repository, listed: &ListedBackup) -> anyhow::Result<BaseCatalogs> {
    match repository.data_place(listed)? {
        DataPlace::Disk(path) => on_disk(&backup::open(&path)?, &path),
        DataPlace::Kept => {
            let start = listed.start.zip(listed.timeline());
            Ok(base_catalogs(start, &mut |wants, take| repository.each_data_file(listed, wants, take))?)
        }
        DataPlace::Closed => bail!(
            "single files of a backup of this tool are not read here: restore it, and name the folder, or give --names"
        ),
    }
}
