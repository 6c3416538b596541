"""How a file of WAL is kept in testdata: under its own name and the suffix of its compression, as real archives keep it.

`keep` is idempotent: a file that already holds the wanted bytes is left as it is, whichever release of a compressor made it.
"""
import bz2, gzip, lzma, pathlib, subprocess

SUFFIXES = ('.xz', '.bz2', '.zst', '.gz', '.lz4')


def pack(data, suffix):
    if suffix == '.xz':
        return lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)
    if suffix == '.bz2':
        return bz2.compress(data, 9)
    if suffix == '.gz':
        return gzip.compress(data, 9, mtime=0)
    if suffix == '.zst':
        return subprocess.run(['zstd', '-19', '-q', '-c'], input=data, stdout=subprocess.PIPE, check=True).stdout
    if suffix == '.lz4':
        return subprocess.run(['lz4', '-9', '-q', '-c'], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def unpack(path):
    data = path.read_bytes()
    match path.suffix:
        case '.xz':
            return lzma.decompress(data)
        case '.bz2':
            return bz2.decompress(data)
        case '.gz':
            return gzip.decompress(data)
        case '.zst':
            return subprocess.run(['zstd', '-dqc'], input=data, stdout=subprocess.PIPE, check=True).stdout
        case '.lz4':
            return subprocess.run(['lz4', '-dqc'], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def keep(folder, name, data, suffix=''):
    """Put `data` into `folder` as `name` + `suffix`; returns the path."""
    path = pathlib.Path(folder) / (name + suffix)
    if path.exists() and unpack(path) == data:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pack(data, suffix))
    return path


def keep_as_is(folder, name, data):
    """Put `data`, compressed or not, into `folder` byte for byte."""
    path = pathlib.Path(folder) / name
    if not (path.exists() and path.read_bytes() == data):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return path
