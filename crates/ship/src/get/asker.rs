//! The server that asks, by what lies in the folder in which it runs its commands, its data directory, and by the words
//! with which it was started there.

use pgwal_format::text::control::ControlFile;
use pgwal_format::{Layout, TimelineId};
use pgwal_recovery::TargetTimeline;
use pgwal_recovery::backup::StartFiles;
use pgwal_recovery::hole::ServerAim;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The server that asks.
#[derive(Clone, Debug, Default)]
pub struct AskingServer {
    data: PathBuf,
    files: StartFiles,
    control_is_broken: bool,
}

/// A server may be writing its control file: so often, so far apart.
const READINGS: usize = 5;
const APART: Duration = Duration::from_millis(10);

impl AskingServer {
    /// Looks at a data directory. What is not there says nothing: somebody may ask by hand.
    pub fn in_folder(data: &Path) -> AskingServer {
        let mut own = AskingServer { data: data.to_path_buf(), ..AskingServer::default() };
        for again in 0..READINGS {
            if again > 0 {
                std::thread::sleep(APART);
            }
            own.files = StartFiles::of_server(data).or_else(|_| StartFiles::read(data)).unwrap_or_default();
            own.control_is_broken = own.files.control.is_none() && data.join("global/pg_control").exists();
            if !own.control_is_broken {
                break;
            }
        }
        own
    }

    /// It is a standby: told that a file is not there, it asks again.
    pub fn is_standby(&self) -> bool {
        self.files.is_standby()
    }

    /// A target is set at which its recovery is to stop.
    pub fn has_target(&self) -> bool {
        self.files.has_target()
    }

    /// Its cluster.
    pub fn system_id(&self) -> Option<u64> {
        self.files.control.map(|control| control.system_id)
    }

    /// How its WAL is laid out.
    pub fn layout(&self) -> Option<Layout> {
        let control = self.files.control?;
        Some(Layout {
            dialect: control.dialect,
            align: control.align,
            endian: control.endian,
            segment: control.segment,
            page: control.wal_page_size,
        })
    }

    /// Where it is going.
    pub fn aim(&self) -> ServerAim {
        let timeline = match self.files.target_timeline() {
            "latest" => TargetTimeline::Latest,
            "current" => TargetTimeline::Current,
            // What is no number is 0 up to 11, and that is the latest.
            number => TimelineId::parse(number).map_or(TargetTimeline::Latest, TargetTimeline::Number),
        };
        ServerAim { start: self.files.control.map(|control| control.timeline), timeline }
    }

    /// Its control file, where that is whole.
    pub(super) fn control(&self) -> Option<&ControlFile> {
        self.files.control.as_ref()
    }

    /// Its data directory.
    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    /// Its folder of WAL.
    pub fn wal(&self) -> Option<PathBuf> {
        ["pg_wal", "pg_xlog"].map(|name| self.data.join(name)).into_iter().find(|wal| wal.is_dir())
    }
}
