"""Runs the steps of a damaged case; the Rust tests have the same in crates/testdata."""
import pathlib
import packing

TESTDATA = pathlib.Path(__file__).resolve().parent.parent


def run(testdata, steps):
    """The files that `steps` make, by name."""
    files = {}
    for step in steps:
        match step['op']:
            case 'unpack':
                files[step['to']] = packing.unpack(testdata / step['from'])
            case 'copy':
                files[step['to']] = (testdata / step['from']).read_bytes()
            case 'remove':
                del files[step['file']]
            case 'text':
                files[step['file']] = step['text'].encode()
            case _:
                files[step['file']] = changed(testdata, files[step['file']], step)
    return dict(sorted(files.items()))


def changed(testdata, data, step):
    data, at = bytearray(data), step.get('offset', 0)
    match step['op']:
        case 'flip':
            data[at] ^= 1 << step['bit']
        case 'write':
            new = bytes.fromhex(step['hex'])
            data[at:at + len(new)] = new
        case 'zero':
            data[at:at + step['length']] = bytes(step['length'])
        case 'splice':
            data[at:at + step['length']] = packing.unpack(testdata / step['from'])[at:at + step['length']]
        case 'resize':
            data = data[:step['size']] + bytes(max(0, step['size'] - len(data)))
        case other:
            raise SystemExit(f'unknown step {other}')
    return bytes(data)
