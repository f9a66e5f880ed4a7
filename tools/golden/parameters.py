"""Canonical parameter names of a network, and their names in a port of it."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

import architectures
import generator
from architectures import Architecture, Block
from ports import Port

NORM = {"weight": "weight", "bias": "bias", "mean": "running_mean", "variance": "running_var"}


class Spec(NamedTuple):
    name: str
    shape: tuple[int, ...]
    source: str

    @property
    def trained(self) -> bool:
        return not self.name.endswith((".norm.mean", ".norm.variance"))


def specs(a: Architecture, port: Port, classes: int = 1000) -> list[Spec]:
    """Every parameter in the order of the network, with its name in the port."""
    head, features = architectures.head_channels(a), architectures.blocks(a)[-1].outputs
    out = list(unit("stem", (architectures.stem_channels(a), 3, 3, 3), port(a, None, "stem")))
    for block in architectures.blocks(a):
        for role, shape in block_shapes(block):
            out += unit(f"{block.name}.{role}", shape, port(a, block, role))
    out += unit("head", (head, features, 1, 1), port(a, None, "head"))
    out += unit("classifier", (classes, head), port(a, None, "classifier"))
    return out


def block_shapes(block: Block) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The weights of one block in the order of the forward pass."""
    width = block.inputs * block.expand
    if block.operator == "fused":
        wide = width if block.expand != 1 else block.outputs
        yield "fused", (wide, block.inputs, block.kernel, block.kernel)
        if block.expand == 1:
            return
    else:
        if block.expand != 1:
            yield "expand", (width, block.inputs, 1, 1)
        yield "depthwise", (width, 1, block.kernel, block.kernel)
    if block.squeezed:
        yield "se.reduce", (block.squeezed, width, 1, 1)
        yield "se.expand", (width, block.squeezed, 1, 1)
    yield "project", (block.outputs, width, 1, 1)


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


def count(named: list[Spec]) -> int:
    """How many numbers training changes."""
    return sum(math.prod(spec.shape) for spec in named if spec.trained)


def seeded(named: list[Spec], seed: int) -> dict[str, np.ndarray]:
    """The generator's values under the names of the port."""
    return {spec.source: generator.parameter(spec.name, spec.shape, seed) for spec in named}
