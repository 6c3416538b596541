//! Running other programs from the workspace's root.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

/// The workspace's root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The cargo that runs us.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Run to the end; a failure is an error that names the command.
pub fn done(command: &mut Command) -> Result<()> {
    let shown = format!("{command:?}");
    let status = command.status().with_context(|| shown.clone())?;
    ensure!(status.success(), "{shown}: {status}");
    Ok(())
}

/// Build the binary as it is released; returns its path.
pub fn release_binary() -> Result<PathBuf> {
    done(cargo().args(["build", "--release", "--package", "walproof"]))?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let binary = target.join("release/walproof");
    ensure!(binary.is_file(), "{} was not built", binary.display());
    Ok(binary)
}

/// Write a result under `benches/results` and say where.
pub fn keep_result(name: &str, text: &str) -> Result<()> {
    let path = root().join("benches/results").join(name);
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    std::fs::write(&path, text)?;
    println!("{text}\nkept as benches/results/{name}");
    Ok(())
}
