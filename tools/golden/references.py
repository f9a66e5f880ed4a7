"""The reference implementations: which variants each has, and how to run one."""

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import NamedTuple

import efficientnet_pytorch
import numpy as np
import timm
import torch
import torchvision

import networks
import ports
from architectures import Architecture

# (variant, name in the reference, parameters by their names in the port,
# image [H,W,3], dtype, tapped) to logits [classes] and, if tapped, stage
# outputs [1,H,W,C], as they come.
Run = Callable[["Model", dict[str, np.ndarray], np.ndarray, str, bool], dict[str, np.ndarray]]


class Model(NamedTuple):
    """One variant in one reference."""

    reference: str
    package: str
    name: str  # in the package
    architecture: Architecture
    padding: str
    eps: float
    port: ports.Port
    run: Run
    classes: int

    @property
    def path(self) -> str:
        return f"{self.reference}/{self.architecture.short}"

    @property
    def version(self) -> str:
        return version(self.package)


def run_torch(
    build: Callable[[str, int, int], torch.nn.Module], walk: Callable[[Architecture], networks.Walk],
    model: Model, values: dict[str, np.ndarray], image: np.ndarray, dtype: str, tapped: bool,
) -> dict[str, np.ndarray]:
    with torch.device("meta"):
        module = build(model.name, model.classes, image.shape[0])
    check_eps(model, {m.eps for m in module.modules() if isinstance(m, torch.nn.BatchNorm2d)})
    networks.filled(module, values, getattr(torch, dtype))
    x = networks.channels_first(image, getattr(torch, dtype))
    with torch.no_grad():
        taps = walk(model.architecture)(module, x) if tapped else {}
        logits = module(x)
    out = {name: t.permute(0, 2, 3, 1).numpy() for name, t in taps.items()}
    return out | {"logits": logits[0].numpy()}


def run_keras(
    model: Model, values: dict[str, np.ndarray], image: np.ndarray, dtype: str, tapped: bool
) -> dict[str, np.ndarray]:
    import keras_networks as keras  # takes seconds, and is one reference of four

    network = keras.build(model.architecture, model.name, model.classes, image.shape[0], dtype)
    check_eps(model, {layer.epsilon for layer in network.layers if layer.name.endswith("_bn")})
    keras.fill(network, values)
    return keras.run(model.architecture, network, image, dtype, tapped)


def check_eps(model: Model, found: set[float]) -> None:
    if found != {model.eps}:
        raise ValueError(f"{model.path}: epsilon {found}, want {model.eps}")


def build_torchvision(name: str, classes: int, resolution: int) -> torch.nn.Module:
    return torchvision.models.get_model(name, weights=None, num_classes=classes)


def build_timm(name: str, classes: int, resolution: int) -> torch.nn.Module:
    return timm.create_model(name, pretrained=False, num_classes=classes)


def build_efficientnet_pytorch(name: str, classes: int, resolution: int) -> torch.nn.Module:
    """Pads for one resolution, as the package does unless told not to."""
    return efficientnet_pytorch.EfficientNet.from_name(name, image_size=resolution, num_classes=classes)


TORCHVISION = partial(run_torch, build_torchvision, lambda a: networks.walk_torchvision)
TIMM = partial(run_torch, build_timm, lambda a: networks.walk_timm)
EFFICIENTNET_PYTORCH = partial(
    run_torch, build_efficientnet_pytorch, lambda a: partial(networks.walk_efficientnet_pytorch, a)
)
B = [f"b{i}" for i in range(9)]
V2 = ["v2-s", "v2-m", "v2-l", "v2-xl"]
V2_B = [f"v2-b{i}" for i in range(4)]
LITE = [f"lite{i}" for i in range(5)]


def torchvision_name(variant: str) -> str:
    return f"efficientnet_{variant.replace('-', '_')}"


def timm_name(variant: str) -> str:
    return f"efficientnet{variant.replace('-', '_')}" if variant.startswith("v2") else f"efficientnet_{variant}"


def timm_tf_name(variant: str) -> str:
    return f"tf_{timm_name(variant)}"


def efficientnet_pytorch_name(variant: str) -> str:
    return f"efficientnet-{variant}"


def keras_name(variant: str) -> str:
    return f"EfficientNet{variant.replace('-', '').upper()}"


# Folder, package, padding, epsilon, port, run, name there, variants.
REFERENCES = [
    ("torchvision", "torchvision", "symmetric", 1e-5, ports.torchvision, TORCHVISION, torchvision_name, B[:5]),
    ("torchvision", "torchvision", "symmetric", 1e-3, ports.torchvision, TORCHVISION, torchvision_name, B[5:8] + V2[:3]),
    ("timm", "timm", "symmetric", 1e-5, ports.timm, TIMM, timm_name, B[:5] + V2[:1]),
    ("timm_tf", "timm", "same", 1e-3, ports.timm, TIMM, timm_tf_name, [*B, "l2", *LITE, *V2_B, *V2]),
    ("keras", "keras", "same", 1e-3, ports.keras, run_keras, keras_name, B[:8] + V2_B + V2[:3]),
    (
        "efficientnet_pytorch", "efficientnet_pytorch", "same", 1e-3, ports.efficientnet_pytorch,
        EFFICIENTNET_PYTORCH, efficientnet_pytorch_name, B,
    ),
]
