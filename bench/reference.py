"""Writes the input and the logits of ONNX Runtime for an ONNX file, which every engine is held to.

usage: reference.py FILE.onnx FILE.npz
"""

import sys

import numpy as np
import onnxruntime


def main(source: str, target: str) -> None:
    session = onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"])
    shape = session.get_inputs()[0].shape
    x = np.random.default_rng(1).standard_normal(shape, dtype=np.float32)
    np.savez(target, x=x, logits=session.run(None, {"input": x})[0])


if __name__ == "__main__":
    main(*sys.argv[1:])
