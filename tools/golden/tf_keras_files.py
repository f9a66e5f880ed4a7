"""Makes testdata/weights/keras/tf_*.gz: small networks as tf.keras saves them,
of its own applications and of the package efficientnet, and their logits.

usage: tf_keras_files.py [DIR]

Needs Python 3.11 and requirements-tf.txt, an environment of its own: tf.keras
of that age is what wrote most files that are around.
"""

import gzip
import os
import sys
import tempfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import efficientnet
import numpy as np
import tensorflow as tf
from efficientnet.model import EfficientNet as QubvelEfficientNet
from keras.applications import efficientnet as applications

import container

FOLDER = Path(__file__).resolve().parents[2] / "testdata" / "weights" / "keras"
SIDE, CLASSES = 64, 5
keras = tf.keras


def picture() -> np.ndarray:
    """Pixels [SIDE, SIDE, 3], smooth with some noise."""
    rng = np.random.default_rng(SIDE)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    smooth = np.stack([x, y, x * y], axis=-1) * 200
    return (smooth + rng.uniform(0, 55, smooth.shape)).astype(np.uint8)


def short(value: np.ndarray) -> np.ndarray:
    """Of few digits, so that files pack well."""
    return tf.cast(tf.cast(value, tf.bfloat16), tf.float32).numpy()


def fill(model: keras.Model, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for v in model.weights:
        kind = v.name.split("/")[-1].split(":")[0]
        shape = tuple(v.shape)
        if kind == "count":
            continue
        if kind == "mean":
            value = np.array([0.4, 0.45, 0.5])
        elif kind == "variance":
            value = np.array([0.05, 0.06, 0.07])
        elif kind == "kernel":
            value = rng.normal(0, 1.2 / np.sqrt(np.prod(shape[:-1])), shape)
        elif kind == "depthwise_kernel":
            value = rng.normal(0, 1.2 / np.sqrt(np.prod(shape[:2])), shape)
        elif kind == "moving_variance":
            value = rng.uniform(0.5, 1.5, shape)
        elif kind == "gamma":
            value = rng.uniform(0.75, 1.25, shape)
        else:
            value = rng.uniform(-0.25, 0.25, shape)
        v.assign(value if kind == "variance" else short(value))
    for layer in layers(model):
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()


def layers(model: keras.Model) -> list[keras.layers.Layer]:
    """With those of models within it."""
    return [inner for layer in model.layers for inner in (layers(layer) if isinstance(layer, keras.Model) else [layer])]


def logits(model: keras.Model, x: np.ndarray) -> np.ndarray:
    last = model.layers[-1]
    activation, last.activation = last.activation, keras.activations.linear
    out = model(x[None], training=False).numpy()[0]
    last.activation = activation
    return out


def application(**options: object) -> keras.Model:
    defaults = {"weights": None, "classes": CLASSES, "input_shape": (SIDE, SIDE, 3), "model_name": "efficientnetb0"}
    return applications.EfficientNet(0.03, 0.3, SIDE, **defaults | options)


def qubvel() -> keras.Model:
    build = efficientnet.inject_tfkeras_modules(QubvelEfficientNet)
    return build(0.03, 0.3, SIDE, weights=None, classes=CLASSES)


def sequential() -> keras.Model:
    base = application(include_top=False)
    return keras.Sequential([base, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3)])


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    out.mkdir(parents=True, exist_ok=True)
    x = picture().astype(np.float32)
    prepared = (x / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    golden = {f"pixels.{SIDE}": picture()}
    cases = [
        ("tf_v1", application, x, [".h5", "_legacy.h5", ".weights.h5"]),
        ("tf_sequential", sequential, x, [".h5"]),
        ("tf_qubvel", qubvel, prepared.astype(np.float32), [".h5", "_legacy.h5"]),
    ]
    with tempfile.TemporaryDirectory() as folder:
        for seed, (name, build, given, ends) in enumerate(cases):
            keras.backend.clear_session()
            model = build()
            fill(model, seed)
            for end in ends:
                path = Path(folder) / (name + end)
                (model.save if end == ".h5" else model.save_weights)(str(path))
                golden[f"logits.{path.name}"] = logits(model, given)
                packed = gzip.compress(path.read_bytes(), mtime=0)
                (out / f"{path.name}.gz").write_bytes(packed)
                print(f"{path.name}: {path.stat().st_size} bytes, packed {len(packed)}")
    container.write(out / "tf_logits.safetensors", golden, {"source": f"tensorflow {tf.__version__}"})


if __name__ == "__main__":
    main()
