#!/usr/bin/env python3
"""Writes the golden files of format 1, from docs/format.md alone: no line of the package takes part.

    python3 test/golden/generate.py

The files are committed and never change. Every later version reads them and, as long as it writes format 1,
writes them byte for byte (test/codec/golden.test.ts, which holds the same values in TypeScript).
"""

import json
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
MASK = (1 << 64) - 1


def xxh64(data: bytes) -> int:
    """XXH64 with seed 0, after https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md."""
    p1, p2, p3, p4, p5 = (
        0x9E3779B185EBCA87,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0x85EBCA77C2B2AE63,
        0x27D4EB2F165667C5,
    )
    rotl = lambda x, r: ((x << r) | (x >> (64 - r))) & MASK
    one = lambda acc, lane: rotl((acc + lane * p2) & MASK, 31) * p1 & MASK
    at = 0
    if len(data) >= 32:
        acc = [(p1 + p2) & MASK, p2, 0, -p1 & MASK]
        while at + 32 <= len(data):
            acc = [one(a, lane) for a, lane in zip(acc, struct.unpack_from("<4Q", data, at))]
            at += 32
        h = sum(rotl(a, r) for a, r in zip(acc, (1, 7, 12, 18))) & MASK
        for a in acc:
            h = ((h ^ one(0, a)) * p1 + p4) & MASK
    else:
        h = p5
    h = (h + len(data)) & MASK
    while at + 8 <= len(data):
        h = (rotl(h ^ one(0, struct.unpack_from("<Q", data, at)[0]), 27) * p1 + p4) & MASK
        at += 8
    if at + 4 <= len(data):
        h = (rotl(h ^ (struct.unpack_from("<I", data, at)[0] * p1 & MASK), 23) * p2 + p3) & MASK
        at += 4
    for byte in data[at:]:
        h = rotl(h ^ (byte * p5 & MASK), 11) * p1 & MASK
    h = (h ^ h >> 33) * p2 & MASK
    h = (h ^ h >> 29) * p3 & MASK
    return h ^ h >> 32


def to_json(value) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def blob(metadata: dict, tensors: list) -> bytes:
    """tensors: (name, dtype, shape, bytes), in the order of their item sizes, largest first."""
    header = {"__metadata__": {"checksum": "xxh64:" + "0" * 16, **metadata}}
    data = b""
    for name, dtype, shape, raw in tensors:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = to_json(header).encode()
    text += b" " * (-len(text) % 8)
    file = struct.pack("<Q", len(text)) + text + data
    return file.replace(b"xxh64:" + b"0" * 16, b"xxh64:%016x" % xxh64(file), 1)


def light_curve() -> bytes:
    nan = struct.pack("<Q", 0x7FF80000DEADBEEF)
    provenance = {
        "source_file": "tess2018206045859-s0001-0000000025155310-0120-s_lc.fits",
        "author": "spoc",
        "exptime_seconds": 120,
        "flux_type": "pdcsap",
        "quality_mask": 431,
        "normalized": True,
        "median_raw_flux": 9247.26025390625,
        "ra_deg": ["number", "NaN"],
        "notes": ["array", "größer als erwartet ☉"],
        "headers": {"0": {"TICID": 25155310, "BIG": ["bigint", "123456789012345678901"], "RADESYS": None}},
    }
    metadata = {
        "format": "tess-cache/1",
        "key": "lc:25155310:1:pdcsap",
        "kind": "lightcurve",
        "tic_id": "25155310",
        "sector": "1",
        "cadence_seconds": "120.00050536807976",
        "time_format": "btjd",
        "time_scale": "tdb",
        "flux_type": "pdcsap",
        "author": "spoc",
        "exptime_seconds": "120",
        "provenance": to_json(provenance),
    }
    return blob(
        metadata,
        [
            ("time", "F64", [3], struct.pack("<3d", 1325.5, 1325.501388888889, float("nan"))),
            ("flux", "F64", [3], struct.pack("<d", 1.0) + nan + struct.pack("<d", -0.0)),
            ("flux_err", "F64", [3], struct.pack("<3d", 2.5e-4, float("inf"), 5e-324)),
            ("quality", "I32", [3], struct.pack("<3i", 0, 128, -(2**31))),
            ("valid_mask", "BOOL", [3], bytes([1, 0, 0])),
        ],
    )


def product() -> bytes:
    structure = {
        "ticId": 25155310,
        "sector": 1,
        "power": ["Float64Array", "power"],
        "fit": {
            "a/b": ["Float32Array", "fit/a~1b"],
            "counts": ["BigInt64Array", "fit/counts"],
            "empty": ["Uint8Array", "fit/empty"],
        },
        "odd": ["array", ["number", "NaN"], ["number", "-0"], ["number", "-Infinity"], 5e-324, 1e21],
        "n": ["bigint", "-123456789012345678901"],
        "when": ["date", 1532476800000],
        "never": ["date", None],
        "map": ["map", "x", 1, ["array", 2], ["undefined"]],
        "set": ["set", "a", None, True],
        "bare": ["null-prototype", {"toString": "größe ☉"}],
        "__proto__": {"polluted": False},
    }
    lineage = {
        "kind": "bls",
        "producer": "golden",
        "version": "1.0.0",
        "inputs": [{"key": "lc:25155310:1:pdcsap", "sha256": "ab" * 32}],
        "params": {"min_period": 0.5, "windows": ["array", 0.05, 0.1]},
    }
    metadata = {
        "format": "tess-cache/1",
        "key": "golden product",
        "kind": "value",
        "lineage": to_json(lineage),
        "structure": to_json(structure),
        "tic_id": "25155310",
        "sector": "1",
    }
    return blob(
        metadata,
        [
            ("power", "F64", [2], struct.pack("<2d", 0.25, -1e300)),
            ("fit/counts", "I64", [1], struct.pack("<q", -(2**63))),
            ("fit/a~1b", "F32", [3], struct.pack("<3f", -0.0, 1.5, 1e-45)),
            ("fit/empty", "U8", [0], b""),
        ],
    )


if __name__ == "__main__":
    (HERE / "light-curve.v1.safetensors").write_bytes(light_curve())
    (HERE / "product.v1.safetensors").write_bytes(product())
