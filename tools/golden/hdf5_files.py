"""Makes testdata/weights/hdf5/: small HDF5 files of every form that h5py writes.

usage: hdf5_files.py [DIR]

Forms of storage are in a file for each generation of the format. Element i,
counted row-major, of every array of numbers is value(i), which the test knows
too. Files whose names begin with "refused_" hold one thing that must be
refused.
"""

import sys
from pathlib import Path

import h5py
import ml_dtypes
import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "testdata" / "weights" / "hdf5"
GENERATIONS = ["earliest", "v108", "v110", "latest"]
TYPES = {
    "f2": "<f2", "f4": "<f4", "f8": "<f8", "f2be": ">f2", "f4be": ">f4", "f8be": ">f8", "bf16": ml_dtypes.bfloat16,
    "i1": "i1", "i2": "<i2", "i4be": ">i4", "i8": "<i8", "u1": "u1", "u2": "<u2",
}
# Name: shape, chunks, maximum shape, filters.
GZIP = {"compression": "gzip"}
SHUFFLED = GZIP | {"shuffle": True}
SUMMED = SHUFFLED | {"fletcher32": True}
CHUNKED = {
    "single": ((7, 5), (7, 5), None, {}),
    "single_gzip": ((7, 5), (7, 5), None, GZIP),
    "fixed": ((7, 5), (3, 2), None, {}),
    "fixed_gzip": ((7, 5), (3, 2), None, GZIP),
    "fixed_shuffle": ((7, 5, 3), (2, 5, 2), None, SHUFFLED),
    "fixed_all": ((31,), (4,), None, SUMMED),
    "fixed_sum": ((31,), (4,), None, {"fletcher32": True}),
    "fixed_grows": ((7, 5), (3, 2), (9, 11), {}),
    "fixed_paged": ((1100,), (1,), None, {}),
    "fixed_paged_gzip": ((3300,), (3,), None, GZIP),
    "extensible": ((7, 5), (2, 2), (None, 5), {}),
    "extensible_second": ((7, 5), (2, 2), (9, None), {}),
    "extensible_gzip": ((60, 3), (1, 2), (None, 3), GZIP),
    "extensible_long": ((700,), (1,), (None,), {}),
    "tree": ((7, 5), (2, 2), (None, None), {}),
    "tree_gzip": ((40, 3), (1, 1), (None, None), SHUFFLED),
    "tree_deep": ((20, 12), (1, 1), (None, None), {}),
}


def value(i: np.ndarray) -> np.ndarray:
    """Exact in bfloat16, and a whole number."""
    return i * 7 % 101


def values(shape: tuple[int, ...], dtype: object = "<f4") -> np.ndarray:
    return value(np.arange(int(np.prod(shape)))).reshape(shape).astype(dtype)


def forms(path: Path, libver: str) -> None:
    with h5py.File(path, "w", libver=libver) as f:
        types = f.create_group("types")
        for name, dtype in TYPES.items():
            types.create_dataset(name, data=values((3, 4), dtype))
        types.create_dataset("scalar", data=np.float32(42))
        types.create_dataset("empty", shape=(0, 3), dtype="<f4")
        types.create_dataset("text", data=np.array([b"alpha", b"be", b""]))
        types.create_dataset("varlen", data=["alpha", "bête", ""], dtype=h5py.string_dtype())
        chunked = f.create_group("chunked")
        for name, (shape, chunks, most, filters) in CHUNKED.items():
            if "paged" in name and libver in ("earliest", "v108"):
                continue  # nothing but a large tree
            chunked.create_dataset(name, data=values(shape), chunks=chunks, maxshape=most, **filters)
        compact(f.create_group("compact"))
        implicit(chunked)
        attributes(f.create_group("attributes"))
        # More members than a header or a node of a tree takes.
        many = f.create_group("many")
        for i in range(120):
            many[f"member_{i}"] = types["scalar"]
        deep = f
        for name in "abcdef":
            deep = deep.create_group(name)
        deep.create_dataset("leaf", data=values((2,)))


def properties() -> h5py.h5p.PropDCID:
    """Of a dataset without the time of its creation."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_obj_track_times(False)
    return plist


def create(group: h5py.Group, name: str, shape: tuple[int, ...], plist: h5py.h5p.PropDCID) -> h5py.h5d.DatasetID:
    space = h5py.h5s.create_simple(shape)
    return h5py.h5d.create(group.id, name.encode(), h5py.h5t.IEEE_F32LE, space, dcpl=plist)


def fill(d: h5py.h5d.DatasetID, shape: tuple[int, ...]) -> None:
    d.write(h5py.h5s.ALL, h5py.h5s.ALL, values(shape))


def compact(group: h5py.Group) -> None:
    plist = properties()
    plist.set_layout(h5py.h5d.COMPACT)
    fill(create(group, "compact", (3, 4), plist), (3, 4))


def implicit(group: h5py.Group) -> None:
    """Chunks that are allocated at once need no index."""
    plist = properties()
    plist.set_chunk((3, 2))
    plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    fill(create(group, "implicit", (7, 5), plist), (7, 5))


def attributes(group: h5py.Group) -> None:
    group.attrs["text"] = "bête"
    group.attrs["bytes"] = b"alpha"
    group.attrs["fixed"] = np.bytes_(b"alpha")
    group.attrs["list"] = np.array([b"alpha", b"be"])
    group.attrs["varlen"] = ["alpha", "bête"]
    group.attrs["numbers"] = values((2, 3), "<f8")
    group.attrs["integer"] = 42
    group.attrs["truth"] = True
    dense = group.create_group("dense")
    for i in range(40):
        dense.attrs[f"number_{i}"] = i
    dense.attrs["text"] = "x" * 600
    dense.attrs["large"] = np.array([b"%04d" % i + b"-" * 60 for i in range(80)])


def small(path: Path, libver: str) -> None:
    """A little of everything, for tests that damage every byte."""
    with h5py.File(path, "w", libver=libver) as f:
        f.attrs["names"] = np.array([b"alpha", b"be"])
        f.attrs["varlen"] = "bête"
        f.create_dataset("plain", data=values((3,)))
        for name in ("fixed_all", "extensible", "tree"):
            shape, chunks, most, filters = CHUNKED[name]
            f.create_dataset(f"group/{name}", data=values((5, 3)[: len(shape)]), chunks=chunks, maxshape=most and most[: len(shape)], **filters)
        if libver == "latest":
            for i in range(9):
                f[f"many/{i}"] = f["plain"]
                f["group"].attrs[f"number_{i}"] = i


def seeds(folder: Path) -> None:
    """One form a file, as small as can be: where fuzzing starts."""
    for name in ("single_gzip", "fixed_all", "fixed_grows", "extensible", "tree"):
        shape, chunks, most, filters = CHUNKED[name]
        with h5py.File(folder / f"seed_{name}.h5", "w", libver="latest") as f:
            f.create_dataset("a", data=values(shape), chunks=chunks, maxshape=most, **filters)
    with h5py.File(folder / "seed_dense.h5", "w", libver="latest") as f:
        for i in range(9):
            f.create_group("a") if i == 0 else f.__setitem__(str(i), f["a"])
            f["a"].attrs[str(i)] = np.bytes_(b"x")
    with h5py.File(folder / "seed_varlen.h5", "w") as f:
        f.attrs["a"] = ["alpha", "bête"]
    with h5py.File(folder / "seed_chunks.h5", "w") as f:
        f.create_dataset("a", data=values((7, 5)), chunks=(3, 2), **SUMMED)


def refused(folder: Path) -> None:
    def file(name: str) -> h5py.File:
        return h5py.File(folder / f"refused_{name}.h5", "w")

    with file("cycle") as f:
        inner = f.create_group("a/b")
        inner["a"] = f["a"]
    with file("root_cycle") as f:
        f["root"] = f["/"]
    with file("soft_link") as f:
        f.create_dataset("data", data=values((3,)))
        f["a"] = h5py.SoftLink("/data")
    with file("external_link") as f:
        f["a"] = h5py.ExternalLink("types.h5", "/f4")
    with file("external_data") as f:
        f.create_dataset("a", (3,), "<f4", external=[("raw.bin", 0, 12)])
    with file("virtual") as f:
        plist = properties()
        space = h5py.h5s.create_simple((3,))
        plist.set_virtual(space, b"types.h5", b"/f4", space)
        create(f, "a", (3,), plist)
    with file("filter") as f:
        f.create_dataset("a", data=values((30,)), compression="lzf")
    with file("scale_offset") as f:
        f.create_dataset("a", data=values((30,), "<i4"), scaleoffset=True)
    with file("shape_bomb") as f:
        f.create_dataset("a", (1 << 20, 1 << 20), "<f4", chunks=(1 << 10, 1 << 10), **GZIP)
    with file("deflate_bomb") as f:
        f.create_dataset("a", (1 << 14,), "<f4", data=np.zeros(1 << 14), chunks=(1 << 14,), **GZIP)
        f.create_dataset("b", (1 << 40,), "<f4")
    with file("no_data") as f:
        f.create_dataset("a", (3,), "<f4")
    with file("compound") as f:
        f.create_dataset("a", data=np.zeros(3, [("x", "<f4"), ("y", "<i4")]))
    with file("named_type") as f:
        f["type"] = np.dtype("<f4")
        f.create_dataset("a", (3,), f["type"], data=values((3,)))


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for libver in GENERATIONS:
        forms(folder / f"{libver}.h5", libver)
    for libver in ("earliest", "latest"):
        small(folder / f"small_{libver}.h5", libver)
    with h5py.File(folder / "userblock.h5", "w", userblock_size=1024) as f:
        f.create_dataset("a", data=values((3, 4)))
    seeds(folder)
    refused(folder)
    for path in sorted(folder.glob("*.h5")):
        print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
