"""Exports a reference network at 224x224, batch 1, to ONNX for benchmarks.

usage: onnx_export.py lite0|b0 FILE
"""

import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch

import generator
import networks

OPSET = 18
SEED = 1


def build(name: str) -> torch.nn.Module:
    """Lite0 with the published weights, or torchvision's B0 with seeded ones."""
    return {"lite0": networks.lite0, "b0": lambda: networks.b0_symmetric(SEED)}[name]()


def verify(path: Path, model: torch.nn.Module, image: torch.Tensor) -> float:
    """Largest difference of ONNX Runtime's logits, in their standard deviation."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    got = session.run(None, {"input": image.numpy()})[0][0]
    with torch.no_grad():
        want = model.double()(image.double())[0].numpy()
    return float(np.abs(got - want).max() / want.std())


def main(name: str, path: Path) -> None:
    model = build(name)
    image = torch.from_numpy(generator.image(224, SEED)).permute(2, 0, 1)[None].contiguous()
    torch.onnx.export(
        model, (image,), path, dynamo=True, opset_version=OPSET, external_data=False,
        input_names=["input"], output_names=["logits"], verbose=False,
    )
    error = verify(path, model, image)
    print(f"{path}: {path.stat().st_size} bytes, logits off by {error:.1e} of their deviation")
    if not error < 1e-4:
        raise ValueError("ONNX Runtime does not agree with PyTorch")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
