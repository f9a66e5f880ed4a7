"""TensorFlow's bicubic resizes without antialiasing, of seeded pictures.

usage: tf_resize.py [FOLDER]

Needs requirements-tf.txt in an environment of its own. Writes
golden/tf_resize.safetensors: F32 [OUT,OUT,3] by name FILTER/WIDTHxHEIGHT/OUTxOUT, of
generator.noise, in units of 0..255, neither rounded nor clipped.
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

import container
import generator

SEED = 8

CASES = [
    (50, 37, 24, 24), (37, 50, 33, 20), (20, 20, 47, 31), (7, 5, 12, 13), (1, 9, 5, 4), (9, 1, 4, 5), (1, 1, 3, 3),
    (97, 61, 13, 7), (24, 24, 24, 24), (2, 3, 32, 32), (64, 64, 32, 32),
]


def tf2(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    return tf.image.resize(pixels, (height, width), method="bicubic", antialias=False).numpy()


def tf1(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    return tf.compat.v1.image.resize_bicubic([pixels], (height, width)).numpy()[0]


def main(folder: Path) -> None:
    out = {}
    for w, h, ow, oh in CASES:
        pixels = generator.noise(w, h, SEED)
        for name, resize in (("bicubic-tf2", tf2), ("bicubic-tf1", tf1)):
            out[f"{name}/{w}x{h}/{ow}x{oh}"] = resize(pixels, oh, ow)
    container.write(folder / "golden/tf_resize.safetensors", out, {"source": f"TensorFlow {tf.__version__}"})


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "testdata")
