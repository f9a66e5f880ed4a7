"""Makes testdata/weights/pytorch/: small networks as people's files hold them.

usage: pytorch_files.py [DIR]

Each network has seeded parameters and what its own library computes from the
seeded input at 64 pixels, in float64 ("FILE/logits" in logits.safetensors). The
files differ in scheme, format, type of the elements, strides and wrapping.
"""

import argparse
import io
import json
import sys
from collections import OrderedDict
from functools import partial
from pathlib import Path

import efficientnet_pytorch
import numpy as np
import safetensors.torch
import torch
from efficientnet_pytorch.utils import efficientnet as efficientnet_pytorch_arguments
from timm.models import efficientnet as timm_efficientnet
from torchvision.models import efficientnet as torchvision_efficientnet
from torchvision.models.efficientnet import FusedMBConvConfig, MBConvConfig

import architectures
import container
import generator
import networks
import parameters
import ports
from architectures import Architecture

FOLDER = Path(__file__).resolve().parents[2] / "testdata" / "weights" / "pytorch"
SEED, OTHER_SEED, CLASSES, SIDE = 1, 2, 5, 64
B0 = Architecture("b0", architectures.V1, 32, 0.1, 0.2, SIDE)
# Wide enough that the stem differs from the first block's output: on equal
# channels efficientnet_pytorch leaves out the residual of a stage's first block.
WIDER = B0._replace(width=0.3)
LITE = Architecture("lite0", architectures.LITE, 32, 0.05, 0.2, SIDE, "relu6", fixed_ends=True)
V2_S = Architecture("v2-s", architectures.V2_S, 24, 0.125, 0.1, SIDE, round_limit=0)
V2_B0 = Architecture("v2-b0", architectures.V2_BASE, 32, 0.125, 0.2, SIDE, round_limit=0)

State = dict[str, torch.Tensor]


def torchvision_b0() -> torch.nn.Module:
    stages, last = torchvision_efficientnet._efficientnet_conf("efficientnet_b0", width_mult=B0.width, depth_mult=B0.depth)
    return torchvision_efficientnet.EfficientNet(stages, 0.2, num_classes=CLASSES, last_channel=last)


def torchvision_v2_s() -> torch.nn.Module:
    """From blocks that are scaled already: torchvision scales no V2."""
    kinds = {"fused": FusedMBConvConfig, "mbconv": partial(MBConvConfig, width_mult=1.0, depth_mult=1.0)}
    firsts = [b for b in architectures.blocks(V2_S) if b.index == 0]
    counts = {b.stage: b.index + 1 for b in architectures.blocks(V2_S)}
    stages = [
        kinds[b.operator](b.expand, b.kernel, b.stride, b.inputs, b.outputs, counts[b.stage]) for b in firsts
    ]
    return torchvision_efficientnet.EfficientNet(
        stages, 0.2, num_classes=CLASSES, last_channel=architectures.head_channels(V2_S),
        norm_layer=partial(torch.nn.BatchNorm2d, eps=1e-3),
    )


def timm(build, a: Architecture, name: str, tensorflow: bool) -> torch.nn.Module:
    arguments = {"pad_type": "same", "bn_eps": 1e-3} if tensorflow else {}
    return build(name, channel_multiplier=a.width, depth_multiplier=a.depth, num_classes=CLASSES, **arguments)


def efficientnet_pytorch_b0() -> torch.nn.Module:
    blocks, options = efficientnet_pytorch_arguments(WIDER.width, WIDER.depth, SIDE, num_classes=CLASSES)
    return efficientnet_pytorch.EfficientNet(blocks, options)


def seeded(build, a: Architecture, port: ports.Port, seed: int = SEED) -> torch.nn.Module:
    with torch.device("meta"):
        model = build()
    return networks.filled(model, parameters.seeded(parameters.specs(a, port, CLASSES), seed), torch.float32)


def logits(model: torch.nn.Module) -> np.ndarray:
    with torch.no_grad():
        out = model.double()(networks.channels_first(generator.image(SIDE, SEED), torch.float64))
    return out[0].numpy().astype(np.float32)


class Numbered(str):
    """Replaces str in torch.serialization: the old format names storages by their
    addresses, here they are numbered in the order of their first use."""

    numbers: dict[int, str] = {}

    def __new__(cls, value: object) -> str:
        return cls.numbers.setdefault(value, f"{len(cls.numbers):06d}") if isinstance(value, int) else str(value)


def save_old(value: object, path: Path) -> None:
    Numbered.numbers = {}
    torch.serialization.str = Numbered
    try:
        buffer = io.BytesIO()
        torch.save(value, buffer, _use_new_zipfile_serialization=False)
    finally:
        del torch.serialization.str
    path.write_bytes(buffer.getvalue())


def save_zip(value: object, path: Path, protocol: int = 2) -> None:
    buffer = io.BytesIO()
    torch.save(value, buffer, pickle_protocol=protocol)
    path.write_bytes(buffer.getvalue())


def under(prefix: str, state: State) -> State:
    return OrderedDict((prefix + name, value) for name, value in state.items())


def one_storage(state: State) -> State:
    """Every float tensor a view of one storage, convolutions with their last axes
    first, as they are after conversion from TensorFlow."""
    order = {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}
    floats = {name: t for name, t in state.items() if t.is_floating_point()}
    flat = torch.cat([t.permute(order[t.dim()]).reshape(-1) for t in floats.values()])
    out, offset = OrderedDict(), 0
    for name, t in state.items():
        if name in floats:
            axes = order[t.dim()]
            shape = [t.shape[i] for i in axes]
            view = flat[offset:offset + t.numel()].view(shape).permute([axes.index(i) for i in range(t.dim())])
            assert torch.equal(view, t)
            t, offset = view, offset + t.numel()
        out[name] = t
    return out


def torchvision_checkpoint() -> tuple[object, torch.nn.Module]:
    """As torchvision's references/classification keeps it, with an average."""
    model = seeded(torchvision_v2_s, V2_S, ports.torchvision, OTHER_SEED)
    average = seeded(torchvision_v2_s, V2_S, ports.torchvision)
    ema = OrderedDict(n_averaged=torch.tensor(7)) | under("module.", average.state_dict())
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9).state_dict()
    return {
        "model": model.state_dict(), "optimizer": optimizer, "epoch": 3, "model_ema": ema, "scaler": None,
        "args": argparse.Namespace(model="efficientnet_v2_s", lr=0.1, mixup=None, sizes=[64, 64], amp=True),
    }, average


def timm_checkpoint() -> tuple[object, torch.nn.Module]:
    """As timm's train.py keeps it: half precision, DataParallel, an optimizer with state."""
    name = "tf_efficientnet_b0"
    build = partial(timm, timm_efficientnet._gen_efficientnet, B0, name, True)
    model = seeded(build, B0, ports.timm).half().float()
    weight = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.SGD([weight], 0.1, momentum=0.9)
    weight.sum().backward()
    optimizer.step()
    state = under("module.", OrderedDict((k, v.half() if v.is_floating_point() else v) for k, v in model.state_dict().items()))
    return {
        "epoch": 9, "arch": name, "state_dict": state, "optimizer": optimizer.state_dict(), "version": 2,
        "args": argparse.Namespace(model=name, batch_size=128, mean=None), "metric": 77.1,
    }, model


def shards(state: State, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    names = sorted(state)
    parts = [names[: len(names) // 2], names[len(names) // 2:]]
    files = {f"model-{i + 1:05d}-of-00002.safetensors": part for i, part in enumerate(parts)}
    for file, part in files.items():
        safetensors.torch.save_file({n: state[n].contiguous() for n in part}, folder / file, {"format": "pt"})
    index = {
        "metadata": {"total_size": sum(t.nbytes for t in state.values())},
        "weight_map": {name: file for file, part in files.items() for name in part},
    }
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    out = {}

    model = seeded(torchvision_b0, B0, ports.torchvision)
    save_zip(model.state_dict(), folder / "torchvision.pth")
    save_old(model.state_dict(), folder / "torchvision_old.pth")
    shards(model.state_dict(), folder / "sharded")
    out["torchvision"] = logits(model)

    checkpoint, model = torchvision_checkpoint()
    save_zip(checkpoint, folder / "torchvision_v2_checkpoint.pth")
    out["torchvision_v2_checkpoint"] = logits(model)

    checkpoint, model = timm_checkpoint()
    save_zip(checkpoint, folder / "timm_checkpoint.pth.tar")
    out["timm_checkpoint"] = logits(model)

    build = partial(timm, timm_efficientnet._gen_efficientnetv2_base, V2_B0, "tf_efficientnetv2_b0", True)
    model = seeded(build, V2_B0, ports.timm).bfloat16().float()
    halved = {k: v.bfloat16() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    safetensors.torch.save_file(halved, folder / "timm_v2.safetensors", {"format": "pt"})
    out["timm_v2"] = logits(model)

    model = seeded(partial(timm, timm_efficientnet._gen_efficientnet_lite, LITE, "efficientnet_lite0", False), LITE, ports.timm)
    out["timm_lite"] = logits(model)
    compiled = under("_orig_mod.", model.double().to(memory_format=torch.channels_last).state_dict())
    save_zip({"model_state_dict": compiled}, folder / "timm_lite.pth", 4)

    model = seeded(efficientnet_pytorch_b0, WIDER, ports.efficientnet_pytorch).half()
    save_old(one_storage(model.state_dict()), folder / "efficientnet_pytorch_views.pth")
    out["efficientnet_pytorch_views"] = logits(model)

    container.write(folder / "logits.safetensors", {f"{name}/logits": value for name, value in out.items()}, {"seed": str(SEED)})


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
