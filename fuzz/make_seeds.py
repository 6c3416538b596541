#!/usr/bin/env python3
"""Cuts seeds for the fuzz targets out of an unpacked corpus of real WAL.

usage: make_seeds.py CORPUS     writes seeds/<target>/

Seeds that begin with `found-` are inputs that once failed; they are kept as they are.
"""
import bz2, glob, gzip, io, lzma, os, shutil, struct, subprocess, sys, tarfile

CORPUS = sys.argv[1]
HERE = os.path.dirname(os.path.abspath(__file__))
MIB = 1 << 20
# The row in the table of dialects.
ROW = {"8.2": 0, "9.2": 5, "9.4": 7, "10": 10, "13": 13, "15": 15, "19": 19}
PAGE = 8192


def put(target, name, data):
    folder = os.path.join(HERE, "seeds", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


def read(path, start=0, length=-1):
    with open(path, "rb") as f:
        f.seek(start)
        return f.read(length)


def segments(version):
    """Complete segments of timeline 1, in order."""
    found = sorted(glob.glob(f"{CORPUS}/{version}/archive/00000001????????????????"))
    return [f for f in found if len(os.path.basename(f)) == 24]


def packed(command, data):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def records(version, page):
    """Records that lie whole on the first page of a segment, as far as lengths lead."""
    old = version in ("8.2", "9.2")
    header = 32 if old else 40
    info = struct.unpack_from("<H", page, 2)[0]
    if old:
        rest = struct.unpack_from("<I", page, header)[0] if info & 1 else 0
        header += 4 if info & 1 else 0
    else:
        rest = struct.unpack_from("<I", page, 16)[0]
    at = (header + rest + 7) & ~7
    while at + 32 < len(page):
        length = struct.unpack_from("<I", page, at + (16 if old else 0))[0]
        if length < 24 or at + length > len(page):
            return
        yield page[at:at + length]
        at = (at + length + 7) & ~7


def said():
    """Programs for a writer of WAL: a few records of every resource manager."""
    def record(rmid, info, kind, main, *blocks):
        out = struct.pack("<BBBH", rmid, info, kind & 0xFC | len(blocks), len(main)) + main
        return out + b"".join(struct.pack("<BBB", fork, number, len(data)) + data for fork, number, data in blocks)

    some = bytes(range(1, 65))
    for version, row in ROW.items():
        every = b"".join(record(rmid, op << 4, 0, some) for rmid in range(22) for op in (0, 1))
        put("said", f"{version}-every-manager", bytes([row, 12]) + every)
        heap = b"".join(record(10, op << 4, 4, some[:16], (0, 7, some[:32])) for op in range(8))
        put("said", f"{version}-heap", bytes([row, 12]) + heap)
        ends = b"".join(record(1, op << 4 | 0x80, 24, struct.pack("<QI", 848_000_000_000_000, 0x1FF) + some * 4)
                        for op in range(5))
        put("said", f"{version}-transactions", bytes([row, 12]) + ends)


def tars():
    """Base backups in a tar, plain, packed and cut."""
    label = (b"START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\n"
             b"CHECKPOINT LOCATION: 0/2000060\nBACKUP METHOD: streamed\nBACKUP FROM: primary\n"
             b"START TIME: 2026-11-28 12:00:00 UTC\nLABEL: seed\nSTART TIMELINE: 1\n")
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in [("backup_label", label), ("PG_VERSION", b"15\n"), ("base/5/1259", b"\0" * 8192),
                           ("postgresql.auto.conf", b"restore_command = 'cp /a/%f %p'\n"),
                           ("pg_wal/000000010000000000000002", b"\x10\xd1" + b"\0" * 510)]:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    plain = out.getvalue()
    put("tar", "plain", plain)
    put("tar", "cut", plain[:3000])
    put("tar", "gzip", gzip.compress(plain, mtime=0))
    put("tar", "gzip-cut", gzip.compress(plain, mtime=0)[:-30])
    put("tar", "no-end", plain.rstrip(b"\0"))


def manifests():
    one = b"""{ "PostgreSQL-Backup-Manifest-Version": %d,%s
"Files": [
{ "Path": "backup_label", "Size": 227, "Last-Modified": "2026-11-28 12:00:00 GMT", "Checksum-Algorithm": "CRC32C", "Checksum": "c9c2f5a3" },
{ "Encoded-Path": "c3bc", "Size": 0, "Last-Modified": "2026-11-28 12:00:00 GMT" }
],
"WAL-Ranges": [
{ "Timeline": 1, "Start-LSN": "0/2000028", "End-LSN": "0/2000100" }
],
"""
    put("manifest", "version-1", one % (1, b""))
    put("manifest", "version-2", one % (2, b'\n"System-Identifier": 7577000000000000001,'))
    put("manifest", "cut", (one % (1, b""))[:150])
    put("manifest", "many-ranges", one.replace(b"\n],\n\"WAL", b"],\"WAL") % (1, b"") + b"{" * 2000)


def settings():
    put("settings", "targets", b"restore_command = 'cp /a/%f \"%p\"'\nrecovery_target_time = '2026-11-28 14:00:00+01'\n"
        b"recovery_target_inclusive = off\nrecovery_target_action = 'promote'\nrecovery_target_timeline = '0x2'\n")
    put("settings", "name", b"recovery_target_name='a''b'\nstandby_mode = on # a comment\nmax_connections=10\n")
    put("settings", "includes", b"include_dir 'conf.d'\ninclude_if_exists = x.conf\nhot_standby off\n")
    put("settings", "faults", b"recovery_target_xid = 'x\n= 3\nrecovery_target_lsn = '0/'\nignore_invalid_pages = maybe\n")
    put("settings", "label", b"START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\n"
        b"CHECKPOINT LOCATION: 0/2000060\nBACKUP METHOD: pg_start_backup\nINCREMENTAL FROM LSN: 0/1\n")


def control():
    for version, row in ROW.items():
        put("control", version, bytes([row, 0]))
        put("control", f"{version}-32-big", bytes([row, 5]) + b"\x10\x00\xff\x20\x00\x09")


def pages_and_records():
    for version in ROW:
        files = segments(version)
        first, middle = read(files[0], 0, PAGE), read(files[1], 3 * PAGE, 1024)
        put("page", f"{version}-long", first if version in ("8.2", "9.2") else first[:512])
        put("page", f"{version}-short", middle)
        kinds = set()
        for path in files[:6]:
            size = os.path.getsize(path)
            for start in range(0, min(size, 64 * PAGE), PAGE):
                page = read(path, start, PAGE)
                if start:
                    continue
                for record in records(version, page):
                    old = version in ("8.2", "9.2")
                    mid = version == "9.4"
                    rmid = record[25] if old else record[13] if mid else record[17]
                    info = record[24] if old else record[12] if mid else record[16]
                    if (rmid, info & 0xF0) not in kinds and len(record) < 3000 and len(kinds) < 14:
                        kinds.add((rmid, info & 0xF0))
                        put("record", f"{version}-{rmid:02}-{info & 0xF0:02x}", record)
    put("page", "zeros", bytes(64))
    put("page", "elf", b"\x7fELF" + bytes(60))


def plan(version, segments, first, timeline=0, steps=b"", shape=0b01100, story=0, expect=0):
    expect |= (4 | timeline << 3) if timeline else 0
    return bytes([ROW[version], shape | (segments - 1) << 5, story, expect]) + struct.pack("<I", first) + steps


def lay(place, data):
    return bytes([4]) + struct.pack("<I", place)[:3] + struct.pack("<H", len(data)) + data


def seam(version, left, right, count, timeline):
    """The last pages of a segment and the first of the next, in segments that are zero else."""
    number = int(os.path.basename(left)[8:16], 16) * 4096 + int(os.path.basename(left)[16:], 16)
    steps = lay(MIB - count * PAGE, read(left, MIB - count * PAGE, count * PAGE)) + lay(MIB, read(right, 0, count * PAGE))
    return plan(version, 2, number, timeline, steps)


def walks():
    for version in ("13", "15", "19"):
        files = segments(version)
        for index in (0, 3, 11):
            put("walk", f"{version}-seam-{index}", seam(version, files[index], files[index + 1], 2, 1))
    # A record over three segments, the record that gives up another, and a switch.
    big = sorted(glob.glob(f"{CORPUS}/15/tl/1/*"))
    at = next(i for i, f in enumerate(big) if f.endswith("00000031"))
    steps = b"".join(
        lay(i * MIB, read(big[at + i], 0, PAGE)) + lay((i + 1) * MIB - PAGE, read(big[at + i], MIB - PAGE, PAGE)) for i in range(3)
    )
    put("walk", "15-over-three", plan("15", 3, 0x31, 1, steps))
    given_up = next(i for i, f in enumerate(big) if f.endswith("0000005B"))
    put("walk", "15-overwrite", seam("15", big[given_up], big[given_up + 1], 1, 1))
    # Segments of 16 MiB do not fit; their first pages pass for those of smaller ones, but for the size in the long header.
    for version in ("8.2", "9.2", "9.4", "10"):
        page = bytearray(read(segments(version)[1], 0, 2 * PAGE))
        struct.pack_into("<I", page, 24 if version in ("8.2", "9.2") else 32, MIB)
        log, seg = struct.unpack_from("<II", page, 8) if version in ("8.2", "9.2") else struct.unpack_from("<II", page, 8)[::-1]
        per = 4095 if version in ("8.2", "9.2") else 4096
        put("walk", f"{version}-first", plan(version, 1, log * per + seg // MIB, 0, lay(0, bytes(page))))
    # Crafted stories, whole and with a little damage of each kind.
    flip, write, zero = bytes([0, 0, 0, 16, 3]), bytes([1, 20, 0, 16, 4, 1, 2, 3, 4]), bytes([2, 0, 0, 32, 0, 32])
    copy, page_, seal = bytes([3, 0, 0, 16, 0, 0, 32, 0, 32]), bytes([5, 0, 0, 16, 7, 0, 1, 0, 0]), bytes([6, 40, 0, 16])
    cut, swap, link = bytes([7, 1, 0, 0, 8]), bytes([8, 1, 2]), bytes([9, 40, 0, 16, 40, 0, 0])
    damages = [b"", flip, write + seal, zero, copy, page_, cut, swap, link + seal]
    for story in range(1, 8):
        for index, version in enumerate(("8.2", "9.4", "15", "19")):
            damage = damages[(story * 4 + index) % len(damages)]
            put("walk", f"story-{story}-{version}", plan(version, 4 - index % 2, index, 1 + index, damage, 0b01100 | index & 1, story, index & 3))


def texts():
    for version in ROW:
        for path in sorted(glob.glob(f"{CORPUS}/{version}/archive/*.history") + glob.glob(f"{CORPUS}/{version}/archive/*.backup"))[:4]:
            put("text", f"{version}-{os.path.basename(path)}", read(path))
    lines = set()
    for path in sorted(glob.glob(f"{CORPUS}/*/oracle/server_recovery*.log")):
        for line in read(path).split(b"\n"):
            words = line.split(b":  ", 1)[-1][:24]
            if b":  " in line and words not in lines and len(lines) < 120:
                lines.add(words)
                put("text", f"log-{len(lines):03}", line)
    for index, text in enumerate(
        ["5A/1F00C9D8", "000000040000005A0000001F", "000000040000005A0000001F+51672", "000000040000005A0000001F.00000028.backup",
         "000000040000005A0000001F.partial", "0000000A.history", "log file 90, segment 31, offset 51672", "file:global/pg_control",
         "WAL segment 000000040000005A0000001F, LSN 5A/1F00C9D8, offset 51672", "time:2026-11-20 14:02", "xid:7", "9.2.24", "0x1F",
         "000000010000000000000002-0123456789abcdef0123456789abcdef01234567.zst", "WP2xx", "-1/5", "\t 0/10 and more",
         "pg_waldump: error: error in WAL record at 0/665AC78: invalid record length at 0/665ACA8: wanted 24, got 0",
         "unexpected pageaddr 0/A000000 in log file 0, segment 39, offset 8192",
         "invalid magic number D05E in log segment 00000001000000000000000F, offset 524288"]
    ):
        put("text", f"short-{index:02}", text.encode())


def codecs():
    plain = read(segments("15")[0], 0, 3 * PAGE)
    put("codec", "plain", plain[:600])
    put("codec", "gzip", gzip.compress(plain, mtime=0))
    put("codec", "gzip-two", gzip.compress(plain[:300], mtime=0) + gzip.compress(plain[300:900], mtime=0))
    put("codec", "gzip-zeros", gzip.compress(bytes(6 * MIB), mtime=0))
    put("codec", "xz", lzma.compress(plain))
    put("codec", "lzma", lzma.compress(plain, format=lzma.FORMAT_ALONE))
    put("codec", "bzip2", bz2.compress(plain[:4000]))
    for tool, options in (("zstd", []), ("zstd", ["--long=27"]), ("zstd", ["--no-check", "-19"]), ("lz4", []), ("lz4", ["-BD", "-9"]), ("lz4", ["--content-size", "-BX"])):
        name = "-".join([tool] + [o.strip("-") for o in options])
        try:
            put("codec", name, packed([tool, "-c", "-q", *options], plain))
            put("codec", name + "-zeros", packed([tool, "-c", "-q", *options], bytes(6 * MIB)))
        except FileNotFoundError:
            print(f"no {tool} here: its seeds are left as they are", file=sys.stderr)
    folder = os.path.join(HERE, "seeds", "codec")
    for name in os.listdir(folder):
        data = read(os.path.join(folder, name))
        if "-cut" not in name and not name.startswith("found-") and len(data) > 200:
            put("codec", name + "-cut", data[:len(data) * 2 // 3])
    put("codec", "skippable", struct.pack("<II", 0x184D2A50, 4) + b"abcd" + bytes([0x28, 0xB5, 0x2F, 0xFD, 0x20, 0, 1, 0, 0]))
    for name, magic in (("salted", b"Salted__12345678"), ("age", b"age-encryption.org/v1\n"), ("pgp", b"-----BEGIN PGP MESSAGE-----\n"), ("tar", bytes(257) + b"ustar\0")):
        put("codec", name, magic)


def parts():
    """Summaries without their head and their checksum, as `walproof summarize` of this tree writes them."""
    built = filter(os.path.isfile, glob.glob(os.path.join(HERE, "..", "target", "*", "walproof")))
    program = max(built, key=os.path.getmtime)
    # A summary says where its files lay.
    archive = "/tmp/walproof-seeds"
    for version in ROW:
        shutil.rmtree(archive, ignore_errors=True)
        shutil.copytree(f"{CORPUS}/{version}/archive", archive)
        everything = sorted(glob.glob(f"{archive}/*"))
        for name, share in (("small", [f for f in everything if os.path.getsize(f) < 2000]), ("first", everything[:3]), ("last", everything[-4:])):
            if not share:
                continue
            out = os.path.join(HERE, "seeds", "part.tmp")
            subprocess.run([program, "summarize", "-o", out, *share], check=True)
            data = read(out)[15:-16]
            os.remove(out)
            if len(data) < 16384:
                put("part", f"{version}-{name}", data)
    shutil.rmtree(archive)


pages_and_records()
walks()
parts()
texts()
codecs()
said()
tars()
manifests()
settings()
control()
