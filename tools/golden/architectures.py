"""The family's architecture tables, and how they are scaled.

Rows carry over from table 1 of "EfficientNet: Rethinking Model Scaling for
Convolutional Neural Networks" and table 4 of "EfficientNetV2: Smaller Models
and Faster Training"; V2-B0..B3, L and XL from the latter's implementation.
"""

import math
from typing import NamedTuple

PREFIX = "efficientnet-"


class Stage(NamedTuple):
    operator: str  # "mbconv" or "fused"
    expand: int
    kernel: int
    stride: int
    outputs: int
    layers: int
    squeeze: float  # share of a block's input channels; 0: no squeeze-and-excitation


class Architecture(NamedTuple):
    name: str
    stages: tuple[Stage, ...]
    stem: int
    width: float
    depth: float
    resolution: int
    activation: str = "silu"
    round_limit: float = 0.9  # least share of the exact channels that rounding may leave
    fixed_ends: bool = False  # stem, head, and depth of the first and last stage unscaled
    head: int = 1280

    @property
    def short(self) -> str:
        return self.name.removeprefix(PREFIX)


class Block(NamedTuple):
    stage: int
    index: int  # in the stage
    serial: int  # in the network
    operator: str
    expand: int
    kernel: int
    stride: int
    inputs: int
    outputs: int
    squeezed: int  # 0: no squeeze-and-excitation

    @property
    def name(self) -> str:
        return f"stages.{self.stage}.{self.index}"

    @property
    def residual(self) -> bool:
        return self.stride == 1 and self.inputs == self.outputs


def channels(a: Architecture, exact: int) -> int:
    """The multiple of 8 nearest to the scaled width, at least round_limit of it."""
    scaled = exact * a.width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < a.round_limit * scaled else rounded


def stem_channels(a: Architecture) -> int:
    return a.stem if a.fixed_ends else channels(a, a.stem)


def head_channels(a: Architecture) -> int:
    return a.head if a.fixed_ends else channels(a, a.head)


def blocks(a: Architecture) -> list[Block]:
    """The scaled blocks in the order of the network."""
    out: list[Block] = []
    inputs = stem_channels(a)
    for i, s in enumerate(a.stages):
        own_depth = a.fixed_ends and i in (0, len(a.stages) - 1)
        outputs, stride = channels(a, s.outputs), s.stride
        for j in range(s.layers if own_depth else math.ceil(s.layers * a.depth)):
            squeezed = max(1, int(inputs * s.squeeze)) if s.squeeze else 0
            out.append(Block(i, j, len(out), s.operator, s.expand, s.kernel, stride, inputs, outputs, squeezed))
            inputs, stride = outputs, 1
    return out


def last_blocks(a: Architecture) -> list[Block]:
    """The last block of each stage."""
    return list({block.stage: block for block in blocks(a)}.values())


def mbconv(expand: int, kernel: int, stride: int, outputs: int, layers: int) -> Stage:
    return Stage("mbconv", expand, kernel, stride, outputs, layers, 0.25)


def fused(expand: int, kernel: int, stride: int, outputs: int, layers: int) -> Stage:
    return Stage("fused", expand, kernel, stride, outputs, layers, 0)


V1 = (
    mbconv(1, 3, 1, 16, 1), mbconv(6, 3, 2, 24, 2), mbconv(6, 5, 2, 40, 2), mbconv(6, 3, 2, 80, 3),
    mbconv(6, 5, 1, 112, 3), mbconv(6, 5, 2, 192, 4), mbconv(6, 3, 1, 320, 1),
)
LITE = tuple(stage._replace(squeeze=0) for stage in V1)
V2_BASE = (
    fused(1, 3, 1, 16, 1), fused(4, 3, 2, 32, 2), fused(4, 3, 2, 48, 2),
    mbconv(4, 3, 2, 96, 3), mbconv(6, 3, 1, 112, 5), mbconv(6, 3, 2, 192, 8),
)
V2_S = (
    fused(1, 3, 1, 24, 2), fused(4, 3, 2, 48, 4), fused(4, 3, 2, 64, 4),
    mbconv(4, 3, 2, 128, 6), mbconv(6, 3, 1, 160, 9), mbconv(6, 3, 2, 256, 15),
)
V2_M = (
    fused(1, 3, 1, 24, 3), fused(4, 3, 2, 48, 5), fused(4, 3, 2, 80, 5),
    mbconv(4, 3, 2, 160, 7), mbconv(6, 3, 1, 176, 14), mbconv(6, 3, 2, 304, 18), mbconv(6, 3, 1, 512, 5),
)
V2_L = (
    fused(1, 3, 1, 32, 4), fused(4, 3, 2, 64, 7), fused(4, 3, 2, 96, 7),
    mbconv(4, 3, 2, 192, 10), mbconv(6, 3, 1, 224, 19), mbconv(6, 3, 2, 384, 25), mbconv(6, 3, 1, 640, 7),
)
V2_XL = (
    fused(1, 3, 1, 32, 4), fused(4, 3, 2, 64, 8), fused(4, 3, 2, 96, 8),
    mbconv(4, 3, 2, 192, 16), mbconv(6, 3, 1, 256, 24), mbconv(6, 3, 2, 512, 32), mbconv(6, 3, 1, 640, 8),
)


def v1(name: str, width: float, depth: float, resolution: int) -> Architecture:
    return Architecture(PREFIX + name, V1, 32, width, depth, resolution)


def lite(name: str, width: float, depth: float, resolution: int) -> Architecture:
    return v1(name, width, depth, resolution)._replace(stages=LITE, activation="relu6", fixed_ends=True)


def v2(name: str, stages: tuple[Stage, ...], stem: int, width: float, depth: float, resolution: int) -> Architecture:
    return Architecture(PREFIX + name, stages, stem, width, depth, resolution, round_limit=0)


ARCHITECTURES = {
    a.short: a
    for a in (
        v1("b0", 1.0, 1.0, 224), v1("b1", 1.0, 1.1, 240), v1("b2", 1.1, 1.2, 260), v1("b3", 1.2, 1.4, 300),
        v1("b4", 1.4, 1.8, 380), v1("b5", 1.6, 2.2, 456), v1("b6", 1.8, 2.6, 528), v1("b7", 2.0, 3.1, 600),
        v1("b8", 2.2, 3.6, 672), v1("l2", 4.3, 5.3, 800),
        lite("lite0", 1.0, 1.0, 224), lite("lite1", 1.0, 1.1, 240), lite("lite2", 1.1, 1.2, 260),
        lite("lite3", 1.2, 1.4, 280), lite("lite4", 1.4, 1.8, 300),
        v2("v2-b0", V2_BASE, 32, 1.0, 1.0, 224), v2("v2-b1", V2_BASE, 32, 1.0, 1.1, 240),
        v2("v2-b2", V2_BASE, 32, 1.1, 1.2, 260), v2("v2-b3", V2_BASE, 32, 1.2, 1.4, 300),
        v2("v2-s", V2_S, 24, 1.0, 1.0, 384), v2("v2-m", V2_M, 24, 1.0, 1.0, 480),
        v2("v2-l", V2_L, 32, 1.0, 1.0, 480), v2("v2-xl", V2_XL, 32, 1.0, 1.0, 512),
    )
}
