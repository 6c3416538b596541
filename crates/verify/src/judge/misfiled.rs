//! Which WAL lies where the tool that keeps the place does not look for it?

use super::Judge;
use crate::codes::{Code, Severity};
use crate::finding::{Detail, Finding, MisfiledAt};
use pgwal_archive::read::sha1_of;
use pgwal_format::FileName;
use pgwal_source::{Codec, MisfiledFile};

/// So many are told one by one.
const TOLD: usize = 100;
/// Of so many, the name that they should have is found out, for which some have to be read.
const READ: usize = 5;

impl Judge<'_> {
    /// What lies there is missing to a server that gets its WAL by the tool.
    pub(super) fn misfiled(&mut self) {
        let more = self.misfiled.len().saturating_sub(TOLD) as u64;
        let mut found: Vec<Finding> = Vec::new();
        for (index, file) in self.misfiled.iter().take(TOLD).enumerate() {
            let taken = file.wanted.taken.as_ref().map(|taken| format!("{}{taken}", file.wanted.folder));
            let is_read = index < READ && taken.is_none();
            let (to, unpack) = if is_read { self.right_name(file) } else { None }.unzip();
            let unpack = unpack.unwrap_or(false);
            let finding = Finding {
                file: Some(file.entry.shown()),
                detail: Detail::Misfiled(Box::new(MisfiledAt {
                    to,
                    unpack,
                    look_in: file.wanted.folder.clone(),
                    taken,
                    root: self.root_typed(),
                })),
                ..Finding::of(Code::Misfiled)
            };
            found.extend(match file.entry.name {
                Some(FileName::Segment(name)) => {
                    let number = name.number(self.layout().address(), self.layout().segment);
                    number.map(|number| self.not_asked_for(finding, name.timeline, number))
                }
                Some(FileName::History(timeline)) if self.lineage.get(timeline).is_none() => {
                    Some(Finding { severity: Severity::Warning, timeline: Some(timeline), ..finding })
                }
                _ => Some(Finding { severity: Severity::Info, ..finding }),
            });
        }
        if let Some(last) = found.last_mut() {
            last.more = more;
        }
        self.findings.extend(found);
    }

    /// Where the tool looks for the file, and whether it has to be unpacked for that; `None` where it cannot be read.
    fn right_name(&self, file: &MisfiledFile) -> Option<(String, bool)> {
        let name = file.entry.name?;
        let (codec, sha1) = sha1_of(self.source, &file.entry, self.layout().segment.bytes())?;
        // What is packed behind its encryption is told; what is not stays as it is.
        let packed = if matches!(codec, Codec::Encrypted(_)) { Codec::Plain } else { codec };
        let as_it_is = file.wanted.of(name, packed, sha1).map(|to| (to, false));
        as_it_is.or_else(|| Some((file.wanted.of(name, Codec::Plain, sha1)?, true)))
    }

    fn root_typed(&self) -> Option<String> {
        self.root(self.source.local()?)
    }
}
