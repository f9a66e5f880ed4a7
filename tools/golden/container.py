"""Deterministic writer of the safetensors container.

The order of tensors in the header and in the data is the order of the dict,
and nothing else (no time, no host, no hash order) enters the file.
"""

import json
import struct
from pathlib import Path

import numpy as np

DTYPES = {
    np.dtype("<f4"): "F32",
    np.dtype("<i4"): "I32",
    np.dtype("u1"): "U8",
}


def encode(tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    """Returns the bytes of a safetensors file.

    The header is padded with spaces to a multiple of eight, so wider element
    types must come before narrower ones for every tensor to be aligned.
    """
    header: dict[str, object] = {"__metadata__": metadata}
    offset = 0
    for name, array in tensors.items():
        size = array.itemsize
        if offset % size:
            raise ValueError(f"{name}: offset {offset} is not a multiple of {size}")
        header[name] = {
            "dtype": DTYPES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    data = b"".join(np.ascontiguousarray(a).tobytes() for a in tensors.values())
    return struct.pack("<Q", len(text)) + text + data


def write(path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """Writes a safetensors file, replacing any older one as a whole."""
    wide_first = dict(sorted(tensors.items(), key=lambda item: -item[1].itemsize))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(encode(wide_first, metadata))
    part.replace(path)
    print(f"{path.name}: {path.stat().st_size} bytes, {len(tensors)} tensors")
