"""Pillow's resize of seeded pictures, as hashes: pillow.txt of package resample.

usage: resample.py [FOLDER]

A line is FILTER WIDTHxHEIGHT LEFT,TOP,RIGHT,BOTTOM OUTxOUT and the start of the
SHA-256 of the packed RGB. The picture is `generator.noise(WIDTH, HEIGHT)`, which
the tests make alike.
"""

import hashlib
import random
import sys
from pathlib import Path

import generator
import numpy as np
from PIL import Image

import pictures

SEED = 8
FOLDER = Path(__file__).parents[2] / "pkg/preprocess/resample/testdata"


def cases() -> list[tuple]:
    choose = random.Random(SEED)
    side = lambda: choose.randint(1, 70)
    out = []
    for method in pictures.FILTERS:
        for _ in range(150):
            w, h = side(), side()
            left, top = choose.randrange(w), choose.randrange(h)
            box = (left, top, choose.randint(left + 1, w), choose.randint(top + 1, h))
            out.append((method, w, h, choose.choice([box, (0, 0, w, h)]), side(), side()))
        for w, h, box, ow, oh in [
            (500, 375, (86, 23, 414, 351), 224, 224), (500, 375, (0, 0, 500, 375), 224, 224),
            (1, 70, (0, 0, 1, 70), 64, 64), (70, 1, (0, 0, 70, 1), 64, 64), (1, 1, (0, 0, 1, 1), 33, 7),
            (1999, 31, (3, 1, 1990, 30), 7, 5), (31, 1999, (1, 3, 30, 1990), 5, 7), (3000, 2, (0, 0, 3000, 2), 1, 1),
            (2, 2, (0, 0, 2, 2), 300, 299), (333, 222, (1, 0, 333, 221), 333, 221), (64, 64, (0, 0, 64, 64), 64, 64),
            (448, 448, (0, 0, 448, 448), 224, 224), (67, 449, (0, 1, 67, 449), 67, 224),
        ]:
            out.append((method, w, h, box, ow, oh))
    return out


def main(folder: Path) -> None:
    lines = []
    for method, w, h, box, ow, oh in cases():
        picture = Image.fromarray(generator.noise(w, h, SEED))
        pixels = np.asarray(picture.resize((ow, oh), pictures.FILTERS[method], box))
        digest = hashlib.sha256(pixels.tobytes()).hexdigest()[:16]
        lines.append(f"{method} {w}x{h} {','.join(map(str, box))} {ow}x{oh} {digest}\n")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pillow.txt").write_text("".join(lines))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
