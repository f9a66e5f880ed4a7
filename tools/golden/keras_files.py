"""Makes testdata/weights/keras/: small networks in every layout that Keras 3
writes, each packed by gzip, and the logits that Keras computes with them.

usage: keras_files.py [DIR]

The files are Keras' own but for what changes from run to run: numbers of
objects in configurations and times in archives.
"""

import gzip
import os
import sys
import tempfile
import zipfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import h5py
import keras
import ml_dtypes
import numpy as np
from keras.src.applications import efficientnet, efficientnet_v2
from keras.src.legacy.saving import legacy_h5_format
from keras.src.saving import serialization_lib
from keras.src.utils import file_utils

import container

FOLDER = Path(__file__).resolve().parents[2] / "testdata" / "weights" / "keras"
SIDES = {"v1": 64, "v2": 75}
CLASSES = 5
STD = [0.229, 0.224, 0.225]


class Numbers:
    """Small numbers for objects, in the order in which they are met."""

    def __init__(self) -> None:
        self.known: dict[int, int] = {}
        self.kept: list[object] = []

    def __call__(self, obj: object) -> int:
        self.kept.append(obj)
        return self.known.setdefault(id(obj), len(self.known))


def picture(side: int) -> np.ndarray:
    """Pixels [side, side, 3], smooth with some noise."""
    rng = np.random.default_rng(side)
    y, x = np.mgrid[:side, :side] / side
    smooth = np.stack([x, y, x * y], axis=-1) * 200
    return (smooth + rng.uniform(0, 55, smooth.shape)).astype(np.uint8)


def fill(model: keras.Model, seed: int, variance: list[float]) -> None:
    """Random values for everything, running statistics too; of few digits, so
    that they pack well."""
    rng = np.random.default_rng(seed)
    for v in model.variables:
        if "seed_generator" in v.path or "normalization" in v.path and v.name == "count":
            continue
        shape = v.shape
        if v.name == "mean":
            value = np.array([0.4, 0.45, 0.5])
        elif v.name == "variance":
            value = np.array(variance)
        elif v.name == "kernel":
            fan_in = np.prod(shape[:2]) if "dwconv" in v.path else np.prod(shape[:-1])
            value = rng.normal(0, 1.2 / np.sqrt(fan_in), shape)
        elif v.name == "moving_variance":
            value = rng.uniform(0.5, 1.5, shape)
        elif v.name == "gamma":
            value = rng.uniform(0.75, 1.25, shape)
        else:
            value = rng.uniform(-0.25, 0.25, shape)
        if v.name != "variance":
            value = value.astype(ml_dtypes.bfloat16)
        v.assign(value.astype(np.float32))
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization) and layer.built:
            layer.finalize_state()


def logits(model: keras.Model, side: int, prepared: bool) -> np.ndarray:
    """Of pixels, or of what preprocess_input of the second version is for."""
    x = picture(side)[None].astype(np.float32)
    if prepared:
        x = x / 127.5 - 1
    last = model.layers[-1]
    activation, last.activation = last.activation, keras.activations.linear
    out = model(x, training=False)
    last.activation = activation
    return out.detach().numpy()[0]


def v1(**options: object) -> keras.Model:
    side = SIDES["v1"]
    defaults = {"weights": None, "classes": CLASSES, "input_shape": (side, side, 3), "name": "efficientnetb0"}
    return efficientnet.EfficientNet(0.03, 0.3, side, **defaults | options)


def v2(name: str, **options: object) -> keras.Model:
    side = SIDES["v2"]
    defaults = {"weights": None, "classes": CLASSES, "input_shape": (side, side, 3), "name": name}
    return efficientnet_v2.EfficientNetV2(0.05, 0.2, side, **defaults | options)


def published(**options: object) -> keras.Model:
    """What weights="imagenet" makes of a file, here one of random weights."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/published.h5"
        source = v1(**options)
        fill(source, 3, STD)
        save_weights(source, Path(path))
        original, file_utils.get_file = file_utils.get_file, lambda *a, **k: path
        try:
            return v1(weights="imagenet", weights_name="b0", **options)
        finally:
            file_utils.get_file = original


def with_head(base: keras.Model, activation: str) -> keras.Model:
    """A network for other classes, as the guides of Keras build it."""
    base.trainable = False
    inputs = keras.Input(base.input_shape[1:])
    x = keras.layers.RandomFlip("horizontal")(inputs)
    x = base(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Dropout(0.2)(x)
    return keras.Model(inputs, keras.layers.Dense(3, activation=activation)(x))


def tiny() -> keras.Model:
    """The beginning and the end of a network: where fuzzing starts."""
    layers = keras.layers
    inputs = keras.Input((8, 8, 3))
    x = layers.Normalization(axis=3)(layers.Rescaling(1 / 255)(inputs))
    x = layers.BatchNormalization(name="stem_bn")(layers.Conv2D(2, 3, use_bias=False, name="stem_conv")(x))
    x = layers.DepthwiseConv2D(3, use_bias=False, name="block1a_dwconv")(layers.Activation("swish")(x))
    return keras.Model(inputs, layers.Dense(2, name="predictions")(layers.GlobalAveragePooling2D()(x)))


def save_weights(model: keras.Model, path: Path) -> None:
    """Weights alone as Keras 2 saves them."""
    with h5py.File(path, "w") as f:
        legacy_h5_format.save_weights_to_hdf5_group(f, model)


def save_keras(model: keras.Model, path: Path, method: int = zipfile.ZIP_STORED) -> None:
    """A .keras archive without times."""
    model.save(path)
    with zipfile.ZipFile(path) as z:
        members = {name: z.read(name) for name in z.namelist()}
    members["metadata.json"] = b"{}"
    with zipfile.ZipFile(path, "w", method) as z:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            z.writestr(info, data, method)


def anonymous(path: Path, into: Path) -> None:
    """Without the names of layers, as Keras 3 wrote .weights.h5 at first."""
    with h5py.File(path) as f, h5py.File(into, "w") as out:
        for name in f:
            f.copy(name, out)

        def forget(_: str, item: object) -> None:
            if "name" in item.attrs:
                del item.attrs["name"]

        out.visititems(forget)


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    with tempfile.TemporaryDirectory() as folder:
        golden = files(Path(folder))
        pack(Path(folder), out)
    container.write(out / "logits.safetensors", golden, {"source": f"keras {keras.__version__}"})


def pack(folder: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.iterdir()):
        packed = gzip.compress(path.read_bytes(), mtime=0)
        (out / f"{path.name}.gz").write_bytes(packed)
        print(f"{path.name}: {path.stat().st_size} bytes, packed {len(packed)}")


def files(folder: Path) -> dict[str, np.ndarray]:
    """Writes the files and gives pictures and logits."""
    serialization_lib.id = Numbers()
    golden = {f"pixels.{side}": picture(side) for side in SIDES.values()}

    def note(name: str, model: keras.Model, side: int) -> None:
        golden[f"logits.{name}"] = logits(model, side, "bare" in name)

    def layouts(name: str, model: keras.Model, side: int, which: str = "whole keras weights legacy") -> None:
        keep = which.split()
        if "whole" in keep:
            model.save(folder / f"{name}.h5")
            note(f"{name}.h5", model, side)
        if "keras" in keep:
            save_keras(model, folder / f"{name}.keras")
            note(f"{name}.keras", model, side)
        if "weights" in keep:
            model.save_weights(folder / f"{name}.weights.h5")
            note(f"{name}.weights.h5", model, side)
        if "legacy" in keep:
            save_weights(model, folder / f"{name}_legacy.h5")
            note(f"{name}_legacy.h5", model, side)

    def fresh(build: object, seed: int, variance: list[float], *args: object, **options: object) -> keras.Model:
        keras.backend.clear_session()
        model = build(*args, **options)
        fill(model, seed, variance)
        return model

    one, two = SIDES["v1"], SIDES["v2"]
    plain = fresh(v1, 1, [0.05, 0.06, 0.07])
    layouts("v1", plain, one)
    save_keras(plain, folder / "v1_deflated.keras", zipfile.ZIP_DEFLATED)
    note("v1_deflated.keras", plain, one)
    anonymous(folder / "v1.weights.h5", folder / "v1_anonymous.weights.h5")
    note("v1_anonymous.weights.h5", plain, one)
    layouts("v2b", fresh(v2, 4, [], "efficientnetv2-b0"), two, "keras weights legacy")
    layouts("v2s", fresh(v2, 5, [], "efficientnetv2-s"), two, "whole weights legacy")
    layouts("v2s_bare", fresh(v2, 6, [], "efficientnetv2-s", include_preprocessing=False, classes=1, classifier_activation="sigmoid"), two, "weights")

    keras.backend.clear_session()
    fresh(v1, 9, STD, include_top=False).save_weights(folder / "no_top.weights.h5")
    seed = fresh(tiny, 8, [0.05, 0.06, 0.07])
    seed.save(folder / "seed.h5")
    save_keras(seed, folder / "seed.keras")
    seed.save_weights(folder / "seed.weights.h5")
    save_weights(seed, folder / "seed_legacy.h5")

    keras.backend.clear_session()
    base = published(include_top=False)
    model = with_head(base, "softmax")
    head_seed = np.random.default_rng(7)
    for layer in model.layers[-3:]:
        for v in layer.variables:
            if "seed_generator" not in v.path:
                v.assign(head_seed.uniform(0.2, 1, v.shape).astype(ml_dtypes.bfloat16).astype(np.float32))
    layouts("published_head", model, one)

    # The published file itself does not list the second rescaling.
    keras.backend.clear_session()
    save_weights(fresh(v1, 3, STD, classes=1000), folder / "published_legacy.h5")
    keras.backend.clear_session()
    note("published_legacy.h5", published(classes=1000), one)

    return golden


if __name__ == "__main__":
    main()
