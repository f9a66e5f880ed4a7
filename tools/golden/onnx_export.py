"""Exports a reference network at its own resolution to ONNX for benchmarks.

usage: onnx_export.py lite0|b0|b4|v2-s FILE [BATCH]
"""

import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch
import torchvision

import architectures
import generator
import networks
import ports

OPSET = 18
SEED = 1


def build(name: str) -> torch.nn.Module:
    """Lite0 with the published weights, or torchvision's network with seeded ones."""
    if name == "lite0":
        return networks.lite0()
    with torch.device("meta"):
        model = torchvision.models.get_model(f"efficientnet_{name.replace('-', '_')}", weights=None)
    return networks.seeded(model, architectures.ARCHITECTURES[name], ports.torchvision, SEED)


def images(name: str, batch: int) -> torch.Tensor:
    """[batch,3,H,W] of one seeded picture."""
    picture = generator.image(architectures.ARCHITECTURES[name].resolution, SEED)
    return networks.channels_first(picture, torch.float32).expand(batch, -1, -1, -1).contiguous()


def verify(path: Path, model: torch.nn.Module, image: torch.Tensor) -> float:
    """Largest difference of ONNX Runtime's logits, in their standard deviation."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    got = session.run(None, {"input": image.numpy()})[0][0]
    with torch.no_grad():
        want = model.double()(image.double())[0].numpy()
    return float(np.abs(got - want).max() / want.std())


def main(name: str, path: Path, batch: int) -> None:
    model = build(name)
    image = images(name, batch)
    torch.onnx.export(
        model, (image,), path, dynamo=True, opset_version=OPSET, external_data=False,
        input_names=["input"], output_names=["logits"], verbose=False,
    )
    error = verify(path, model, image)
    print(f"{path}: {path.stat().st_size} bytes, logits off by {error:.1e} of their deviation")
    if not error < 1e-4:
        raise ValueError("ONNX Runtime does not agree with PyTorch")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
