"""Free pictures, and cropping and resizing as Pillow does it."""

from importlib import resources
from pathlib import Path

import numpy as np
from PIL import Image

FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def original(name: str) -> Image.Image:
    """A picture as scikit-image ships it, in RGB."""
    with resources.as_file(resources.files("skimage") / "data" / name) as path:
        return Image.open(path).convert("RGB")


def load(path: Path) -> Image.Image:
    return Image.open(path).convert("RGB")


def center(picture: Image.Image, resolution: int, method: str, fraction: float = 0.875) -> np.ndarray:
    """[resolution, resolution, 3] uint8: the central square, resized in one step.

    Its side is at least one pixel, so that a picture one pixel wide has a crop.
    """
    side = max(1, int(fraction * min(picture.size)))
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return squash(picture.crop((left, top, left + side, top + side)), resolution, method)


def squash(picture: Image.Image, resolution: int, method: str) -> np.ndarray:
    """[resolution, resolution, 3] uint8: the whole picture, resized in one step."""
    return np.array(picture.resize((resolution, resolution), FILTERS[method]))


def normalise_lite(pixels: np.ndarray) -> np.ndarray:
    """Float32 input of the Lite networks: (x - 127) / 128, exact."""
    return (pixels.astype(np.float32) - 127) / 128
