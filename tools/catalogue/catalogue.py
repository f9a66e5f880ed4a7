"""Writes internal/store/catalogue.json: the official weights that effnet can pull.

Every address, digest and preprocessing comes from the sources of the pinned
packages (requirements.txt here and in tools/golden); nothing is downloaded. Top-1 accuracies that no
package carries stand in published.csv. What neither tells stays out of the
entry: unknown is not zero.

    catalogue.py [FILE]
"""

import ast
import csv
import importlib.metadata
import importlib.util
import json
import os
import re
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import timm
import torch
import torchvision

ROOT = Path(__file__).resolve().parents[2]
V1 = [f"b{n}" for n in range(8)]


def constants(package, path):
    """The literal assignments at the top of a module, which is not run."""
    folder = Path(importlib.util.find_spec(package).origin).parent
    found = {}
    for node in ast.parse((folder / path).read_text()).body:
        if isinstance(node, ast.Assign):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                pass
    return found


def published():
    with open(Path(__file__).with_name("published.csv"), newline="") as f:
        return {(r["source"], r["weights"]): float(r["top1"]) for r in csv.DictReader(f)}


def number(x):
    return f"{x:.16g}" if x != round(x) else str(int(x))


def profile(**keys):
    """Overrides as effnet's --profile takes them; triples become R:G:B."""
    def text(v):
        if isinstance(v, (tuple, list)):
            return ":".join(number(c) for c in v)
        return v if isinstance(v, str) else number(v)

    return ",".join(f"{k}={text(v)}" for k, v in keys.items())


def norm_of(network):
    """Epsilon of the first batch norm."""
    return next(m.eps for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d))


def of_torchvision():
    import torchvision.models.efficientnet as module

    for name in [f"b{n}" for n in range(8)] + ["v2_s", "v2_m", "v2_l"]:
        build = getattr(module, f"efficientnet_{name}")
        enum = torchvision.models.get_model_weights(build)
        with torch.device("meta"):
            eps = norm_of(build())
        for w in enum:
            transforms = w.transforms()
            side, = transforms.crop_size
            resize, = transforms.resize_size
            yield {
                "variant": "efficientnet-" + name.replace("_", "-"),
                "source": "torchvision",
                "weights": w.name.removeprefix("IMAGENET1K_").lower(),
                "default": w is enum.DEFAULT,
                "url": w.url,
                "sha256_prefix": re.search(r"-([0-9a-f]{8})\.pth$", w.url)[1],
                "mib": w.meta["_file_size"],
                "classes": len(w.meta["categories"]),
                "top1": w.meta["_metrics"]["ImageNet-1K"]["acc@1"],
                "license": "BSD-3-Clause",
                "page": "https://pytorch.org/vision/stable/models/efficientnet" + ("v2" if "v2" in name else "") + ".html",
                "profile": profile(
                    padding="symmetric", bn_eps=eps, mean=transforms.mean, std=transforms.std,
                    crop=side / resize, interpolation=transforms.interpolation.value, resolution=side),
            }


# Architectures of timm whose tensors are those of effnet's variants.
TIMM = {
    **{f"{p}efficientnet_b{n}": f"efficientnet-b{n}" for p in ("", "tf_") for n in range(9)},
    **{f"{p}efficientnet_lite{n}": f"efficientnet-lite{n}" for p in ("", "tf_") for n in range(5)},
    "tf_efficientnet_l2": "efficientnet-l2",
    **{f"tf_efficientnetv2_{s}": f"efficientnet-v2-{s}" for s in ("b0", "b1", "b2", "b3", "s", "m", "l", "xl")},
}

# The entry of timm that a variant means without more words: TensorFlow's own
# plain training where it was published, else the best that has ImageNet's labels.
TIMM_DEFAULT = {
    "efficientnet-b6": "aa_in1k", "efficientnet-b7": "aa_in1k", "efficientnet-b8": "ra_in1k",
    "efficientnet-l2": "ns_jft_in1k", "efficientnet-v2-xl": "in21k_ft_in1k",
}


def of_timm(top1):
    license_ids = {"apache-2.0": "Apache-2.0"}
    for architecture, variant in TIMM.items():
        names = timm.list_pretrained(architecture + ".*")
        if not names:
            continue
        with torch.device("meta"):
            network = timm.create_model(architecture)
        same = type(network.conv_stem).__name__ == "Conv2dSame"
        for name in names:
            cfg = timm.get_pretrained_cfg(name)
            weights = name.partition(".")[2]
            side = (cfg.test_input_size or cfg.input_size)[-1]
            yield {
                "variant": variant,
                "source": "timm",
                "weights": weights,
                "default": weights == TIMM_DEFAULT.get(variant, "in1k"),
                "url": f"https://huggingface.co/{cfg.hf_hub_id}/resolve/main/model.safetensors",
                "hub": True,
                "classes": cfg.num_classes,
                "top1": top1.pop(("timm", name), None),
                "license": license_ids[cfg.license],
                "page": f"https://huggingface.co/{cfg.hf_hub_id}",
                "profile": profile(
                    padding="same" if same else "symmetric", bn_eps=norm_of(network), mean=cfg.mean, std=cfg.std,
                    crop=cfg.test_crop_pct or cfg.crop_pct, interpolation=cfg.interpolation, resolution=side),
            }


def evaluation(name):
    """Crop, interpolation and resolution of timm's port of TensorFlow's weights."""
    cfg = timm.get_pretrained_cfg(name)
    return {"crop": cfg.test_crop_pct or cfg.crop_pct, "interpolation": cfg.interpolation,
            "resolution": (cfg.test_input_size or cfg.input_size)[-1]}


def of_keras(top1):
    """Mean and std are in Keras' files or follow from the variant."""
    v1 = constants("keras", "src/applications/efficientnet.py")
    v2 = constants("keras", "src/applications/efficientnet_v2.py")
    files = [(f"efficientnet-{k}", f"tf_efficientnet_{k}.aa_in1k", v1, f"efficientnet{k}.h5", h[0])
             for k, h in v1["WEIGHTS_HASHES"].items()]
    for key, hashes in v2["WEIGHTS_HASHES"].items():
        k = key.lstrip("-")
        files.append((f"efficientnet-v2-{k}", f"tf_efficientnetv2_{k}.in1k", v2, f"efficientnetv2-{k}.h5", hashes[0]))
    for variant, port, module, file, md5 in files:
        yield {
            "variant": variant,
            "source": "keras",
            "weights": "imagenet",
            "default": True,
            "url": module["BASE_WEIGHTS_PATH"] + file,
            "md5": md5,
            "classes": 1000,
            "top1": top1.pop(("keras", variant), None),
            "license": "Apache-2.0",
            "page": "https://keras.io/api/applications/",
            "profile": profile(padding="same", bn_eps=1e-3, **evaluation(port)),
        }


IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
HALF = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}


def table(package, row):
    """The rows of a table in a package's long description, by the first cell."""
    rows = {}
    for line in importlib.metadata.metadata(package).get_payload().splitlines():
        cells = [c.strip(" `*") for c in line.strip().strip("|").split("|")]
        if re.fullmatch(row, cells[0]):
            rows[cells[0][-2:].lower()] = cells[1:]
    return rows


def of_qubvel():
    found = constants("efficientnet", "weights.py")
    accuracy = table("efficientnet", r"EfficientNetB\d")
    sources = [
        ("imagenet", found["IMAGENET_WEIGHTS_PATH"], found["IMAGENET_WEIGHTS_HASHES"],
         "{}_weights_tf_dim_ordering_tf_kernels_autoaugment.h5", 0),
        ("noisy-student", found["NS_WEIGHTS_PATH"], found["NS_WEIGHTS_HASHES"], "{}_noisy-student.h5", 1),
    ]
    for weights, base, hashes, file, column in sources:
        for variant, (digest, _) in hashes.items():
            short = variant[-2:]
            side = evaluation(f"tf_efficientnet_{short}.aa_in1k")["resolution"]
            yield {
                "variant": variant,
                "source": "qubvel",
                "weights": weights,
                "default": weights == "imagenet",
                "url": base + file.format(variant),
                {64: "sha256", 32: "md5"}[len(digest)]: digest,
                "classes": 1000,
                "top1": round(100 * float(accuracy[short][column]), 1),
                "license": "Apache-2.0",
                "page": "https://github.com/qubvel/efficientnet",
                "profile": profile(padding="same", bn_eps=1e-3, **IMAGENET,
                                   crop=side / (side + 32), interpolation="bicubic", resolution=side),
            }


def of_efficientnet_pytorch():
    found = constants("efficientnet_pytorch", "utils.py")
    accuracy = table("efficientnet_pytorch", r"efficientnet-b\d")
    for weights, urls, scale in [("imagenet", found["url_map"], IMAGENET), ("advprop", found["url_map_advprop"], HALF)]:
        for variant, url in urls.items():
            short = variant[-2:]
            published = accuracy.get(short) if weights == "imagenet" else None
            yield {
                "variant": variant,
                "source": "efficientnet_pytorch",
                "weights": weights,
                "default": weights == "imagenet" or variant not in found["url_map"],
                "url": url,
                "sha256_prefix": re.search(r"-([0-9a-f]{8})\.pth$", url)[1],
                "classes": 1000,
                "top1": float(published[1]) if published else None,
                "license": "Apache-2.0",
                "page": "https://github.com/lukemelas/EfficientNet-PyTorch",
                "profile": profile(padding="same", bn_eps=1e-3, **scale, crop=1, interpolation="bicubic",
                                   resolution=evaluation(f"tf_efficientnet_{short}.ap_in1k")["resolution"]),
            }


def check(entries):
    """One default a variant and source, names and addresses that occur once."""
    keys = [(e["variant"], e["source"], e["weights"]) for e in entries]
    assert len(set(keys)) == len(keys), "a name occurs twice"
    assert len({e["url"] for e in entries}) == len(entries), "an address occurs twice"
    for pair in {k[:2] for k in keys}:
        defaults = [e for e in entries if (e["variant"], e["source"]) == pair and e["default"]]
        assert len(defaults) == 1, f"{pair}: {len(defaults)} defaults"


def main():
    top1 = published()
    entries = [*of_torchvision(), *of_keras(top1), *of_timm(top1), *of_efficientnet_pytorch(), *of_qubvel()]
    assert not top1, f"published.csv has more than the packages: {top1}"
    check(entries)
    lines = []
    for e in sorted(entries, key=lambda e: (e["variant"], e["source"], e["weights"])):
        lines.append(json.dumps({k: v for k, v in e.items() if v is not None and v is not False}))
    path = sys.argv[1] if len(sys.argv) > 1 else ROOT / "internal/store/catalogue.json"
    Path(path).write_text("[\n" + ",\n".join(lines) + "\n]\n")


main()
