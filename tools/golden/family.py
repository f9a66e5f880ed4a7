"""Makes testdata/golden/family/: every variant, from every reference that has it.

usage: family.py [--out DIR] [--small] [PATTERN ...]

A PATTERN chooses models by REFERENCE/VARIANT, with wildcards: 'keras/*',
'*/v2-s'. --small leaves out the published resolutions and writes nothing.
"""

import argparse
from collections import defaultdict
from fnmatch import fnmatch
from pathlib import Path
from time import monotonic

import numpy as np
import torchvision
from safetensors import safe_open

import container
import generator
import parameters
import samples
from architectures import ARCHITECTURES
from references import REFERENCES, Model

SEED, CLASSES, SAMPLES = 1, 100, 32
FOLDER = Path(__file__).resolve().parents[2] / "testdata" / "golden" / "family"

# A resolution that costs little. "same" padding is lopsided where a stride meets
# an even side: everywhere from 64, at 38 and 10 from 75, at 46, 12 and 6 from 91.
SMALL = defaultdict(lambda: 75) | {
    "b4": 64, "b5": 91, "b6": 64, "b7": 91, "b8": 64, "l2": 91, "v2-s": 91, "v2-m": 64, "v2-l": 91, "v2-xl": 64,
}
# Where a reference's own weights run at another resolution than the paper's.
EXTRA = {"torchvision/b2": 288, "timm_tf/l2": 475, "timm_tf/lite3": 300, "timm_tf/lite4": 380}
# How far the reference's own float32 run may be off, in the logits' standard
# deviation: from the first on it is listed at the end, from the second on refused.
NOTABLE, CONDITION = 1e-5, 1e-3
AGREEMENT = 1e-6


def models() -> list[Model]:
    """All of them, in the order of the variants."""
    listed = [
        Model(folder, package, name(variant), ARCHITECTURES[variant], padding, eps, port, run, CLASSES)
        for folder, package, padding, eps, port, run, name, variants in REFERENCES
        for variant in variants
    ]
    return sorted(listed, key=lambda m: list(ARCHITECTURES).index(m.architecture.short))


def resolutions(model: Model) -> list[int]:
    """The small one, the published one, and the reference's own."""
    variant = model.architecture.short
    extra = [EXTRA[model.path]] if model.path in EXTRA else []
    return [SMALL[variant], model.architecture.resolution, *extra]


def deviation(got: np.ndarray, want: np.ndarray) -> float:
    """Largest difference in the standard deviation of what is wanted."""
    return float(np.abs(got.astype(np.float64) - want).max() / want.std())


def golden(model: Model, sizes: list[int]) -> tuple[dict[str, np.ndarray], list[str]]:
    """Logits at every size and stages at the first, of a float64 run; and what is notable."""
    specs = parameters.specs(model.architecture, model.port, CLASSES)
    values = parameters.seeded(specs, SEED)
    out, notes = {}, []
    for n, size in enumerate(sizes):
        start, image = monotonic(), generator.image(size, SEED)
        single = model.run(model, values, image, "float32", False)["logits"]
        taps = model.run(model, values, image, "float64", n == 0)
        error, std = deviation(single, taps["logits"]), taps["logits"].std()
        line = f"{model.path} {size}: logits std {std:.3f}, float32 off by {error:.1e} of it"
        print(f"{line}, {monotonic() - start:.0f} s", flush=True)
        if not error < CONDITION:
            raise ValueError(line)
        if error > NOTABLE:
            notes.append(line)
        taps = {name: t.astype(np.float32) for name, t in taps.items()}
        out |= samples.sampled(taps, str(size), SAMPLES, SEED)
    return out, notes


def metadata(model: Model, sizes: list[int]) -> dict[str, str]:
    return {
        "reference": model.reference,
        "source": f"{model.package} {model.name}",
        "version": model.version,
        "variant": model.architecture.name,
        "padding": model.padding,
        "bn_eps": str(model.eps),
        "classes": str(CLASSES),
        "seed": str(SEED),
        "resolutions": ",".join(map(str, sizes)),
        "precision": "float64",
    }


def check_published(model: Model) -> None:
    """Our specification has as many parameters as torchvision publishes for its own."""
    if model.reference != "torchvision":
        return
    weights = torchvision.models.get_model_weights(model.name).DEFAULT
    got = parameters.count(parameters.specs(model.architecture, model.port))
    if got != weights.meta["num_params"]:
        raise ValueError(f"{model.path}: {got} parameters, published {weights.meta['num_params']}")


def check_agreement(folder: Path) -> None:
    """References with the same padding and epsilon have the same logits."""
    first: dict[tuple[str, ...], tuple[str, np.ndarray]] = {}
    for model in models():
        path = folder / f"{model.path}.safetensors"
        if not path.exists():
            continue
        with safe_open(path, "numpy") as file:
            for name in (name for name in file.keys() if name.endswith("/logits")):
                key = (model.architecture.name, model.padding, str(model.eps), name)
                other, want = first.setdefault(key, (model.path, file.get_tensor(name)))
                error = deviation(file.get_tensor(name), want)
                if other != model.path:
                    print(f"{model.path} {name}: {error:.1e} from {other}")
                if not error < AGREEMENT:
                    raise ValueError(f"{model.path} and {other} differ by {error}")


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--out", type=Path, default=FOLDER)
    flags.add_argument("--small", action="store_true")
    flags.add_argument("patterns", nargs="*", default=["*"], metavar="PATTERN")
    options = flags.parse_args()
    chosen = [m for m in models() if any(fnmatch(m.path, p) for p in options.patterns)]
    if not chosen:
        flags.error(f"no model is called {' or '.join(options.patterns)}")
    notable = []
    for model in chosen:
        check_published(model)
        sizes = resolutions(model)[:1 if options.small else None]
        tensors, notes = golden(model, sizes)
        notable += notes
        if not options.small:
            container.write(options.out / f"{model.path}.safetensors", tensors, metadata(model, sizes))
    if not options.small:
        check_agreement(options.out)
    print("badly conditioned:", *notable or ["none"], sep="\n  ")


if __name__ == "__main__":
    main()
