//! `cargo xtask man`, `completions`, `deb`: what is installed beside the program, and a Debian package of all of it.
//!
//! ```text
//! usr/bin/walproof
//! usr/share/man/man1/walproof*.1.gz                 walproof generate man
//! usr/share/bash-completion/completions/walproof    walproof generate completions; zsh and fish where Debian has theirs
//! usr/lib/systemd/system/walproof-verify@.{service,timer}, walproof-watch@.service
//! usr/share/doc/walproof/{copyright,changelog.gz,README.md,examples/…}
//! ```

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::run::{cargo, done, release_binary, root};

/// Write manual pages or completions into a folder.
pub fn generate(what: &str, folder: &str) -> Result<()> {
    let folder = std::path::absolute(folder)?;
    done(cargo().args(["run", "--quiet", "--package", "walproof", "--", "generate", what]).arg(folder))
}

/// Make `walproof_VERSION_ARCHITECTURE.deb` in a folder, of this program or of one that is built for it.
pub fn deb(folder: &str, binary: Option<&str>) -> Result<()> {
    let binary = match binary {
        Some(path) => PathBuf::from(path),
        None => release_binary()?,
    };
    let (version, architecture) = (env!("CARGO_PKG_VERSION"), architecture()?);
    let name = format!("walproof_{version}_{architecture}");
    let stage = Path::new(folder).join(format!("{name}.stage"));
    if stage.exists() {
        fs::remove_dir_all(&stage)?;
    }
    install(&binary, &stage.join("usr/bin/walproof"), 0o755)?;
    let made = stage.join("made");
    done(Command::new(&binary).args(["generate", "man"]).arg(made.join("man")))?;
    done(Command::new(&binary).args(["generate", "completions"]).arg(made.join("completions")))?;
    for page in files(&made.join("man"))? {
        install(&page, &stage.join("usr/share/man/man1").join(page.file_name().unwrap_or_default()), 0o644)?;
    }
    for (file, there) in [
        ("walproof.bash", "usr/share/bash-completion/completions/walproof"),
        ("_walproof", "usr/share/zsh/vendor-completions/_walproof"),
        ("walproof.fish", "usr/share/fish/vendor_completions.d/walproof.fish"),
    ] {
        install(&made.join("completions").join(file), &stage.join(there), 0o644)?;
    }
    fs::remove_dir_all(&made)?;
    let doc = stage.join("usr/share/doc/walproof");
    for unit in files(&root().join("packaging/systemd"))? {
        install(&unit, &stage.join("usr/lib/systemd/system").join(unit.file_name().unwrap_or_default()), 0o644)?;
    }
    for example in ["cron", "github-actions", "prometheus", "nagios"] {
        for file in files(&root().join("packaging").join(example))? {
            install(&file, &doc.join("examples").join(example).join(file.file_name().unwrap_or_default()), 0o644)?;
        }
    }
    install(&root().join("README.md"), &doc.join("README.md"), 0o644)?;
    install(&root().join("CHANGELOG.md"), &doc.join("changelog"), 0o644)?;
    fs::write(doc.join("copyright"), copyright()?)?;
    compress(&doc.join("changelog"))?;
    for page in files(&stage.join("usr/share/man/man1"))? {
        compress(&page)?;
    }
    let libc = libc(&fs::read(&binary)?).context("the program names no version of the C library")?;
    control(&stage, version, &architecture, libc)?;
    let package = Path::new(folder).join(format!("{name}.deb"));
    done(Command::new("dpkg-deb").args(["--root-owner-group", "-Zxz", "--build"]).arg(&stage).arg(&package))?;
    fs::remove_dir_all(&stage)?;
    println!("{}", package.display());
    Ok(())
}

fn control(stage: &Path, version: &str, architecture: &str, libc: u32) -> Result<()> {
    let text = format!(
        "Package: walproof\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: The walproof developers <walproof@example.org>\n\
         Section: database\nPriority: optional\nDepends: libc6 (>= 2.{libc}), libgcc-s1\nInstalled-Size: {}\n\
         Description: says whether a PostgreSQL WAL archive replays\n Reads the WAL of every major version from 8.2 to 19, with no server and no PostgreSQL installed,\n \
         and says how far it replays and why not further.\n",
        size(stage)? / 1024 + 1
    );
    fs::create_dir_all(stage.join("DEBIAN"))?;
    fs::write(stage.join("DEBIAN/control"), text)?;
    Ok(())
}

/// The newest version of the C library that a program asks for: n of `GLIBC_2.n`.
fn libc(program: &[u8]) -> Option<u32> {
    const NAME: &[u8] = b"GLIBC_2.";
    let number = |at: usize| {
        let digits = program.get(at + NAME.len()..)?.iter().take_while(|b| b.is_ascii_digit()).take(4);
        digits.map(|&b| char::from(b)).collect::<String>().parse().ok()
    };
    program.windows(NAME.len()).enumerate().filter(|(_, name)| *name == NAME).filter_map(|(at, _)| number(at)).max()
}

/// In the form that Debian's policy wants (chapter 12.5).
fn copyright() -> Result<String> {
    let indented = |file: &str| -> Result<String> {
        let text = fs::read_to_string(root().join(file))?;
        Ok(text
            .lines()
            .map(|line| if line.trim().is_empty() { " .\n".to_owned() } else { format!(" {line}\n") })
            .collect())
    };
    Ok(format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: The walproof developers\nLicense: MIT or Apache-2.0\n\n\
         License: MIT\n{}\nLicense: Apache-2.0\n On Debian systems the whole text is in /usr/share/common-licenses/Apache-2.0.\n",
        indented("LICENSE-MIT")?
    ))
}

fn architecture() -> Result<String> {
    let output = Command::new("dpkg").arg("--print-architecture").output().context("dpkg is needed")?;
    ensure!(output.status.success(), "dpkg --print-architecture: {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn install(from: &Path, to: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::create_dir_all(to.parent().context("a file has a folder")?)?;
    fs::copy(from, to).with_context(|| format!("{} to {}", from.display(), to.display()))?;
    fs::set_permissions(to, fs::Permissions::from_mode(mode))?;
    Ok(())
}

/// Without name and time, so that the same inputs make the same package.
fn compress(file: &Path) -> Result<()> {
    done(Command::new("gzip").args(["-9", "--no-name"]).arg(file))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut out: Vec<PathBuf> = fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    out.sort();
    Ok(out)
}

fn size(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        sum += if entry.file_type()?.is_dir() { size(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_newest_version_that_is_asked_for_counts() {
        assert_eq!(super::libc(b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.9\0GLIBC_PRIVATE"), Some(34));
        assert_eq!(super::libc(b"static"), None);
    }
}
