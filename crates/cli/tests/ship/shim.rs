//! Calls of the C library that fail with EIO, by a library that is loaded in front of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use walproof_live::gate;

/// Fails call number N of a kind on files below a folder: `SHIM=write:N`, `SHIM_UNDER=FOLDER`; makes the file
/// `SHIM_HIT` then.
const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int calls;

static int fails(const char *kind, const char *path) {
    const char *shim = getenv("SHIM"), *under = getenv("SHIM_UNDER"), *hit = getenv("SHIM_HIT");
    size_t length = strlen(kind);
    if (!shim || !under || !hit || strncmp(shim, kind, length) != 0 || shim[length] != ':') return 0;
    if (!strstr(path, under)) return 0;
    if (__sync_add_and_fetch(&calls, 1) != atoi(shim + length + 1)) return 0;
    int (*open_)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    int (*close_)(int) = dlsym(RTLD_NEXT, "close");
    close_(open_(hit, O_CREAT | O_WRONLY, 0666));
    errno = EIO;
    return 1;
}

static int fd_fails(const char *kind, int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return fails(kind, path);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    return fd_fails("write", fd) ? -1 : real(fd, bytes, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    ssize_t (*real)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");
    return fd_fails("write", fd) ? -1 : real(fd, bytes, count, at);
}

ssize_t read(int fd, void *bytes, size_t count) {
    ssize_t (*real)(int, void *, size_t) = dlsym(RTLD_NEXT, "read");
    return fd_fails("read", fd) ? -1 : real(fd, bytes, count);
}

int fsync(int fd) {
    int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
    return fd_fails("fsync", fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
    int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
    return fd_fails("fsync", fd) ? -1 : real(fd);
}

int open64(const char *path, int flags, ...) {
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
    va_list all;
    va_start(all, flags);
    int mode = va_arg(all, int);
    va_end(all);
    return fails("open", path) ? -1 : real(path, flags, mode);
}
"#;

/// The library, where there is a C compiler.
pub fn shim(folder: &Path) -> Option<PathBuf> {
    let (source, library) = (folder.join("shim.c"), folder.join("shim.so"));
    fs::write(&source, SOURCE).unwrap();
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl");
    if cc.output().is_ok_and(|output| output.status.success()) {
        return Some(library);
    }
    gate::goes_without("no C compiler (cc): calls that fail with EIO");
    None
}

/// Has a command's call number `nth` of this kind fail on files whose path has `under` in it.
pub fn failing(command: &mut Command, library: &Path, (kind, nth): (&str, u32), under: &str, hit: &Path) {
    command.env("LD_PRELOAD", library).env("SHIM", format!("{kind}:{nth}"));
    command.env("SHIM_UNDER", under).env("SHIM_HIT", hit);
}
