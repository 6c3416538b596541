#!/usr/bin/env python3
"""Makes crates/logs/src/localised/catalogue.bin from PostgreSQL's message catalogues.

    python3 crates/logs/catalogues/make.py FILE.po FILE.mo ...

The files are those of any majors and programs: postgres, pg_waldump, pg_basebackup, pg_rewind. A distribution's packages
hold the .mo files (/usr/share/locale/*/LC_MESSAGES/postgres-15.mo), the source the .po files (src/backend/po); .mo files
are read with gettext's msgunfmt. No text goes into the table: of each translation that stands for a wording of
src/table/*.rs, the lengths and hashes of what lies between its values, and the order of these. src/localised.rs draws
the layout. Run it again when wordings are added; src/localised.rs has a test that holds the table against the wordings.
"""
import re
import struct
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TABLE = HERE.parent / "src" / "table"
OUT = HERE.parent / "src" / "localised" / "catalogue.bin"

# What stands before a message, and says what it is; in the order of src/level.rs.
ORDER = ["DEBUG", "LOG", "INFO", "NOTICE", "WARNING", "ERROR", "FATAL", "PANIC", "DETAIL", "HINT", "CONTEXT"]
LEVELS = ORDER + ["error", "warning", "fatal", "detail", "hint"]
NOT_MESSAGES = ["STATEMENT", "QUERY", "LOCATION"]
# Messages that quote what a user sent.
QUOTING = ["statement: %s", "duration: %s ms", "duration: %s ms  statement: %s", "execute %s: %s", "parse %s: %s",
           "bind %s to %s", "%s %s%s%s: %s"]
# Messages into which another translation goes.
COMPOSED = [("startup process", "%s (PID %d) exited with exit code %d"),
            ("startup process", "%s (PID %d) was terminated by signal %d: %s")]
# A value, with the name of the file in a folder that is one.
VALUE = r"%(?:(\d+)\$)?[-+ #0]*(?:\*|\d+)?(?:\.\d+)?(?:hh|h|ll|l|z|j|t)?(?:[diouxXcsmpeEfgG]|<PRI[a-zA-Z0-9]+>)" \
        r"(?:/[a-z_]+\.signal|/backup_label(?![a-z.]))?"
# Two arguments that are one value: a position up to 18, a time in seconds.
PAIR = r"%(?:(\d+)\$)?X/%(?:\d+\$)?(?:08)?X|%(?:(\d+)\$)?ld\.%(?:\d+\$)?0[23]d"


MASK = 0xFFFFFFFFFFFFFFFF


def hashed(data):
    """The hash of src/localised/rolling.rs: a polynomial modulo 2^64, stirred."""
    h = 0
    for byte in data:
        h = (h * 0x100000001B3 + byte + 1) & MASK
    h ^= h >> 32
    h = (h * 0x9E3779B97F4A7C15) & MASK
    return h ^ h >> 29


def unescaped(text):
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape") if "\\" in text and text.isascii() \
        else re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t", "r": "\r"}.get(m[1], m[1]), text)


def entries(text):
    """(source files, msgid, [msgstr …]) of a .po file, plural forms apart; what is fuzzy is not used by programs."""
    for block in re.split(r"\n[ \t]*\n", text):
        fields, key, fuzzy, where = {}, None, False, []
        for line in block.splitlines():
            if line.startswith("#,") and "fuzzy" in line:
                fuzzy = True
            if line.startswith("#:"):
                where += [w.rsplit(":", 1)[0] for w in line[2:].split()]
            if line.startswith("#"):
                continue
            if m := re.match(r'(msgid_plural|msgid|msgstr(?:\[\d\])?|msgctxt)\s+"(.*)"\s*$', line):
                key = m[1]
                fields[key] = m[2]
            elif (m := re.match(r'\s*"(.*)"\s*$', line)) and key:
                fields[key] += m[1]
        if not fields.get("msgid"):
            continue
        strings = [unescaped(v) for k, v in sorted(fields.items()) if k.startswith("msgstr") and v]
        if fuzzy:
            strings = []
        for k in ("msgid", "msgid_plural"):
            if k in fields:
                yield where, unescaped(fields[k]), strings


def read(path):
    data = subprocess.run(["msgunfmt", path], check=True, capture_output=True).stdout if path.endswith(".mo") \
        else Path(path).read_bytes()
    charset = re.search(rb"charset=([-A-Za-z0-9]+)", data)
    return data.decode(charset[1].decode() if charset else "utf-8", "replace")


def parts(text):
    """What lies between the values, and the numbers of the values, counted as a C format counts them."""
    literals, values, at, argument = [""], [], 0, 0
    for m in re.finditer(f"%%|{PAIR}|{VALUE}", text):
        literals[-1] += text[at:m.start()]
        at = m.end()
        if m[0] == "%%":
            literals[-1] += "%"
            continue
        argument += 1
        number = int(m[1] or m[2] or m[3] or argument)
        if re.fullmatch(PAIR, m[0]):
            argument += 1
        if m[0] == "%m":
            # It takes no argument: it is itself wherever it stands.
            number, argument = -1, argument - 1
        literals.append("")
        values.append(number)
    literals[-1] += text[at:]
    return literals, values


def pieces(found):
    """Message and translations; what is said in several lines is a message a line."""
    by_id = {msgid: strings for _, msgid, strings in found}
    for what, message in COMPOSED:
        for name in by_id.get(what, []):
            for string in by_id.get(message, []):
                format_ = re.sub(r"%(\d)\$", lambda m: "%" if m[1] == "1" else f"%{int(m[1]) - 1}$", string)
                if format_.count("%s") == 0:
                    continue
                # The number of a signal and its name are one value.
                signal = [re.sub(r"%(?:(\d)\$)?d ?: ?%(?:\d\$)?s$", lambda m: f"%{m[1]}$s" if m[1] else "%s", text)
                          for text in (message.replace("%s", what, 1), format_.replace("%s", name, 1))]
                yield signal[0], signal[1:]
    for _, msgid, strings in found:
        lines = msgid.rstrip("\n").split("\n")
        if len(lines) == 1:
            # A translation may be broken into lines of its own; a log's reader joins them with a space.
            yield msgid, [" ".join(s.split("\n")) for s in strings]
            continue
        for i, line in enumerate(lines):
            fitting = [s.rstrip("\n").split("\n") for s in strings]
            yield line, [s[i] for s in fitting if len(s) == len(lines)]


def wordings():
    """Patterns of the table by their skeleton: literals joined by NUL, in small letters."""
    found = {}
    for path in sorted(TABLE.glob("*.rs")):
        source = path.read_text()
        for m in re.finditer(r'said\(\s*[^"]*?"((?:[^"\\]|\\.)*)"', source):
            pattern = m[1].replace('\\"', '"').replace("\\\\", "\\")
            literals = re.split(r"\{[a-z_]+\}", pattern)
            found.setdefault(skeleton(literals), []).append(pattern)
    return found


def skeleton(literals):
    return "\0".join(literals).lower().rstrip(" .:,;!\n")


def rank(values):
    """The values of a format in the order of their arguments."""
    return {v: i for i, v in enumerate(sorted(set(values), key=lambda v: (v < 0, v)))}


def template(literals, order):
    """The bytes of one translation."""
    out = bytearray([len(order)])
    for i, literal in enumerate(literals):
        data = literal.encode()
        if len(data) > 767:
            return None
        out += struct.pack("<HQ" if i == 0 else "<HI", len(data), hashed(data) if i == 0 else hashed(data) >> 32)
        if i < len(order):
            out.append(order[i])
    return bytes(out)


def main(paths):
    table = wordings()
    templates, words, used, beginnings = set(), set(), set(), set()
    for path in paths:
        for msgid, strings in pieces(list(entries(read(path)))):
            bare = msgid.strip().rstrip(":").rstrip()
            for kind, names in ((0, LEVELS), (1, NOT_MESSAGES)):
                if bare in names:
                    for string in strings:
                        word = string.strip().rstrip(":：").strip()
                        if word and (word != bare or not word.isascii()):
                            words.add((kind, bare.upper(), word))
            if msgid in QUOTING:
                for string in strings:
                    literal = parts(string)[0][0]
                    if len(literal.encode()) > 3:
                        words.add((2, "", literal))
            literals, values = parts(msgid)
            for pattern in table.get(skeleton(literals), []):
                mine = rank(values)
                if len(mine) != len(values):
                    continue
                for string in strings:
                    theirs, order = parts(string.rstrip(" .。\n"))
                    if string == msgid or set(order) != set(values) or len(order) != len(values):
                        continue
                    used.add(pattern)
                    made = template(theirs, [mine[v] for v in order])
                    if made and (len(theirs) > 1 or theirs[0]):
                        templates.add((pattern, made))
                        beginnings.add(theirs[0].encode()[:4])
    out = bytearray()
    order = sorted(templates, key=lambda t: (struct.unpack_from("<Q", t[1], 3)[0], t[1], t[0]))
    begins = sorted({hashed(b) >> 32 for b in beginnings})
    out += struct.pack("<III", len(words), len(begins), len(order))
    for kind, name, word in sorted(words):
        level = ORDER.index(name) if name in ORDER else 0
        data = word.encode()
        out += struct.pack("<BBHQ", kind, level, len(data), hashed(data))
    for begin in begins:
        out += struct.pack("<I", begin)
    for pattern, made in order:
        out += struct.pack("<I", hashed(pattern.encode()) >> 32) + made
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_bytes(out)
    print(f"{len(order)} translations, {len(words)} words, {len(out)} bytes; "
          f"{len(used)} of {sum(map(len, table.values()))} wordings", file=sys.stderr)
    return table, used


if __name__ == "__main__":
    table, used = main(sys.argv[1:])
    for patterns in table.values():
        for pattern in patterns:
            if pattern not in used:
                print(pattern)
