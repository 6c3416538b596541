//! Running the program, and folders for it to run on.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Far more than any run here takes: what is longer hangs.
const BOUND: Duration = Duration::from_secs(120);

/// What a run came to.
pub struct Ran {
    /// How it ended.
    pub status: ExitStatus,
    /// What it said.
    pub said: String,
    /// What it complained about.
    pub complained: String,
}

impl Ran {
    /// Checks the exit code; a signal is none.
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(self.status.code(), Some(code), "{}\n{}{}", self.status, self.said, self.complained);
        self
    }

    /// Checks that a text was said or complained.
    #[track_caller]
    pub fn says(self, text: &str) -> Ran {
        assert!(
            self.said.contains(text) || self.complained.contains(text),
            "not said: {text}\n{}{}",
            self.said,
            self.complained
        );
        self
    }
}

/// The program, ready for arguments.
pub fn walproof() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
    command.stdin(Stdio::null());
    command
}

/// `walproof verify PATH`, to its end.
pub fn verify(path: &Path) -> Ran {
    run(walproof().arg("verify").arg(path))
}

/// Runs a command to its end, its output in files, so that nobody has to read it meanwhile.
pub fn run(command: &mut Command) -> Ran {
    let (mut out, mut err) = (tempfile::NamedTempFile::new().unwrap(), tempfile::NamedTempFile::new().unwrap());
    let child = command.stdout(out.reopen().unwrap()).stderr(err.reopen().unwrap()).spawn().unwrap();
    let status = ended(child);
    let text = |file: &mut tempfile::NamedTempFile| io::read_to_string(file).unwrap();
    Ran { status, said: text(&mut out), complained: text(&mut err) }
}

/// Waits for a process, but not for ever.
pub fn ended(mut child: Child) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if begun.elapsed() > BOUND {
            child.kill().unwrap();
            panic!("still running after {BOUND:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Three good segments of 1 MiB: 000000010000000000000009 to …0B of timeline 1.
pub fn good() -> TempDir {
    demo("good")
}

/// The same, with a flipped bit.
pub fn damaged() -> TempDir {
    demo("damaged")
}

fn demo(which: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in fs::read_dir(walproof_testdata::root().join("demo").join(which)).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    folder
}

/// The name of a segment of timeline 1, with 4096 segments of 1 MiB a log.
pub fn segment(number: u32) -> String {
    format!("00000001{:08X}{:08X}", number / 4096, number % 4096)
}

/// Writes a file.
pub fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::File::create(&path).unwrap().write_all(bytes).unwrap();
    path
}

/// Opens a folder to other users, or a file.
pub fn mode(path: &Path, bits: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(bits)).unwrap();
}

/// The program as a user whom permissions bind: ourselves, or `nobody` where we are root. The program is copied into
/// `folder`, since `nobody` may not be allowed into the place where it was built.
pub fn unprivileged(folder: &Path) -> Command {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;
    let program = folder.join("walproof");
    // By another process: a file that is open for writing anywhere cannot be run, and a test that starts a program just
    // then would hand it our open file.
    assert!(Command::new("cp").arg(env!("CARGO_BIN_EXE_walproof")).arg(&program).status().unwrap().success());
    mode(folder, 0o755);
    mode(&program, 0o755);
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).current_dir("/");
    if fs::metadata(folder).unwrap().uid() == 0 {
        const NOBODY: u32 = 65534;
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}
