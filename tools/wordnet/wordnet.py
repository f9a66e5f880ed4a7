"""Writes internal/wordnet/hypernyms.txt: what WordNet 3.0 has above ImageNet's classes.

usage: wordnet.py [DATA_NOUN]

DATA_NOUN is WordNet's file of noun synsets; without it the one that Debian's
package wordnet-base installs is taken, or else that of the package, which
apt-get downloads and nothing installs. The classes are those of the model file.
"""

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "efficientnet-lite0.safetensors"
TABLE = ROOT / "internal" / "wordnet" / "hypernyms.txt"
PACKAGE, INSTALLED = "wordnet-base", Path("/usr/share/wordnet/data.noun")
SHA256 = "fea17d2f9656611334eac790e5d69e47645fa180c4aa481fb4cd9b3520754ca2"
HYPERNYM, INSTANCE_HYPERNYM = "@", "@i"


class Synset(NamedTuple):
    lemmas: list[str]
    parents: list[str]  # ids of its hypernyms, instance hypernyms among them


def data_noun(arguments: list[str]) -> bytes:
    if arguments:
        data = Path(arguments[0]).read_bytes()
    elif INSTALLED.exists():
        data = INSTALLED.read_bytes()
    else:
        data = downloaded()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise ValueError("data.noun is not that of WordNet 3.0")
    return data


def downloaded() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["apt-get", "-qq", "download", PACKAGE], cwd=folder, check=True)
        [package] = Path(folder).glob("*.deb")
        archive = Path(folder, "package.tar")
        with archive.open("wb") as f:
            subprocess.run(["dpkg-deb", "--fsys-tarfile", package], stdout=f, check=True)
        with tarfile.open(archive) as tar:
            return tar.extractfile(f".{INSTALLED}").read()


def synsets(data: bytes) -> dict[str, Synset]:
    """By id, "n" and the offset; the lines have the form of WordNet's manual page wndb(5)."""
    found = {}
    for line in data.decode("ascii").splitlines():
        if line.startswith(" "):  # the licence
            continue
        offset, _, _, count, *fields = line.split(" | ")[0].split()
        words, fields = fields[: 2 * int(count, 16) : 2], fields[2 * int(count, 16) :]
        pointers = [fields[1 + 4 * i : 5 + 4 * i] for i in range(int(fields[0]))]
        parents = ["n" + to for kind, to, _, _ in pointers if kind in (HYPERNYM, INSTANCE_HYPERNYM)]
        found["n" + offset] = Synset([w.replace("_", " ") for w in words], parents)
    return found


def classes() -> dict[str, list[str]]:
    """Lemmas by id, as the model file labels its outputs."""
    with MODEL.open("rb") as f:
        header = json.loads(f.read(int.from_bytes(f.read(8), "little")))
    rows = [line.split("\t") for line in header["__metadata__"]["labels"].split("\n")]
    return {wnid: lemmas for wnid, *lemmas in rows}


def above(leaves: dict[str, list[str]], nouns: dict[str, Synset]) -> list[str]:
    """The ids of everything that the leaves are kinds of, in order."""
    for wnid, lemmas in leaves.items():
        if wnid not in nouns or nouns[wnid].lemmas != lemmas:
            raise ValueError(f"{wnid} {lemmas} is not what WordNet has")
    seen, pending = set(leaves), list(leaves)
    while pending:
        for parent in nouns[pending.pop()].parents:
            if parent not in seen:
                seen.add(parent)
                pending.append(parent)
    return sorted(seen - set(leaves))


def main() -> None:
    nouns, leaves = synsets(data_noun(sys.argv[1:])), classes()
    hypernyms = above(leaves, nouns)
    rows = [[wnid, " ".join(nouns[wnid].parents), *nouns[wnid].lemmas] for wnid in hypernyms]
    rows += [[wnid, " ".join(nouns[wnid].parents)] for wnid in sorted(leaves)]
    TABLE.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="ascii", newline="\n")
    print(f"{TABLE.name}: {len(hypernyms)} hypernyms above {len(leaves)} classes")


if __name__ == "__main__":
    main()
