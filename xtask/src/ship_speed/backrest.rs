//! pgBackRest on the same segments.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::Result;
use walproof_live::Server;

use super::{Way, name_of};

/// A stanza for each codec and each manner, of one server.
pub struct Backrest<'a> {
    server: &'a Server,
    program: PathBuf,
    work: PathBuf,
}

const CODECS: [&str; 2] = ["none", "zst"];

impl<'a> Backrest<'a> {
    /// Its repositories, where it is installed. It knows the server from its control file alone.
    pub fn installed(server: &'a Server, work: &Path) -> Result<Option<Backrest<'a>>> {
        server.own_folder(work)?;
        let path = env::var_os("PATH").unwrap_or_default();
        let program = env::split_paths(&path).map(|folder| folder.join("pgbackrest")).find(|path| path.is_file());
        let Some(program) = program else { return Ok(None) };
        let own = Backrest { server, program, work: work.to_owned() };
        for codec in CODECS {
            for manner in ["n", "y"] {
                own.begin(codec, manner)?;
            }
        }
        Ok(Some(own))
    }

    fn begin(&self, codec: &str, manner: &str) -> Result<()> {
        let folder = self.folder(codec, manner);
        for name in ["", "repo", "lock", "spool"] {
            self.server.own_folder(&folder.join(name))?;
        }
        let shown = folder.display();
        let text = format!(
            "[global]\nrepo1-path={shown}/repo\nlock-path={shown}/lock\nspool-path={shown}/spool\nlog-level-file=off\n\
             process-max=2\narchive-async={manner}\ncompress-type={codec}\n[main]\npg1-path={}\n",
            self.server.data().display()
        );
        fs::write(folder.join("pgbackrest.conf"), text)?;
        self.server.tool(self.command(codec, manner).args(["--no-online", "stanza-create"]))?;
        Ok(())
    }

    fn folder(&self, codec: &str, manner: &str) -> PathBuf {
        self.work.join(format!("backrest-{codec}-{manner}"))
    }

    fn command(&self, codec: &str, manner: &str) -> Command {
        let mut command = Command::new(&self.program);
        let conf = self.folder(codec, manner).join("pgbackrest.conf");
        command.arg(format!("--config={}", conf.display())).arg("--stanza=main");
        command
    }

    pub fn pushes(&self) -> Vec<Way> {
        let words = |command: &mut Command, segment: &Path| {
            command.arg("archive-push").arg(segment);
        };
        CODECS.map(|codec| self.way(codec, words)).into()
    }

    pub fn gets(&self) -> Vec<Way> {
        let to = self.work.join("RECOVERYXLOG-backrest");
        CODECS
            .map(|codec| {
                let to = to.clone();
                self.way(codec, move |command, segment| {
                    let _ = fs::remove_file(&to);
                    command.arg("archive-get").arg(name_of(segment)).arg(&to);
                })
            })
            .into()
    }

    fn way(&self, codec: &'static str, words: impl Fn(&mut Command, &Path) + 'static) -> Way {
        let conf = self.folder(codec, "n").join("pgbackrest.conf");
        let (program, user) = (self.program.clone(), self.server.runner());
        Way::new(&format!("pgbackrest, {codec}"), move |segment| {
            let mut command = Command::new(&program);
            command.arg(format!("--config={}", conf.display())).arg("--stanza=main");
            words(&mut command, segment);
            let begun = Instant::now();
            user(&mut command)?;
            Ok(begun.elapsed())
        })
    }

    /// Its own process archives all that is ready; each command waits for its segment.
    pub fn push_asynchronously(&self, codec: &str, segments: &[PathBuf]) -> Result<()> {
        for segment in segments {
            self.server.tool(self.command(codec, "y").arg("archive-push").arg(segment))?;
        }
        Ok(())
    }
}
