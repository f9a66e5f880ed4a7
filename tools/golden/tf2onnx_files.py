"""Makes testdata/weights/onnx/tf2onnx_*.onnx: small networks of Keras 3 and of
tf.keras as tf2onnx converts them from TensorFlow, and what Keras computes.

usage: tf2onnx_files.py [DIR]

Needs Python 3.11 and requirements-tf2onnx.txt, an environment of its own; no
target of make runs it, since tf2onnx names things otherwise every time.
tf2onnx.safetensors holds "FILE/pixels" and "FILE/logits".
"""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import onnx
import onnxruntime
import tensorflow as tf
import tf2onnx
import tf_keras
from keras.src.applications import efficientnet, efficientnet_v2
from tf_keras.src.applications import efficientnet as old_efficientnet

import container
import generator

FOLDER = Path(__file__).resolve().parents[2] / "testdata" / "weights" / "onnx"
SIDE, CLASSES, SEED = 64, 5, 1
TOLERANCE = 1e-4


def v1(activation: str | None) -> object:
    return efficientnet.EfficientNet(
        0.05, 0.2, SIDE, name="efficientnetb0", weights=None, input_shape=(SIDE, SIDE, 3), classes=CLASSES,
        classifier_activation=activation)


def v2(activation: str | None) -> object:
    return efficientnet_v2.EfficientNetV2(
        0.125, 0.2, SIDE, name="efficientnetv2-b0", weights=None, input_shape=(SIDE, SIDE, 3), classes=CLASSES,
        classifier_activation=activation)


def old_v1(activation: str | None) -> object:
    return old_efficientnet.EfficientNet(
        0.05, 0.2, SIDE, model_name="efficientnetb0", weights=None, input_shape=(SIDE, SIDE, 3), classes=CLASSES,
        classifier_activation=activation)


def fill(model: object) -> None:
    """Every variable by its place, the same for every activation."""
    rng = np.random.default_rng(SEED)
    for v in model.variables:
        name, shape = v.name.split("/")[-1].split(":")[0], tuple(v.shape)
        path = getattr(v, "path", v.name)
        if "seed_generator" in path or name in ("count", "seed_generator_state"):
            continue
        if name in ("kernel", "depthwise_kernel"):
            fan_in = np.prod(shape[:2]) if "dwconv" in path else np.prod(shape[:-1])
            value = rng.normal(0, 1.2 / np.sqrt(fan_in), shape)
        elif name in ("variance", "moving_variance"):
            value = rng.uniform(0.5, 1.5, shape)
        elif name == "gamma":
            value = rng.uniform(0.75, 1.25, shape)
        elif name == "mean":
            value = rng.uniform(0.4, 0.5, shape)
        else:
            value = rng.uniform(-0.25, 0.25, shape)
        v.assign(value.astype(np.float32))
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization | tf_keras.layers.Normalization) and layer.input_mean is None:
            layer.finalize_state()


def converted(model: object, opset: int, **options: object) -> onnx.ModelProto:
    spec = [tf.TensorSpec([None, SIDE, SIDE, 3], tf.float32, name="input")]
    function = tf.function(lambda x: model(x, training=False), input_signature=spec)
    graph, _ = tf2onnx.convert.from_function(function, input_signature=spec, opset=opset, **options)
    for part in [graph, graph.graph, *graph.graph.node]:
        part.ClearField("doc_string")
    graph.graph.ClearField("value_info")
    return graph


def softmax(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max())
    return e / e.sum()


def main(folder: Path) -> None:
    pixels = ((generator.image(SIDE, SEED) + 2) * 64).astype(np.uint8)
    tensors = {}
    for name, build, activation, opset, options in (
        ("tf2onnx_v1_opset11", v1, "softmax", 11, {}),
        ("tf2onnx_v1_opset18", v1, None, 18, {}),
        ("tf2onnx_v1_nchw", v1, None, 15, {"inputs_as_nchw": ["input"]}),
        ("tf2onnx_v2", v2, "softmax", 15, {}),
        ("tf2onnx_tf_keras", old_v1, "softmax", 13, {}),
    ):
        model, plain = build(activation), build(None)
        fill(model)
        fill(plain)
        want = np.asarray(plain(pixels[None].astype(np.float32), training=False))[0]
        graph = converted(model, opset, **options)
        data = graph.SerializeToString(deterministic=True)
        session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        image = pixels.transpose(2, 0, 1) if "nchw" in name else pixels
        # Keras 3 leaves captured constants among the inputs, which nothing uses.
        feed = {i.name: np.zeros([1, 1, 1, 3], np.float32) for i in session.get_inputs()}
        got = session.run(None, feed | {"input": image[None].astype(np.float32)})[0][0]
        expected = softmax(want) if activation else want
        error = np.abs(got - expected).max() / expected.std()
        print(f"{name}.onnx: {len(data)} bytes, {len(graph.graph.node)} nodes, ONNX Runtime off by {error:.1e}")
        if not error < TOLERANCE:
            raise ValueError(f"{name}: ONNX Runtime computes {got}, expected {expected}")
        (folder / f"{name}.onnx").write_bytes(data)
        tensors |= {f"{name}/logits": want.astype(np.float32), f"{name}/pixels": pixels}
    container.write(folder / "tf2onnx.safetensors", tensors, {"seed": str(SEED)})


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
