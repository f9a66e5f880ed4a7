"""Times the way from file to tensor against Pillow, and a folder against Pillow + ONNX Runtime.

usage: pixels.py DRIVER EFFNET [--onnx FILE] [--folder DIR] [--rounds 9] [--photos 1000]

DRIVER is the program in bench/pixels, EFFNET the command; `make bench-pixels`
builds both. DIR holds photos; without it they are made from the free pictures
in testdata. Pillow saves them anew: 500×375 in three forms of JPEG and as
PNG, and at 12 megapixels. Rounds of ours and Pillow's alternate in one run; medians and the
median of the rounds' ratios are printed. All but the folder runs on one CPU.
"""

import argparse
import io
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, features
from PIL import __version__ as pillow_version

IMAGENET = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
LITE0 = np.full(3, 127 / 255, np.float32), np.full(3, 128 / 255, np.float32)
SIDE = 224
SMALL, LARGE = (500, 375), (4000, 3000)
FORMS = {  # name: Pillow's subsampling and quality
    "4:2:0 q85": {"subsampling": 2, "quality": 85},
    "4:2:0 q95": {"subsampling": 2, "quality": 95},
    "4:4:4 q90": {"subsampling": 0, "quality": 90},
}


def crop(image: Image.Image) -> Image.Image:
    side = int(0.875 * min(image.size))
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, (left, top, left + side, top + side))


def tensor(image: Image.Image, norm=IMAGENET) -> np.ndarray:
    """The centre crop, resized and normalised, [224, 224, 3] float32."""
    mean, std = norm
    return (np.asarray(crop(image), dtype=np.float32) / 255 - mean) / std


def decode(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def drafted(data: bytes) -> np.ndarray:
    image = Image.open(io.BytesIO(data))
    image.draft("RGB", (256, 256))
    return tensor(image.convert("RGB"))


class Driver:
    def __init__(self, program: str):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ms(self, mode: str, files: list[str], passes: int) -> float:
        self.process.stdin.write(json.dumps({"mode": mode, "files": files, "passes": passes}) + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def pillow_ms(work, inputs: list, passes: int) -> float:
    start = time.perf_counter()
    for _ in range(passes):
        for x in inputs:
            work(x)
    return (time.perf_counter() - start) * 1e3 / (passes * len(inputs))


def report(name: str, ours: list[float], theirs: list[float], bar: float | None) -> None:
    ratio = float(np.median(np.array(ours) / np.array(theirs)))
    wanted = f"≤ {bar}" if bar else ""
    print(f"{name:44} {np.median(ours):9.3f} {np.median(theirs):9.3f} {ratio:7.2f}  {wanted}", flush=True)


def compare(driver: Driver, name: str, mode: str, files: list[str], work, inputs: list, options, bar=None) -> None:
    passes = max(1, 160 // len(files)) if "12 MP" not in name else 1
    driver.ms(mode, files, 1), pillow_ms(work, inputs, 1)
    rounds = [(driver.ms(mode, files, passes), pillow_ms(work, inputs, passes)) for _ in range(options.rounds)]
    report(name, *zip(*rounds), bar)


def originals(folder: Path | None) -> list[Image.Image]:
    where = folder or Path(__file__).parents[1] / "testdata"
    paths = sorted(p for p in where.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg") and "broken" not in p.parts)
    if not paths:
        sys.exit(f"{where}: no JPEG files")
    return [Image.open(p).convert("RGB") for p in paths[:: max(1, len(paths) // 16)][:16]]


def save(image: Image.Image, path: Path, **form) -> str:
    image.save(path, **form)
    return str(path)


def pixels(options, pictures: list[Image.Image], folder: Path) -> None:
    """Everything on one CPU."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    driver = Driver(options.driver)
    print(f"{'ms a picture, one thread':44} {'effnet':>9} {'Pillow':>9} {'ratio':>7}  bar")
    small = [ImageOps.fit(p, SMALL, Image.Resampling.LANCZOS) for p in pictures]
    for name, form in FORMS.items():
        files = [save(p, folder / f"{name.replace(':', '')}-{i}.jpg", **form) for i, p in enumerate(small)]
        data = [Path(f).read_bytes() for f in files]
        compare(driver, f"decode 500×375 {name}", "decode", files, decode, data, options, 1.1)
        compare(driver, f"500×375 {name} to tensor", "tensor", files, lambda d: tensor(decode(d)), data, options)
    decoded = [decode(d) for d in data]
    compare(driver, "crop + bicubic + normalise of 500×375", "resize", files, tensor, decoded, options, 0.5)
    compare(driver, "the same, Pillow without normalise", "resize", files, crop, decoded, options)
    files = [
        save(p.resize(LARGE, Image.Resampling.LANCZOS), folder / f"large-{i}.jpg", **FORMS["4:2:0 q85"])
        for i, p in enumerate(pictures[:3])
    ]
    data = [Path(f).read_bytes() for f in files]
    compare(driver, "12 MP to tensor, both scaled down", "tensor-scaled", files, drafted, data, options, 0.8)
    compare(driver, "12 MP to tensor, ours in full", "tensor", files, drafted, data, options)
    pngs(driver, options, small, pictures[:2], folder)
    driver.process.kill()


def pngs(driver: Driver, options, small: list[Image.Image], large: list[Image.Image], folder: Path) -> None:
    files = [save(p, folder / f"small-{i}.png") for i, p in enumerate(small)]
    data = [Path(f).read_bytes() for f in files]
    compare(driver, "decode 500×375 PNG", "picture", files, decode, data, options)
    compare(driver, "500×375 PNG to tensor", "tensor", files, lambda d: tensor(decode(d)), data, options)
    files = [save(p.resize(LARGE, Image.Resampling.LANCZOS), folder / f"large-{i}.png") for i, p in enumerate(large)]
    data = [Path(f).read_bytes() for f in files]
    compare(driver, "12 MP PNG to tensor", "tensor", files, lambda d: tensor(decode(d)), data, options)


def worker(onnx: str, cpu: int, tasks, results) -> None:
    import onnxruntime

    os.sched_setaffinity(0, {cpu})
    o = onnxruntime.SessionOptions()
    o.intra_op_num_threads = o.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx, o, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    results.put(None)
    while (paths := tasks.get()) is not None:
        for path in paths:
            x = tensor(Image.open(path).convert("RGB"), LITE0).transpose(2, 0, 1)[None]
            results.put((path, int(session.run(None, {name: np.ascontiguousarray(x)})[0].argmax())))
    results.put(None)


def peers(onnx: str, files: list[str], cpus: list[int]) -> tuple[float, dict[str, int]]:
    """Seconds of a process a CPU, warm before the clock starts, and each photo's class."""
    context = multiprocessing.get_context("spawn")
    tasks, results = context.Queue(), context.Queue()
    workers = [context.Process(target=worker, args=(onnx, cpu, tasks, results)) for cpu in cpus]
    for w in workers:
        w.start()
    for _ in workers:
        results.get()
    start = time.perf_counter()
    for i in range(0, len(files), 8):
        tasks.put(files[i : i + 8])
    for _ in workers:
        tasks.put(None)
    found = [results.get() for _ in range(len(files) + len(workers))]
    seconds = time.perf_counter() - start
    for w in workers:
        w.join()
    return seconds, dict(x for x in found if x)


def ours(effnet: str, folder: Path, out: Path) -> tuple[float, dict[str, int], dict[str, float]]:
    """Seconds of the whole command, its start included, each photo's class, each part's share."""
    start = time.perf_counter()
    subprocess.run([effnet, "classify", str(folder), "--threads", "2", "-f", "jsonl", "--timing", "-q", "-o", str(out)], check=True)
    seconds = time.perf_counter() - start
    records = [json.loads(line) for line in out.read_text().splitlines()]
    parts = {p: sum(r["timing_ms"][p] for r in records) for p in ("decode", "resize", "model")}
    total = sum(parts.values())
    return seconds, {r["path"]: r["predictions"][0]["index"] for r in records}, {k: v / total for k, v in parts.items()}


def folder(options, pictures: list[Image.Image], where: Path) -> None:
    """A folder of photos, two CPUs: images a second."""
    cpus = sorted(os.sched_getaffinity(0))[:2]
    os.sched_setaffinity(0, set(cpus))
    photos = where / "photos"
    photos.mkdir()
    forms = list(FORMS.values())
    files = []
    for i in range(options.photos):
        p = pictures[i % len(pictures)]
        shift = 0.5 + 0.4 * np.sin(i)
        fitted = ImageOps.fit(p, SMALL, Image.Resampling.BICUBIC, centering=(shift, 1 - shift))
        files.append(save(fitted, photos / f"{i:05d}.jpg", **forms[i % len(forms)]))
    rates = []
    for _ in range(max(3, options.rounds // 3)):
        seconds, labels, parts = ours(options.effnet, photos, where / "out.jsonl")
        peer_seconds, peer_labels = peers(options.onnx, files, cpus)
        rates.append((len(files) / seconds, len(files) / peer_seconds))
    mine, theirs = np.median(rates, axis=0)
    ratio = np.median([a / b for a, b in rates])
    same = sum(labels[f] == peer_labels[f] for f in files)
    print(f"\n{len(files)} photos to labels, two CPUs: effnet {mine:.0f}, Pillow + ONNX Runtime {theirs:.0f} "
          f"images a second, ratio {ratio:.2f} (bar ≥ 1.3); the same label for {same}")
    print("of effnet's time: " + ", ".join(f"{k} {100 * v:.0f} %" for k, v in parts.items()))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("effnet")
    parser.add_argument("--onnx", help="efficientnet-lite0, of tools/golden/onnx_export.py; without it no folder is timed")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--photos", type=int, default=1000)
    options = parser.parse_args()
    pictures = originals(options.folder)
    print(f"Pillow {pillow_version}, libjpeg-turbo {features.version('libjpeg_turbo')}, load {os.getloadavg()[0]:.1f}")
    allowed = os.sched_getaffinity(0)
    with tempfile.TemporaryDirectory() as tmp:
        pixels(options, pictures, Path(tmp))
        os.sched_setaffinity(0, allowed)
        if options.onnx:
            folder(options, pictures, Path(tmp))


if __name__ == "__main__":
    main()
