"""Seeded values that this folder and the Go package model compute alike.

A stream is named: the FNV-1a hash of the name, mixed with the seed, starts a
splitmix64 sequence whose top 24 bits give u in [0, 1). Everything is exact
integer or float64 arithmetic, rounded to float32 once.
"""

import math
import re

import numpy as np

GOLDEN_GAMMA = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1


def fnv1a(name: str) -> int:
    """64-bit FNV-1a hash of the name's UTF-8 bytes."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return h


def uniform(name: str, seed: int, count: int) -> np.ndarray:
    """[count] float64 in [0, 1), multiples of 2^-24."""
    base = fnv1a(name) ^ (seed * GOLDEN_GAMMA & MASK)
    with np.errstate(over="ignore"):
        i = np.arange(1, count + 1, dtype=np.uint64)
        z = np.uint64(base) + i * np.uint64(GOLDEN_GAMMA)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float64) / 2.0**24


# The last norm of a block that is not the first of its stage.
ADDED_NORM = re.compile(r"stages\.\d+\.[1-9]\d*\.project\.norm\.weight$")


def parameter(name: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Float32 parameter of the canonical name, scaled by what the name is."""
    u = uniform(name, seed, math.prod(shape))
    v = 2 * u - 1
    if name.endswith(".weight") and not name.endswith(".norm.weight"):
        gain = 1.5 if name.endswith(".conv.weight") else 1.0
        values = v * math.sqrt(3 / math.prod(shape[1:])) * gain
    elif ADDED_NORM.match(name):
        values = 0.2 * (1 + 0.25 * v)
    elif name.endswith(".fused.norm.weight"):
        values = 0.3 * (1 + 0.25 * v)
    elif name.endswith(".norm.weight"):
        values = 1 + 0.25 * v
    elif name.endswith(".norm.variance"):
        values = 0.5 + u
    else:
        values = 0.25 * v
    return values.astype(np.float32).reshape(shape)


def image(resolution: int, seed: int) -> np.ndarray:
    """[resolution, resolution, 3] float32 input in [-2, 2), stream "input"."""
    u = uniform("input", seed, resolution * resolution * 3)
    return ((2 * u - 1) * 2).astype(np.float32).reshape(resolution, resolution, 3)


def noise(width: int, height: int, seed: int) -> np.ndarray:
    """[height, width, 3] uint8: noise over the whole range, half of it 0 and 255."""
    u = uniform(f"noise {width}x{height}", seed, 3 * width * height)
    return np.clip(np.floor(u * 512) - 128, 0, 255).astype(np.uint8).reshape(height, width, 3)
