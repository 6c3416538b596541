#!/usr/bin/env python3
"""Makes src/recovery/parameters.tsv: the settings that a server takes, by version, from servers.

    parameters/make.py BIN...        BIN: a folder with initdb and postgres, one for each major; not as root

Each server is initialised in a folder that goes away, and asked for pg_settings in single-user mode. What pg_settings
hides is asked for by name (postgres -C). What depends on how a server was built stands in tables below, so that what
another build takes is taken here.
"""
import os, re, subprocess, sys, tempfile

# Taken as a name and in no list: what pg_settings hides, and former names of others.
HIDDEN = """role session_authorization seed is_superuser transaction_isolation transaction_read_only
transaction_deferrable default_with_oids ssl_renegotiation_limit sort_mem vacuum_mem force_parallel_mode
ssl_ecdh_curve config_file hba_file ident_file data_directory external_pid_file""".split()
# There or not, as the server was built.
BUILT = """wal_debug trace_locks trace_userlocks trace_lwlocks trace_lock_oidmin trace_lock_table debug_deadlocks
trace_syncscan trace_sort optimize_bounded_sort log_btree_build_stats debug_io_direct bonjour bonjour_name
fsync_writethrough debug_copy_parse_plan_trees debug_write_read_parse_plan_trees
debug_raw_expression_coverage_test debug_discard_caches clobber_cache_always""".split()
# Words of other builds, and words that are taken and not listed.
WORDS = {
    "wal_sync_method": ["fsync_writethrough", "open_sync", "open_datasync", "fdatasync", "fsync"],
    "dynamic_shared_memory_type": ["posix", "sysv", "windows", "mmap"],
    "shared_memory_type": ["sysv", "windows", "mmap"],
    "wal_compression": ["pglz", "lz4", "zstd"],
    "default_toast_compression": ["pglz", "lz4"],
    "io_method": ["sync", "worker", "io_uring"],
    "syslog_facility": ["none"] + ["local%d" % n for n in range(8)],
    "wal_level": ["archive", "hot_standby"],
    "password_encryption": ["on", "true", "yes", "1"],
    "ssl_min_protocol_version": [""],
    "ssl_max_protocol_version": [""],
}
BOOLEAN = ["on", "off", "true", "false", "yes", "no", "1", "0"]
LEVELS = ["debug", "info", "notice", "warning", "error", "log", "fatal", "panic"]


def run(command, given=b""):
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout


def settings(bin_folder):
    version = int(re.search(rb"\(PostgreSQL\) (\d+)", run([bin_folder + "/postgres", "--version"])).group(1))
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        data, out = folder + "/data", folder + "/out"
        run([bin_folder + "/initdb", "-D", data, "-N", "--no-locale", "-E", "UTF8"])
        sql = (f"copy (select name, context, vartype, coalesce(unit, ''), coalesce(min_val, ''), coalesce(max_val, ''),"
               f" coalesce(array_to_string(enumvals, ','), '') from pg_settings) to '{out}'\n")
        run([bin_folder + "/postgres", "--single", "-D", data, "postgres"], sql.encode())
        for line in open(out):
            name, context, kind, unit, least, most, words = line.rstrip("\n").split("\t")
            if context == "internal":
                row = ("fixed", "", "", "", "")
            elif kind == "enum":
                words = words.split(",") + WORDS.get(name, [])
                words += BOOLEAN if {"on", "off"} & set(words) else []
                words += LEVELS if "debug5" in words else []
                row = ("enum", "", "", "", ",".join(sorted(set(words))))
            elif kind in ("integer", "real"):
                row = (kind, unit, least, most, "")
            else:
                row = (kind, "", "", "", "")
            found[name] = row
        for name in HIDDEN:
            said = run([bin_folder + "/postgres", "-D", data, "-C", name])
            if name not in found and b"unrecognized" not in said:
                found[name] = ("any", "", "", "", "")
    for name in BUILT:
        found.setdefault(name, ("any", "", "", "", ""))
    return version, found


def main():
    by_version = dict(settings(folder) for folder in sys.argv[1:])
    versions = sorted(by_version)
    rows = []
    for name in sorted({name for found in by_version.values() for name in found}, key=str.lower):
        before = None
        for version in versions:
            row = by_version[version].get(name)
            if row is not None and row == before:
                rows[-1][2] = version
            elif row is not None:
                rows.append([name, version, version, *row])
            before = row
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "src", "recovery", "parameters.tsv")
    with open(path, "w") as out:
        out.write("# name, first and last version, type, unit, least, most, words; made by parameters/make.py\n")
        for row in rows:
            out.write("\t".join(map(str, row)).rstrip("\t") + "\n")


main()
