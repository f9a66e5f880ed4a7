"""Top-1 of the Lite0 reference on a folder of labelled photos.

usage: accuracy.py DIR    file names begin with the WordNet id of their class
"""

import sys
from pathlib import Path

import torch

import labels
import networks
import pictures


@torch.no_grad()
def main(folder: Path) -> None:
    wnids = [row[0] for row in labels.imagenet()]
    model = networks.lite0()
    paths = sorted(folder.glob("n*"))
    right = {"center": 0, "squash": 0}
    for path in paths:
        picture = pictures.load(path)
        for crop, resize in (("center", pictures.center), ("squash", pictures.squash)):
            x = pictures.normalise_lite(resize(picture, 224, "bicubic"))
            best = int(model(torch.from_numpy(x).permute(2, 0, 1)[None]).argmax())
            right[crop] += wnids[best] == path.name.split("_")[0].split(".")[0]
    for crop, count in right.items():
        print(f"{crop}: {count} of {len(paths)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
