"""The reference networks of Keras, on the PyTorch backend."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch
from keras.src.backend.common import dtypes

import architectures
import ports
from architectures import Architecture

# Outside TensorFlow, Keras computes batch norm in float32 even where the policy
# is float64, by this table.
dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"

# Attributes of the layers, by the names that parameters.py gives PyTorch's.
ATTRIBUTES = {
    "weight": "kernel",
    "bias": "bias",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}


def build(a: Architecture, name: str, classes: int, resolution: int, dtype: str) -> keras.Model:
    """keras.applications' network, its logits unactivated, without parameters of ours."""
    keras.backend.clear_session()
    keras.config.set_dtype_policy(dtype)
    keras.config.set_floatx(dtype)
    options = {"include_preprocessing": False} if second(a) else {}
    return getattr(keras.applications, name)(
        weights=None, input_shape=(resolution, resolution, 3), classes=classes,
        classifier_activation=None, **options,
    )


def second(a: Architecture) -> bool:
    return a.stages[0].operator == "fused"


def fill(model: keras.Model, values: dict[str, np.ndarray]) -> None:
    """Assigns every parameter; only the preprocessing's and dropouts' may be left over."""
    left = {id(v): v.path for layer in model.layers if not preprocessing(layer) for v in layer.variables}
    for source, value in values.items():
        name, _, attribute = source.rpartition(".")
        layer = model.get_layer(name)
        if isinstance(layer, keras.layers.BatchNormalization) and attribute in ("weight", "bias"):
            variable = {"weight": layer.gamma, "bias": layer.beta}[attribute]
        else:
            variable = getattr(layer, ATTRIBUTES[attribute])
        variable.assign(arranged(layer, value))
        del left[id(variable)]
    left = [path for path in left.values() if "seed_generator" not in path]
    if left:
        raise ValueError(f"not assigned: {left}")


def preprocessing(layer: keras.Layer) -> bool:
    return isinstance(layer, keras.layers.Rescaling | keras.layers.Normalization)


def arranged(layer: keras.Layer, value: np.ndarray) -> np.ndarray:
    """The value as the layer holds it: HWIO kernels, HWC1 depthwise ones, [in,out] matrices."""
    if value.ndim == 2:
        return value.T
    if value.ndim == 1:
        return value
    return value.transpose(2, 3, 0, 1) if isinstance(layer, keras.layers.DepthwiseConv2D) else value.transpose(2, 3, 1, 0)


def tap_layers(a: Architecture) -> dict[str, str]:
    """The layer whose output is each tap."""
    taps = {"stem": "stem_activation"}
    for block in architectures.last_blocks(a):
        whole = block.operator == "fused" and block.expand == 1
        last = "add" if block.residual else "project_activation" if whole else "project_bn"
        taps[f"stages.{block.stage}"] = ports.keras_block(block) + last
    return taps | {"head": "top_activation"}


@torch.no_grad()
def run(a: Architecture, model: keras.Model, image: np.ndarray, dtype: str, tapped: bool) -> dict[str, np.ndarray]:
    """Logits [classes] and, if tapped, stage outputs [1,H,W,C], in the dtype of the run.

    EfficientNetV1 starts with a division by 255 and a Normalization of mean 0
    and variance 1: the image is multiplied by 255, so that stem_conv sees it.
    """
    x = image[None].astype(dtype) * (1 if second(a) else 255)
    if not tapped:
        return {"logits": numpy(model(x, training=False))[0]}
    layers = tap_layers(a)
    inner = keras.Model(model.inputs, [model.get_layer(name).output for name in layers.values()] + model.outputs)
    *maps, logits = inner([x], training=False)
    return dict(zip(layers, map(numpy, maps), strict=True)) | {"logits": numpy(logits)[0]}


def numpy(x: torch.Tensor) -> np.ndarray:
    return x.detach().cpu().numpy()
