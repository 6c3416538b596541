#!/usr/bin/env python3
"""Captures `invalid_pages`: one base backup whose files are taken away or cut in many ways, and what a server made of each.

usage: python3 testdata/make/invalid_pages.py BIN WORK [FOLDER]      (not as root; BIN: programs of a server of 13 or later; WORK is emptied)

FOLDER, by default testdata/invalid_pages, gets the archive (xz), backup_label and pg_control of the backup, `files.txt` (size and path of
every relation's file), and `cases.json`.
"""
import json, lzma, os, pathlib, re, shutil, subprocess, sys, time

bins, work = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
folder = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else pathlib.Path(__file__).resolve().parent.parent / 'invalid_pages'
env = dict(os.environ, LC_ALL='C', TZ='UTC', PGHOST=str(work), PGPORT='5994', PGUSER='postgres')
data, base, archive = work / 'data', work / 'base', work / 'archive'
COPY = " strategy file_copy"


def run(name, *words):
    return subprocess.run([bins / name, *map(str, words)], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def sql(text, database='postgres'):
    ran = run('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', database, '-c', text)
    if ran.returncode:
        raise SystemExit(f'{text}: {ran.stdout}')
    return ran.stdout.strip()


def start(folder, log):
    run('pg_ctl', '-w', '-t', '60', '-D', folder, '-l', log, 'start')


def stop(folder, mode):
    run('pg_ctl', '-w', '-D', folder, '-m', mode, 'stop')


class Session:
    def __init__(self):
        self.psql = subprocess.Popen([bins / 'psql', '-XAtq', '-d', 'postgres'], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def sql(self, text):
        self.psql.stdin.write(text + "; select '~end';\n")
        self.psql.stdin.flush()
        return ''.join(iter(self.psql.stdout.readline, '~end\n'))


shutil.rmtree(work, ignore_errors=True)
archive.mkdir(parents=True)
run('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '--no-locale', '--wal-segsize=1')
version = int((data / 'PG_VERSION').read_text())
with open(data / 'postgresql.conf', 'a') as conf:
    conf.write(f"\nlisten_addresses = ''\nunix_socket_directories = '{work}'\nport = 5994\narchive_mode = on\narchive_command = 'cp %p {archive}/%f'\n"
               "fsync = off\nfull_page_writes = off\nautovacuum = off\nmax_wal_size = 2GB\ncheckpoint_timeout = 1d\nlc_messages = 'C'\n")
start(data, work / 'log')
path = {}


def make(names, database='postgres'):
    for name in names.split():
        sql(f"create table {name} (id int primary key, v text)", database)
        sql(f"insert into {name} select g, repeat('x', 300) from generate_series(1, 400) g", database)
        path[name], path[name + '_pkey'] = sql(f"select pg_relation_filepath('{name}'), pg_relation_filepath('{name}_pkey')", database).split('|')


make('changed vacuumed_dropped vacuumed_cut vacuumed dropped_late rewritten untouched grown')
sql('create unlogged table unlogged (id int primary key)')
path['unlogged_pkey'] = sql("select pg_relation_filepath('unlogged_pkey')")
sql('create database source')
make('copied', 'source')
sql('vacuum grown')
sql('checkpoint')
session = Session()
session.sql("select pg_backup_start('invalid_pages', true)" if version >= 15 else "select pg_start_backup('invalid_pages', true, false)")
shutil.copytree(data, base, ignore=lambda _, names: [n for n in names if n.startswith('postmaster.')])
shutil.rmtree(base / 'pg_wal')
(base / 'pg_wal' / 'archive_status').mkdir(parents=True)
# While the backup runs, images are forced; what sets bits of the visibility map needs its table's block without one.
sql("update rewritten set v = 'y'")
sql('vacuum vacuumed_dropped')
sql('drop table vacuumed_dropped')
sql('vacuum vacuumed_cut')
sql('delete from vacuumed_cut where id > 50')
sql('vacuum vacuumed_cut')
sql('vacuum vacuumed')
sql("insert into grown select g, repeat('z', 300) from generate_series(1001, 1400) g")
label = session.sql('select labelfile from ' + ('pg_backup_stop()' if version >= 15 else 'pg_stop_backup(false)'))
(base / 'backup_label').write_text(label.rstrip('\n') + '\n')
session.psql.stdin.close()
consistent = sql('select pg_current_wal_insert_lsn()')
# From here on there are no images.
sql("update dropped_late set v = 'q' where id % 50 = 0")
sql('drop table dropped_late')
sql("update rewritten set v = 'w' where id % 50 = 0")
sql('delete from changed where id % 40 = 0')
sql('delete from grown where id % 40 = 0')
sql("insert into vacuumed select g, 'n' from generate_series(2001, 2010) g")
sql('create database target template source' + (COPY if version >= 15 else ''))
sql('delete from copied where id % 40 = 0', 'target')
sql('drop database target')
sql('select pg_switch_wal()')
time.sleep(1)
stop(data, 'fast')

GONE = None
maps = {str(p.relative_to(base)): GONE for p in base.glob('base/*/*') if re.fullmatch(r'\d+_(vm|fsm)', p.name)}
CASES = [
    ('whole', {}, {}),
    ('a changed table is gone', {path['changed']: GONE}, {}),
    ('a changed table is cut', {path['changed']: 5}, {}),
    ('its index is gone, and nothing changes it', {path['changed_pkey']: GONE}, {}),
    ('an index is gone that gets entries', {path['vacuumed_pkey']: GONE}, {}),
    ('maps of free space and visibility are gone', maps, {}),
    ('a table is gone that is dropped before the end of the backup', {path['vacuumed_dropped']: GONE}, {}),
    ('a table is cut that is truncated to less before the end of the backup', {path['vacuumed_cut']: 8}, {}),
    ('a table is cut to less than it is truncated to', {path['vacuumed_cut']: 1}, {}),
    ('a vacuumed table is cut', {path['vacuumed']: 7}, {}),
    ('a vacuumed table is gone', {path['vacuumed']: GONE}, {}),
    ('a table is gone that is dropped too late', {path['dropped_late']: GONE}, {}),
    ('a table is gone whose blocks all come as images', {path['rewritten']: GONE}, {}),
    ('a table is gone that nothing changes', {path['untouched']: GONE, path['untouched_pkey']: GONE}, {}),
    ('a table is cut that grows: zeros lie between', {path['grown']: 5}, {}),
    ('an init fork is gone', {path['unlogged_pkey'] + '_init': GONE}, {}),
    ('a table is cut in a database that is copied', {path['copied']: 5}, {}),
    ('two files are damaged', {path['changed']: GONE, path['vacuumed']: 3}, {}),
    ('invalid pages are ignored', {path['vacuumed']: 7}, {'ignore_invalid_pages': 'on'}),
    ('they are ignored behind consistency', {path['changed']: GONE}, {'ignore_invalid_pages': 'on'}),
    ('the target comes before them', {path['changed']: GONE}, {'recovery_target_lsn': consistent}),
    ('the target is consistency, which is not reached', {path['vacuumed']: 7}, {'recovery_target': 'immediate'}),
]
cases = []
for what, changes, settings in CASES:
    copy, log = work / 'copy', work / 'copy.log'
    shutil.rmtree(copy, ignore_errors=True)
    log.unlink(missing_ok=True)
    shutil.copytree(base, copy)
    copy.chmod(0o700)
    for name, blocks in changes.items():
        if blocks is GONE:
            (copy / name).unlink()
        else:
            os.truncate(copy / name, blocks * 8192)
    given = {'restore_command': f'cp {archive}/%f %p', 'recovery_target_action': 'promote', **settings}
    with open(copy / 'postgresql.conf', 'a') as conf:
        conf.write("\narchive_mode = off\nlog_min_messages = info\nlog_line_prefix = ''\n" + ''.join(f"{k} = '{v}'\n" for k, v in given.items()))
    (copy / 'recovery.signal').touch()
    start(copy, log)
    for _ in range(100):
        said = log.read_text()
        if 'is shut down' in said or 'PANIC' in said or 'archive recovery complete' in said:
            break
        time.sleep(0.1)
    time.sleep(0.3)
    stop(copy, 'immediate')
    said = log.read_text()
    found = lambda pattern: next((m[1] for m in [re.search(pattern, said, re.M)] if m), None)
    pages = sorted(set(re.findall(r'WARNING:  page (\d+) of relation (\S+) (does not exist|is uninitialized)', said)))
    cases.append({
        'what': what, 'changes': changes, 'settings': settings,
        'panic': found(r'^PANIC:  (.*)'), 'promotes': 'archive recovery complete' in said,
        'consistent_at': found(r'consistent recovery state reached at (\S+)'),
        'record': found(r'^CONTEXT:  WAL redo at (\S+) for') if 'PANIC' in said else None,
        'pages': [[int(block), file, kind == 'is uninitialized'] for block, file, kind in pages],
    })
    print(what, cases[-1]['panic'], len(pages), pages[:1], flush=True)

shutil.rmtree(folder, ignore_errors=True)
(folder / 'archive').mkdir(parents=True)
first = re.search(r'file (\w+)\)', label)[1]
for segment in sorted(archive.iterdir()):
    if re.fullmatch(r'[0-9A-F]{24}', segment.name) and segment.name >= first:
        (folder / 'archive' / (segment.name + '.xz')).write_bytes(lzma.compress(segment.read_bytes(), preset=9 | lzma.PRESET_EXTREME))
(folder / 'base' / 'global').mkdir(parents=True)
for name in ['backup_label', 'PG_VERSION', 'global/pg_control']:
    shutil.copyfile(base / name, folder / 'base' / name)
files = sorted(p for place in ['base', 'global'] for p in (base / place).rglob('*') if re.fullmatch(r'\d+(_\w+)?(\.\d+)?', p.name) and p.is_file())
(folder / 'files.txt').write_text(''.join(f'{p.stat().st_size} {p.relative_to(base)}\n' for p in files))
(folder / 'cases.json').write_text('[\n' + ',\n'.join(json.dumps(case) for case in cases) + '\n]\n')
