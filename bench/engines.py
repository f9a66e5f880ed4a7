"""Times one engine on one network and prints JSON.

usage: engines.py ENGINE FOLDER NETWORK [--threads 1] [--batch 1] [--seconds 2] [--cpu N]

FOLDER holds NETWORK-BATCH.onnx, .tflite, .npz and .ncnn.param as peers.py
makes them. The input tensor is ready beforehand. Latency is of one batch, in
milliseconds. An engine that is not there, or cannot take the network, says so
under "error".
"""

import argparse
import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

WARM_UP = 3
Run = Callable[[], np.ndarray]


def onnxruntime(path: Path, x: np.ndarray, threads: int) -> Run:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = ort.InferenceSession(f"{path}.onnx", options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"input": x})[0]


def openvino(path: Path, x: np.ndarray, threads: int) -> Run:
    import openvino as ov

    model = ov.Core().compile_model(f"{path}.onnx", "CPU", {
        "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
    })
    request = model.create_infer_request()
    request.set_input_tensor(ov.Tensor(x, shared_memory=True))

    def run() -> np.ndarray:
        request.infer()
        return request.get_output_tensor().data

    return run


def litert(path: Path, x: np.ndarray, threads: int) -> Run:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(f"{path}.tflite", num_threads=threads)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.ascontiguousarray(x.transpose(0, 2, 3, 1)))
    output = interpreter.get_output_details()[0]["index"]

    def run() -> np.ndarray:
        interpreter.invoke()
        return interpreter.get_tensor(output)

    return run


def ncnn(path: Path, x: np.ndarray, threads: int) -> Run:
    import ncnn as lib

    if len(x) > 1:
        raise ValueError("takes one picture at a time")
    net = lib.Net()
    net.opt.num_threads = threads
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.use_bf16_storage = False
    path = path.with_name(path.name.replace("-", "_"))  # pnnx's way
    if net.load_param(f"{path}.ncnn.param") or net.load_model(f"{path}.ncnn.bin"):
        raise ValueError("cannot read the network")
    picture = lib.Mat(x[0])

    def run() -> np.ndarray:
        with net.create_extractor() as extractor:
            extractor.input(net.input_names()[0], picture)
            return np.array(extractor.extract(net.output_names()[0])[1])[None]

    return run


def pytorch(path: Path, x: np.ndarray, threads: int) -> Run:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools/golden"))
    import onnx_export
    import torch

    model = onnx_export.build(path.name.rsplit("-", 1)[0])
    model = model.to(memory_format=torch.channels_last)
    torch.use_deterministic_algorithms(False)
    torch.set_num_threads(threads)
    picture = torch.from_numpy(x).contiguous(memory_format=torch.channels_last)

    def run() -> np.ndarray:
        with torch.inference_mode():
            return model(picture).numpy()

    return run


# The name of each engine's package, and how it runs.
ENGINES = {
    "onnxruntime": ("onnxruntime", onnxruntime),
    "openvino": ("openvino", openvino),
    "litert": ("ai-edge-litert", litert),
    "pytorch": ("torch", pytorch),
    "ncnn": ("ncnn", ncnn),
}


def measure(run: Run, seconds: float) -> np.ndarray:
    """Milliseconds, at least five."""
    for _ in range(WARM_UP):
        run()
    times, begin = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - begin < seconds:
        start = time.perf_counter_ns()
        run()
        times.append((time.perf_counter_ns() - start) / 1e6)
    return np.array(times)


def result(args: argparse.Namespace) -> dict:
    package, make = ENGINES[args.engine]
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return {"error": "not installed"}
    path = Path(args.folder) / f"{args.network}-{args.batch}"
    x, want = np.load(f"{path}.npz").values()
    try:
        run = make(path, x, args.threads)
        error = float(np.abs(run() - want).max() / want.std())
        ms = measure(run, args.seconds)
    except Exception as e:  # whatever an engine says is what the table says
        return {"version": version, "error": f"{type(e).__name__}: {e}".splitlines()[0][:200]}
    if not error < 1e-3:
        return {"version": version, "error": f"logits are off by {error:.1e} of their deviation"}
    return {"version": version, "runs": len(ms), "min": float(ms.min()), "p50": float(np.median(ms))}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("folder")
    parser.add_argument("network")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--cpu", type=int, help="run on this CPU alone")
    args = parser.parse_args()
    if args.cpu is not None:
        os.sched_setaffinity(0, {args.cpu})
    print(json.dumps(result(args)))


if __name__ == "__main__":
    main()
