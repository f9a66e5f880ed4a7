"""Makes the test pictures and the reference goldens of testdata/.

usage: golden.py [DIR]
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import container
import generator
import networks
import pictures
import samples

SEED = 1
SAMPLES = 64
PHOTOS = ["cat.jpg", "coffee.jpg", "rocket.jpg"]
STREAMS = {
    "stem.conv.weight": (32, 3, 3, 3),
    "stem.norm.weight": (32,),
    "stem.norm.bias": (32,),
    "stem.norm.mean": (32,),
    "stem.norm.variance": (32,),
    "stages.1.0.se.reduce.weight": (4, 96, 1, 1),
    "stages.1.0.se.reduce.bias": (4,),
    "classifier.weight": (1000, 1280),
    "classifier.bias": (1000,),
}


def test_pictures(folder: Path) -> None:
    """Small free pictures; an odd width leaves half a chroma sample in cat.jpg."""
    cat = pictures.original("chelsea.png")
    for name, picture in {
        "cat.jpg": cat.crop((80, 0, 411, 300)),
        "coffee.jpg": pictures.original("coffee.png"),
        "rocket.jpg": pictures.original("rocket.jpg"),
    }.items():
        picture.save(folder / name, quality=90, subsampling="4:2:0")
    cat.resize((301, 201), Image.Resampling.LANCZOS).save(folder / "cat.png", optimize=True)


def lite0_stages(folder: Path) -> dict[str, np.ndarray]:
    """Published weights on a photo mixed half and half with noise."""
    photo = pictures.center(pictures.load(folder / "coffee.jpg"), 224, "bicubic")
    noise = (generator.uniform("pixels", SEED, photo.size) * 256).astype(np.uint16)
    pixels = ((photo + noise.reshape(photo.shape)) // 2).astype(np.uint8)
    taps = networks.outputs(networks.lite0(), networks.walk_lite0, pictures.normalise_lite(pixels))
    return {"224/input.pixels": pixels} | samples.sampled(taps, "224", SAMPLES, SEED)


def lite0_photos(folder: Path) -> dict[str, np.ndarray]:
    """From the file to the labels, on each photo."""
    out = {}
    for name in PHOTOS:
        pixels = pictures.center(pictures.load(folder / name), 224, "bicubic")
        taps = networks.outputs(networks.lite0(), networks.walk_lite0, pictures.normalise_lite(pixels))
        top = torch.softmax(torch.from_numpy(taps["logits"]).double(), 0).topk(5)
        out[f"{name}/pixels"] = pixels
        out[f"{name}/logits"] = taps["logits"]
        out[f"{name}/top5.indices"] = top.indices.int().numpy()
        out[f"{name}/top5.probabilities"] = top.values.float().numpy()
    return out


def b0_seeded(model: torch.nn.Module, walk: networks.Walk) -> dict[str, np.ndarray]:
    """Seeded parameters and inputs, at the usual resolution and at an odd one."""
    out = {}
    for resolution in (224, 97):
        taps = networks.outputs(model, walk, generator.image(resolution, SEED))
        out |= samples.sampled(taps, str(resolution), SAMPLES, SEED)
    return out


def streams() -> dict[str, np.ndarray]:
    """The first values of some streams, which tell a wrong generator from a wrong network."""
    out = {"input": generator.image(224, SEED).reshape(-1)[:16]}
    for name, shape in STREAMS.items():
        out[name] = generator.parameter(name, shape, SEED).reshape(-1)[:16]
    return out


def pixels(folder: Path) -> dict[str, np.ndarray]:
    """Crops and resizes: PICTURE[@WxH]/CROP/RESOLUTION/FILTER; @ is the top left part."""
    cat, jpeg = pictures.load(folder / "cat.png"), pictures.load(folder / "cat.jpg")
    crops = {"center": pictures.center, "squash": pictures.squash}
    out = {}
    for crop, resize in crops.items():
        for method in pictures.FILTERS:
            out[f"cat.png/{crop}/64/{method}"] = resize(cat, 64, method)
        for w, h in [(97, 61), (61, 97), (33, 20), (301, 9), (1, 50), (50, 1), (1, 1)]:
            out[f"cat.png@{w}x{h}/{crop}/32/bicubic"] = resize(cat.crop((0, 0, w, h)), 32, "bicubic")
    out["cat.png/center/224/bicubic"] = pictures.center(cat, 224, "bicubic")
    out["cat.jpg/center/224/bicubic"] = pictures.center(jpeg, 224, "bicubic")
    out["cat.jpg/squash/64/bicubic"] = pictures.squash(jpeg, 64, "bicubic")
    return out


def main(folder: Path) -> None:
    goldens = folder / "golden"
    goldens.mkdir(parents=True, exist_ok=True)
    test_pictures(folder)
    seed = {"seed": str(SEED)}
    symmetric = {"padding": "symmetric", "bn_eps": "1e-05"} | seed
    same = {"padding": "same", "bn_eps": "0.001"} | seed
    container.write(goldens / "pixels.safetensors", pixels(folder), {"source": "Pillow"})
    container.write(goldens / "streams.safetensors", streams(), seed)
    container.write(goldens / "lite0.safetensors", lite0_stages(folder), {"source": "efficientnet_lite_pytorch"})
    container.write(goldens / "lite0_photos.safetensors", lite0_photos(folder), {"source": "efficientnet_lite_pytorch"})
    container.write(
        goldens / "b0_seeded.safetensors",
        b0_seeded(networks.b0_symmetric(SEED), networks.walk_torchvision),
        {"source": "torchvision efficientnet_b0"} | symmetric,
    )
    container.write(
        goldens / "b0_seeded_same.safetensors",
        b0_seeded(networks.b0_same(SEED), networks.walk_timm),
        {"source": "timm tf_efficientnet_b0"} | same,
    )


if __name__ == "__main__":
    root = Path(__file__).resolve().parents[2]
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else root / "testdata")
