#!/usr/bin/env python3
"""Cuts seeds for the fuzz targets out of an unpacked corpus of real WAL.

usage: make_seeds.py CORPUS     writes seeds/<target>/

Seeds that begin with `found-` are inputs that once failed; they are kept as they are.
"""
import bz2, glob, gzip, lzma, os, shutil, struct, subprocess, sys

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
    program = max(glob.glob(os.path.join(HERE, "..", "target", "*", "walproof")), key=os.path.getmtime)
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
