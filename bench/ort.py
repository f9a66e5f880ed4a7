"""Times ONNX Runtime on an ONNX file, batch 1, and prints JSON.

usage: ort.py FILE [--threads 1,2] [--runs 200] [--warmup 20]

The input tensor is ready beforehand. Latency is of one batch, in milliseconds.
Pin the process with `taskset -c 0` where only one thread is timed.
"""

import argparse
import json
import os
import time

import numpy as np
import onnxruntime


def session(path: str, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def latencies(path: str, threads: int, warmup: int, runs: int) -> np.ndarray:
    """[runs] milliseconds."""
    run = session(path, threads)
    feed = {
        i.name: np.random.default_rng(1).standard_normal(i.shape, dtype=np.float32)
        for i in run.get_inputs()
    }
    for _ in range(warmup):
        run.run(None, feed)
    times = []
    for _ in range(runs):
        start = time.perf_counter_ns()
        run.run(None, feed)
        times.append((time.perf_counter_ns() - start) / 1e6)
    return np.array(times)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--warmup", type=int, default=20)
    args = parser.parse_args()
    results = []
    for threads in map(int, args.threads.split(",")):
        ms = latencies(args.file, threads, args.warmup, args.runs)
        results.append({
            "threads": threads, "batch": 1, "runs": len(ms),
            "latency_ms": {"min": round(float(ms.min()), 3)}
            | {f"p{q}": round(float(np.percentile(ms, q)), 3) for q in (50, 90, 99)},
        })
    print(json.dumps({
        "engine": "onnxruntime", "version": onnxruntime.__version__,
        "model": os.path.basename(args.file), "load": os.getloadavg()[0], "results": results,
    }, indent=1))


if __name__ == "__main__":
    main()
