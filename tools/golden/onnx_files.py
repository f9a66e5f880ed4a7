"""Makes testdata/weights/onnx/: small networks as exporters and optimisers of
ONNX leave them.

usage: onnx_files.py [DIR]

logits.safetensors holds for each file what its own library computes of the
seeded input in float64 ("FILE/logits"), or of "FILE/pixels" where the graph
itself normalises. ONNX Runtime is held to it here. What tells of the machine,
stack traces and paths, is left out of the files.
"""

import contextlib
import io
import logging
import sys
import tempfile
import warnings
from functools import partial
from pathlib import Path
from unittest import mock

import keras_networks  # first: it chooses the backend
import keras
import numpy as np
import onnx
import onnxruntime
import torch
from efficientnet_pytorch import EfficientNet
from efficientnet_pytorch.utils import efficientnet as efficientnet_pytorch_arguments
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator
from keras.src.applications import efficientnet, efficientnet_v2
from timm.models import efficientnet as timm_efficientnet
from torch.onnx import TrainingMode
from torchvision.ops import StochasticDepth

import architectures
import container
import generator
import networks
import parameters
import ports
import pytorch_files
from architectures import Architecture
from pytorch_files import CLASSES, SEED, SIDE, V2_B0, V2_S, seeded

FOLDER = Path(__file__).resolve().parents[2] / "testdata" / "weights" / "onnx"
B0 = Architecture("b0", architectures.V1, 32, 0.05, 0.2, SIDE)
LITE = Architecture("lite0", architectures.LITE, 32, 0.05, 0.2, SIDE, "relu6", fixed_ends=True)
MEAN_VARIANCE = {"mean": [0.4, 0.45, 0.5], "variance": [0.04, 0.05, 0.06]}
TOLERANCE = 1e-4  # of the logits' deviation
# Sizes that the exported file leaves open.
OPEN = {0: "batch", 2: "height", 3: "width"}
AUTO = {d: torch.export.Dim.AUTO for d in OPEN}


def torchvision() -> torch.nn.Module:
    pytorch_files.B0 = B0
    return seeded(pytorch_files.torchvision_b0, B0, ports.torchvision)


def steady(model: torch.nn.Module) -> torch.nn.Module:
    """To be exported in training mode: without stochastic depth, of which the graph would
    keep the chance, and with statistics that the exporter's own run leaves alone."""
    for module in model.modules():
        if isinstance(module, StochasticDepth):
            module.p = 0.0
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.0
    return model


def timm(tensorflow: bool) -> torch.nn.Module:
    build = partial(pytorch_files.timm, timm_efficientnet._gen_efficientnet, B0, "efficientnet_b0", tensorflow)
    return seeded(build, B0, ports.timm)


def timm_lite() -> torch.nn.Module:
    build = partial(pytorch_files.timm, timm_efficientnet._gen_efficientnet_lite, LITE, "efficientnet_lite0", True)
    return seeded(build, LITE, ports.timm)


def timm_v2() -> torch.nn.Module:
    build = partial(pytorch_files.timm, timm_efficientnet._gen_efficientnetv2_base, V2_B0, "tf_efficientnetv2_b0", True)
    return seeded(build, V2_B0, ports.timm)


def torchvision_v2() -> torch.nn.Module:
    return seeded(pytorch_files.torchvision_v2_s, V2_S, ports.torchvision)


def efficientnet_pytorch() -> torch.nn.Module:
    """With strides as numbers: in lists, as the package has them, they hide the residual
    of a stage's first block, whose channels only a narrow network has equal."""
    def build() -> torch.nn.Module:
        blocks, options = efficientnet_pytorch_arguments(B0.width, B0.depth, SIDE, num_classes=CLASSES)
        return EfficientNet([b._replace(stride=b.stride[0]) for b in blocks], options)

    return seeded(build, B0, ports.efficientnet_pytorch)


def stripped(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without what tells of the machine and the run."""
    graph = model.graph
    for part in [model, graph, *graph.node, *graph.initializer, *graph.input, *graph.output]:
        part.ClearField("doc_string")
        if "metadata_props" in part.DESCRIPTOR.fields_by_name:
            part.ClearField("metadata_props")
    graph.ClearField("value_info")
    model.producer_version = ""
    return model


def exported(model: torch.nn.Module, side: int = SIDE, **options: object) -> onnx.ModelProto:
    x = torch.from_numpy(generator.image(side, SEED)).permute(2, 0, 1)[None].to(next(model.parameters()).dtype)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        path = f"{folder}/model.onnx"
        torch.onnx.export(model, (x,), path, verbose=False, **options)
        return stripped(onnx.load(path))


def old(model: torch.nn.Module, opset: int, **options: object) -> onnx.ModelProto:
    """By the exporter that traces (TorchScript)."""
    return exported(model, opset_version=opset, dynamo=False, **options)


def new(model: torch.nn.Module, opset: int, **options: object) -> onnx.ModelProto:
    """By the exporter that is the default since PyTorch 2.9."""
    return exported(model, opset_version=opset, dynamo=True, external_data=False, **options)


UNFOLDED = {"training": TrainingMode.PRESERVE, "do_constant_folding": False}


def optimised(model: onnx.ModelProto, level: onnxruntime.GraphOptimizationLevel) -> onnx.ModelProto:
    """As ONNX Runtime saves it."""
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = level
        options.optimized_model_filepath = f"{folder}/model.onnx"
        options.log_severity_level = 3
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return stripped(onnx.load(options.optimized_model_filepath))


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Initializers of 16 bits, half of them in the field of integers, cast where they are used."""
    graph, casts = model.graph, []
    for i, t in enumerate(list(graph.initializer)):
        if t.data_type != TensorProto.FLOAT:
            continue
        half = numpy_helper.from_array(numpy_helper.to_array(t).astype(np.float16), t.name + "_half")
        if i % 2:
            half.int32_data.extend(np.frombuffer(half.raw_data, np.uint16).tolist())
            half.ClearField("raw_data")
        casts.append(onnx.helper.make_node("Cast", [half.name], [t.name], to=TensorProto.FLOAT))
        graph.initializer.remove(t)
        graph.initializer.append(half)
    nodes = casts + list(graph.node)
    graph.ClearField("node")
    graph.node.extend(nodes)
    return model


def in_half(model: torch.nn.Module) -> torch.nn.Module:
    """With weights that half precision can hold, batch norm folded."""
    folded = torch.nn.utils.fusion.fuse_conv_bn_weights
    for module in list(model.modules()):
        for first, norm in list(zip(module.children(), list(module.children())[1:])):
            if isinstance(first, torch.nn.Conv2d) and isinstance(norm, torch.nn.BatchNorm2d):
                first.weight, first.bias = folded(
                    first.weight, first.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias)
                name = next(name for name, child in module.named_children() if child is norm)
                setattr(module, name, torch.nn.Identity())
    return model.half().float()


def keras_model(a: Architecture, dtype: str, classes: int, activation: str | None) -> keras.Model:
    """A network with a Normalization of its own; with 1000 classes V1 is built as for
    the published weights, which are divided by the deviation once more."""
    keras.backend.clear_session()
    keras.config.set_dtype_policy(dtype)
    keras.config.set_floatx(dtype)
    arguments = {
        "weights": None, "input_shape": (a.resolution, a.resolution, 3), "classes": classes,
        "classifier_activation": activation, "name": f"efficientnet{a.name}",
    }
    if keras_networks.second(a):
        model = efficientnet_v2.EfficientNetV2(a.width, a.depth, a.resolution, **arguments)
    else:
        weights = {"weights": "imagenet" if classes == 1000 else None, "weights_name": "b0"}
        with mock.patch.object(keras.utils, "get_file"), mock.patch.object(efficientnet.file_utils, "get_file"), \
                mock.patch.object(keras.Model, "load_weights"):
            model = efficientnet.EfficientNet(a.width, a.depth, a.resolution, **arguments | weights)
    keras_networks.fill(model, parameters.seeded(parameters.specs(a, ports.keras, classes), SEED))
    for v in model.variables:
        if "normalization" in v.path and v.name in MEAN_VARIANCE:
            v.assign(MEAN_VARIANCE[v.name])
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    return model


def keras_export(model: keras.Model, side: int) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        model.predict(np.zeros((1, side, side, 3), np.float32), verbose=0)
        model.export(f"{folder}/model.onnx", format="onnx", verbose=False)
        return stripped(onnx.load(f"{folder}/model.onnx"))


def pixels(side: int) -> np.ndarray:
    """The seeded input in bytes."""
    return ((generator.image(side, SEED) + 2) * 64).astype(np.uint8)


def run(model: onnx.ModelProto, image: np.ndarray) -> np.ndarray:
    """ONNX Runtime's output of an image [H,W,3]. It has no convolution of
    doubles: there ONNX' own evaluator takes its place."""
    first = model.graph.input[0]
    if first.type.tensor_type.shape.dim[3].dim_value != 3:
        image = image.transpose(2, 0, 1)
    if first.type.tensor_type.elem_type == TensorProto.DOUBLE:
        return ReferenceEvaluator(model).run(None, {first.name: image[None].astype(np.float64)})[0][0]
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {first.name: image[None].astype(np.float32)})[0][0]


def torch_logits(model: torch.nn.Module, side: int) -> np.ndarray:
    with torch.no_grad():
        out = model.double()(networks.channels_first(generator.image(side, SEED), torch.float64))
    return out[0].numpy().astype(np.float32)


def softmax(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits.astype(np.float64) - logits.max())
    return (e / e.sum()).astype(np.float32)


class Files:
    """What is written, and what it must compute."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tensors = folder, {}
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, name: str, model: onnx.ModelProto, image: np.ndarray, want: np.ndarray) -> None:
        """A batch norm in training mode would have the statistics of the one image."""
        got = run(model, image)
        expected = softmax(want) if model.graph.node[-1].op_type == "Softmax" else want
        error = np.abs(got - expected).max() / expected.std()
        data = model.SerializeToString(deterministic=True)
        print(f"{name}.onnx: {len(data)} bytes, {len(model.graph.node)} nodes, ONNX Runtime off by {error:.1e}")
        training = any(a.name == "training_mode" and a.i for n in model.graph.node for a in n.attribute)
        if not training and not error < TOLERANCE:
            raise ValueError(f"{name}: ONNX Runtime computes {got}, expected {expected}")
        (self.folder / f"{name}.onnx").write_bytes(data)
        self.tensors[f"{name}/logits"] = want.astype(np.float32)

    def torch(self, name: str, model: onnx.ModelProto, source: torch.nn.Module, side: int = SIDE) -> None:
        self.add(name, model, generator.image(side, SEED), torch_logits(source, side))

    def keras(self, name: str, a: Architecture, classes: int, activation: str | None) -> None:
        image = pixels(a.resolution)
        exact = keras_model(a, "float64", classes, None)
        want = exact(image[None].astype(np.float64), training=False).detach().numpy()[0].astype(np.float32)
        self.add(name, keras_export(keras_model(a, "float32", classes, activation), a.resolution), image, want)
        self.tensors[f"{name}/pixels"] = image


def pytorch(files: Files) -> None:
    files.torch("torchvision_old_opset9", old(torchvision(), 9), torchvision())
    files.torch("torchvision_old_unfolded", old(torchvision(), 17, **UNFOLDED), torchvision())
    files.torch("torchvision_old_training", old(steady(torchvision()), 17, **UNFOLDED | {"training": TrainingMode.TRAINING}), torchvision())
    files.torch("torchvision_old_open", old(torchvision(), 16, input_names=["x"], dynamic_axes={"x": OPEN}), torchvision(), 224)
    files.torch("torchvision_new", new(torchvision(), 18), torchvision())
    files.torch("torchvision_new_unfolded", new(torchvision(), 23, optimize=False), torchvision())
    files.torch("torchvision_new_open", new(torchvision(), 20, dynamic_shapes=(AUTO,)), torchvision(), 224)
    files.torch("torchvision_double", old(torchvision().double(), 15), torchvision())
    files.torch("torchvision_half", halved(old(in_half(torchvision()), 14)), in_half(torchvision()))
    files.torch("torchvision_v2", old(torchvision_v2(), 18), torchvision_v2())
    files.torch("timm_new", new(timm(False), 18), timm(False))
    files.torch("timm_tf_old_unfolded", old(timm(True), 17, **UNFOLDED), timm(True))
    files.torch("timm_tf_old_open", old(timm(True), 12, input_names=["x"], dynamic_axes={"x": OPEN}), timm(True), 224)
    files.torch("timm_lite_old", old(timm_lite(), 11), timm_lite())
    files.torch("timm_lite_new", new(timm_lite(), 18), timm_lite())
    files.torch("timm_tf_v2_new", new(timm_v2(), 18), timm_v2())
    files.torch("efficientnet_pytorch_old", old(efficientnet_pytorch(), 11), efficientnet_pytorch())

    level = onnxruntime.GraphOptimizationLevel
    files.torch("timm_tf_optimised_basic", optimised(old(timm(True), 17, **UNFOLDED), level.ORT_ENABLE_BASIC), timm(True))
    files.torch("timm_tf_optimised_extended", optimised(old(timm(True), 17), level.ORT_ENABLE_EXTENDED), timm(True))
    files.torch("timm_lite_optimised_extended", optimised(old(timm_lite(), 11), level.ORT_ENABLE_EXTENDED), timm_lite())


def from_keras(files: Files) -> None:
    files.keras("keras_published", B0._replace(width=0.03), 1000, None)
    files.keras("keras_softmax", B0, CLASSES, "softmax")
    files.keras("keras_v2", V2_B0._replace(resolution=75), CLASSES, "softmax")


def main(folder: Path) -> None:
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    files = Files(folder)
    from_keras(files)
    pytorch(files)
    container.write(folder / "logits.safetensors", files.tensors, {"seed": str(SEED), "classes": str(CLASSES)})


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
