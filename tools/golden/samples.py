"""Which positions of a stage's output a golden keeps."""

import numpy as np

import generator


def positions(name: str, shape: tuple[int, ...], count: int, seed: int) -> np.ndarray:
    """[count] sorted flat NHWC indices: four channels at each corner, the rest seeded."""
    _, h, w, c = shape
    corners = [
        (y * w + x) * c + k
        for y in (0, h - 1) for x in (0, w - 1) for k in (0, c // 3, 2 * c // 3, c - 1)
    ]
    drawn = (generator.uniform(f"positions.{name}", seed, 4 * count) * (h * w * c)).astype(int)
    chosen = list(dict.fromkeys(corners + drawn.tolist()))[:count]
    return np.array(sorted(chosen), dtype=np.int32)


def sampled(taps: dict[str, np.ndarray], prefix: str, count: int, seed: int) -> dict[str, np.ndarray]:
    """Each tap as .shape [N,H,W,C], .indices and .values; the logits whole."""
    out = {}
    for name, array in taps.items():
        if name == "logits":
            out[f"{prefix}/logits"] = array
            continue
        at = positions(name, array.shape, count, seed)
        out[f"{prefix}/{name}.shape"] = np.array(array.shape, dtype=np.int32)
        out[f"{prefix}/{name}.indices"] = at
        out[f"{prefix}/{name}.values"] = array.reshape(-1)[at]
    return out
