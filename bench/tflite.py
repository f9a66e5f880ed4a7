"""Writes an ONNX file of the family as TFLite, operator by operator.

usage: tflite.py FILE.onnx FILE.tflite

The converters of LiteRT want TensorFlow or older versions of PyTorch; these
networks need ten operators. Maps become NHWC, as TFLite has them; padding that
is not "same" becomes an operator of its own. Weights stay float32.
"""

import sys
from pathlib import Path

import flatbuffers
import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as schema

BUILTIN = schema.BuiltinOperator
OPTIONS = schema.BuiltinOptions
PADDING = schema.Padding


class Writer:
    """Collects tensors, buffers and operators of one subgraph."""

    def __init__(self, graph: onnx.GraphProto):
        self.constants = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
        self.buffers = [schema.BufferT()]  # the first one is empty
        self.tensors, self.operators, self.codes = [], [], []
        self.index = {}  # tensors by the name of an ONNX value
        self.shapes = {}  # NHWC or NC
        self.same = {}  # what a value is another name for
        self.clamped = {n.input[0]: n.output[0] for n in graph.node if n.op_type == "Clip"}
        for value in graph.input:
            n, c, h, w = (d.dim_value for d in value.type.tensor_type.shape.dim)
            self.value(value.name, (n, h, w, c))
        self.inputs = list(self.index.values())
        for node in graph.node:
            getattr(self, node.op_type.lower())(node, attributes(node))
        self.outputs = [self.index[o.name] for o in graph.output]

    def tensor(self, name: str, shape: tuple, data: np.ndarray | None = None) -> int:
        t = schema.TensorT()
        t.name, t.shape, t.buffer = name, list(shape), 0
        t.type = schema.TensorType.FLOAT32
        if data is not None:
            if data.dtype == np.int32:
                t.type = schema.TensorType.INT32
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            self.buffers.append(buffer)
            t.buffer = len(self.buffers) - 1
        self.tensors.append(t)
        return len(self.tensors) - 1

    def value(self, name: str, shape: tuple) -> int:
        self.shapes[name] = shape
        self.index[name] = self.tensor(name, shape)
        return self.index[name]

    def constant(self, name: str, data: np.ndarray) -> int:
        return self.tensor(name, data.shape, data)

    def operator(self, code: int, inputs: list[int], outputs: list[int], kind: int = 0, options=None) -> None:
        if code not in self.codes:
            self.codes.append(code)
        op = schema.OperatorT()
        op.opcodeIndex, op.inputs, op.outputs = self.codes.index(code), inputs, outputs
        op.builtinOptionsType, op.builtinOptions = kind, options
        self.operators.append(op)

    def conv(self, node, a) -> None:
        x, weight = node.input[0], self.constants[node.input[1]]
        bias = self.constants[node.input[2]] if len(node.input) > 2 else np.zeros(len(weight), np.float32)
        top, left, bottom, right = a["pads"]
        source, (n, h, w, c) = self.index[x], self.shapes[x]
        if any(a["pads"]):
            h, w = h + top + bottom, w + left + right
            source = self.padded(x, (n, h, w, c), a["pads"])
        stride, k = a["strides"][0], weight.shape[2]
        out = (n, (h - k) // stride + 1, (w - k) // stride + 1, len(weight))
        depthwise = a["group"] > 1
        options = schema.DepthwiseConv2DOptionsT() if depthwise else schema.Conv2DOptionsT()
        options.padding, options.strideH, options.strideW = PADDING.VALID, stride, stride
        name = node.output[0]
        if name in self.clamped:
            options.fusedActivationFunction = schema.ActivationFunctionType.RELU6
            name = self.clamped[name]
        if depthwise:
            options.depthMultiplier = 1
            weight = weight.transpose(1, 2, 3, 0)
        else:
            weight = weight.transpose(0, 2, 3, 1)
        self.operator(
            BUILTIN.DEPTHWISE_CONV_2D if depthwise else BUILTIN.CONV_2D,
            [source, self.constant(node.input[1], weight), self.constant(f"{node.input[1]}_bias", bias)],
            [self.value(name, out)],
            OPTIONS.DepthwiseConv2DOptions if depthwise else OPTIONS.Conv2DOptions, options,
        )

    def padded(self, x: str, shape: tuple, pads: list[int]) -> int:
        top, left, bottom, right = pads
        out = self.tensor(f"{x}_padded", shape)
        amounts = np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32)
        self.operator(BUILTIN.PAD, [self.index[x], self.constant(f"{x}_pads", amounts)], [out], OPTIONS.PadOptions, schema.PadOptionsT())
        return out

    def pad(self, node, a) -> None:
        pads = self.constants[node.input[1]]
        x = node.input[0]
        n, h, w, c = self.shapes[x]
        top, left, bottom, right = (int(pads[i]) for i in (2, 3, 6, 7))
        shape = (n, h + top + bottom, w + left + right, c)
        self.index[node.output[0]] = self.padded(x, shape, [top, left, bottom, right])
        self.shapes[node.output[0]] = shape

    def clip(self, node, a) -> None:
        """Fused into what comes before."""
        low, high = (float(self.constants[i]) for i in node.input[1:])
        if (low, high) != (0, 6):
            raise ValueError(f"clamps to {low}..{high}")

    def sigmoid(self, node, a) -> None:
        x = node.input[0]
        self.operator(BUILTIN.LOGISTIC, [self.index[x]], [self.value(node.output[0], self.shapes[x])])

    def mul(self, node, a) -> None:
        self.binary(BUILTIN.MUL, OPTIONS.MulOptions, schema.MulOptionsT(), node)

    def add(self, node, a) -> None:
        self.binary(BUILTIN.ADD, OPTIONS.AddOptions, schema.AddOptionsT(), node)

    def binary(self, code: int, kind: int, options, node) -> None:
        x, y = node.input
        shape = np.broadcast_shapes(self.shapes[x], self.shapes[y])
        self.operator(code, [self.index[x], self.index[y]], [self.value(node.output[0], shape)], kind, options)

    def reducemean(self, node, a) -> None:
        x = node.input[0]
        n, _, _, c = self.shapes[x]
        options = schema.ReducerOptionsT()
        options.keepDims = True
        axes = self.constant(f"{node.output[0]}_axes", np.array([1, 2], np.int32))
        self.operator(BUILTIN.MEAN, [self.index[x], axes], [self.value(node.output[0], (n, 1, 1, c))], OPTIONS.ReducerOptions, options)

    globalaveragepool = reducemean

    def reshape(self, node, a) -> None:
        x = node.input[0]
        n, h, w, c = self.shapes[x]
        shape = np.array([n, h * w * c], np.int32)
        options = schema.ReshapeOptionsT()
        options.newShape = list(shape)
        self.operator(
            BUILTIN.RESHAPE, [self.index[x], self.constant(f"{node.output[0]}_shape", shape)],
            [self.value(node.output[0], tuple(shape))], OPTIONS.ReshapeOptions, options,
        )

    flatten = reshape

    def gemm(self, node, a) -> None:
        x, weight, bias = node.input
        w = self.constants[weight]
        self.operator(
            BUILTIN.FULLY_CONNECTED, [self.index[x], self.constant(weight, w), self.constant(bias, self.constants[bias])],
            [self.value(node.output[0], (self.shapes[x][0], len(w)))],
            OPTIONS.FullyConnectedOptions, schema.FullyConnectedOptionsT(),
        )

    def packed(self) -> bytes:
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = self.inputs, self.outputs
        model = schema.ModelT()
        model.version, model.subgraphs, model.buffers = 3, [graph], self.buffers
        model.operatorCodes = []
        for code in self.codes:
            c = schema.OperatorCodeT()
            c.builtinCode, c.deprecatedBuiltinCode, c.version = code, code, 1
            model.operatorCodes.append(c)
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def attributes(node: onnx.NodeProto) -> dict:
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def convert(source: Path, target: Path) -> None:
    target.write_bytes(Writer(onnx.load(source).graph).packed())


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
