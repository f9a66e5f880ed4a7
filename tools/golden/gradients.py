"""Makes testdata/golden/gradients/: what PyTorch's autograd and AdamW make of small networks.

usage: gradients.py [DIR]

Every convolution, squeeze-and-excitation and the classifier are trained, batch
norm is frozen in evaluation mode. Networks, gradients and the optimiser run in
float64.
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np
import torch
from timm.models import efficientnet as timm_efficientnet
from torchvision.models import efficientnet as torchvision_efficientnet

import architectures
import container
import generator
import networks
import parameters
import ports
from architectures import Architecture

FOLDER = Path(__file__).resolve().parents[2] / "testdata" / "golden" / "gradients"
SEED, CLASSES, SIDE, BATCH, SAMPLES = 1, 5, 33, 3, 12
LABELS = [3, 0, 4]
SMOOTHING, RATE, DECAY = 0.1, 1e-2, 0.05
# Deep enough that some blocks have a residual.
B0 = Architecture("b0", architectures.V1, 32, 0.1, 0.4, SIDE)
LITE0 = Architecture("lite0", architectures.LITE, 32, 0.05, 0.4, SIDE, "relu6", fixed_ends=True)
V2_B0 = Architecture("v2-b0", architectures.V2_BASE, 32, 0.125, 0.4, SIDE, round_limit=0)


def torchvision_b0() -> torch.nn.Module:
    stages, last = torchvision_efficientnet._efficientnet_conf("efficientnet_b0", width_mult=B0.width, depth_mult=B0.depth)
    return torchvision_efficientnet.EfficientNet(stages, 0, num_classes=CLASSES, last_channel=last)


def timm(build, a: Architecture, name: str) -> torch.nn.Module:
    return build(
        name, channel_multiplier=a.width, depth_multiplier=a.depth, num_classes=CLASSES, pad_type="same", bn_eps=1e-3
    )


def pictures() -> torch.Tensor:
    """[BATCH, 3, SIDE, SIDE] of the stream "gradients", which is NHWC."""
    values = 2 * generator.uniform("gradients", SEED, BATCH * SIDE * SIDE * 3) - 1
    values = values.astype(np.float32).astype(np.float64)
    return torch.from_numpy(values.reshape(BATCH, SIDE, SIDE, 3)).permute(0, 3, 1, 2)


def places(name: str, size: int) -> np.ndarray:
    """Up to SAMPLES positions of a flat tensor, its ends among them."""
    drawn = (generator.uniform(f"positions.{name}", SEED, SAMPLES - 2) * size).astype(int)
    return np.array(sorted({0, size - 1, *drawn.tolist()}), dtype=np.int32)


def golden(build, a: Architecture, port: ports.Port) -> dict[str, np.ndarray]:
    with torch.device("meta"):
        model = build()
    specs = parameters.specs(a, port, CLASSES)
    model = networks.filled(model, parameters.seeded(specs, SEED), torch.float32).double()
    named = {s.source: s.name for s in specs if s.trained and ".norm." not in s.name}
    trained = {named[name]: p for name, p in model.named_parameters() if name in named}
    groups = [
        {"params": [p for name, p in trained.items() if not name.endswith(".bias")], "weight_decay": DECAY},
        {"params": [p for name, p in trained.items() if name.endswith(".bias")], "weight_decay": 0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=RATE)
    criterion = torch.nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    x, labels = pictures(), torch.tensor(LABELS)
    logits = model(x)
    loss = criterion(logits, labels)
    loss.backward()
    out = {"loss": np.array([loss.item()], dtype=np.float32), "logits": logits.detach().float().numpy()}
    for name, p in trained.items():
        at = places(name, p.numel())
        out[f"{name}/indices"] = at
        out[f"{name}/gradient"] = p.grad.reshape(-1)[at].float().numpy()
        out[f"{name}/largest"] = p.grad.abs().max().reshape(1).float().numpy()
    optimizer.step()
    for name, p in trained.items():
        out[f"{name}/stepped"] = p.detach().reshape(-1)[out[f"{name}/indices"]].float().numpy()
    with torch.no_grad():
        out["stepped/logits"] = model(x).float().numpy()
    return out


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    common = {
        "classes": str(CLASSES), "resolution": str(SIDE), "seed": str(SEED), "labels": ",".join(map(str, LABELS)),
        "smoothing": str(SMOOTHING), "rate": str(RATE), "decay": str(DECAY), "precision": "float64",
    }
    symmetric = {"padding": "symmetric", "bn_eps": "1e-05", "source": "torchvision"}
    same = {"padding": "same", "bn_eps": "0.001", "source": "timm"}
    lite0 = partial(timm, timm_efficientnet._gen_efficientnet_lite, LITE0, "tf_efficientnet_lite0")
    v2_b0 = partial(timm, timm_efficientnet._gen_efficientnetv2_base, V2_B0, "tf_efficientnetv2_b0")
    for a, build, port, profile in [
        (B0, torchvision_b0, ports.torchvision, symmetric),
        (LITE0, lite0, ports.timm, same),
        (V2_B0, v2_b0, ports.timm, same),
    ]:
        shape = {"variant": f"{a.name}:d{a.depth},w{a.width},r{SIDE}"}
        container.write(folder / f"{a.name}.safetensors", golden(build, a, port), shape | profile | common)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
