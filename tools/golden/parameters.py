"""Canonical parameter names of B0 and Lite0, and their names in three ports."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

STEM, HEAD, CLASSES = 32, 1280, 1000


class Stage(NamedTuple):
    expand: int
    kernel: int
    stride: int
    inputs: int
    outputs: int
    layers: int


STAGES = [
    Stage(1, 3, 1, 32, 16, 1),
    Stage(6, 3, 2, 16, 24, 2),
    Stage(6, 5, 2, 24, 40, 2),
    Stage(6, 3, 2, 40, 80, 3),
    Stage(6, 5, 1, 80, 112, 3),
    Stage(6, 5, 2, 112, 192, 4),
    Stage(6, 3, 1, 192, 320, 1),
]

NORM = {"weight": "weight", "bias": "bias", "mean": "running_mean", "variance": "running_var"}

# A convolution's port: (stage, block in the stage, block in the network, role)
# to the port's names of the convolution and of its batch norm, "" where none.
Port = Callable[[int, int, int, str], tuple[str, str]]


class Spec(NamedTuple):
    name: str
    shape: tuple[int, ...]
    source: str


def specs(se: bool, port: Port) -> list[Spec]:
    """Every parameter in the order of the network, with its name in the port."""
    out = list(unit("stem", (STEM, 3, 3, 3), port(-1, 0, 0, "stem")))
    n = 0
    for i, stage in enumerate(STAGES):
        for j in range(stage.layers):
            inputs = stage.inputs if j == 0 else stage.outputs
            for role, shape in block_shapes(stage, inputs, se):
                out += unit(f"stages.{i}.{j}.{role}", shape, port(i, j, n, role))
            n += 1
    out += unit("head", (HEAD, STAGES[-1].outputs, 1, 1), port(-1, 0, 0, "head"))
    out += unit("classifier", (CLASSES, HEAD), port(-1, 0, 0, "classifier"))
    return out


def block_shapes(stage: Stage, inputs: int, se: bool) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The weights of one MBConv block in the order of the forward pass."""
    width = inputs * stage.expand
    if stage.expand != 1:
        yield "expand", (width, inputs, 1, 1)
    yield "depthwise", (width, 1, stage.kernel, stage.kernel)
    if se:
        squeezed = max(1, inputs // 4)
        yield "se.reduce", (squeezed, width, 1, 1)
        yield "se.expand", (width, squeezed, 1, 1)
    yield "project", (stage.outputs, width, 1, 1)


def unit(name: str, shape: tuple[int, ...], source: tuple[str, str]) -> Iterator[Spec]:
    """A convolution with batch norm, or one with a bias where source has no norm."""
    conv, norm = source
    if not norm:
        yield Spec(f"{name}.weight", shape, f"{conv}.weight")
        yield Spec(f"{name}.bias", shape[:1], f"{conv}.bias")
        return
    yield Spec(f"{name}.conv.weight", shape, f"{conv}.weight")
    for ours, theirs in NORM.items():
        yield Spec(f"{name}.norm.{ours}", shape[:1], f"{norm}.{theirs}")


def efficientnet_pytorch(i: int, j: int, n: int, role: str) -> tuple[str, str]:
    """Port of the packages efficientnet_pytorch and efficientnet_lite_pytorch."""
    return {
        "stem": ("_conv_stem", "_bn0"),
        "expand": (f"_blocks.{n}._expand_conv", f"_blocks.{n}._bn0"),
        "depthwise": (f"_blocks.{n}._depthwise_conv", f"_blocks.{n}._bn1"),
        "se.reduce": (f"_blocks.{n}._se_reduce", ""),
        "se.expand": (f"_blocks.{n}._se_expand", ""),
        "project": (f"_blocks.{n}._project_conv", f"_blocks.{n}._bn2"),
        "head": ("_conv_head", "_bn1"),
        "classifier": ("_fc", ""),
    }[role]


def torchvision(i: int, j: int, n: int, role: str) -> tuple[str, str]:
    """Port of torchvision.models.efficientnet."""
    whole = {"stem": "features.0", "head": "features.8"}
    if role in whole:
        return f"{whole[role]}.0", f"{whole[role]}.1"
    if role == "classifier":
        return "classifier.1", ""
    first = 0 if i == 0 else 1
    block = f"features.{i + 1}.{j}.block"
    if role.startswith("se."):
        return f"{block}.{first + 1}.{'fc1' if role == 'se.reduce' else 'fc2'}", ""
    at = {"expand": 0, "depthwise": first, "project": first + 2}[role]
    return f"{block}.{at}.0", f"{block}.{at}.1"


def timm(i: int, j: int, n: int, role: str) -> tuple[str, str]:
    """Port of timm; its first stage has no expansion and shorter names."""
    block = f"blocks.{i}.{j}"
    separable = i == 0
    return {
        "stem": ("conv_stem", "bn1"),
        "expand": (f"{block}.conv_pw", f"{block}.bn1"),
        "depthwise": (f"{block}.conv_dw", f"{block}.bn1" if separable else f"{block}.bn2"),
        "se.reduce": (f"{block}.se.conv_reduce", ""),
        "se.expand": (f"{block}.se.conv_expand", ""),
        "project": (f"{block}.conv_pw", f"{block}.bn2") if separable else (f"{block}.conv_pwl", f"{block}.bn3"),
        "head": ("conv_head", "bn2"),
        "classifier": ("classifier", ""),
    }[role]
