"""Times effnet and other engines on the same networks, in turn, and writes a table.

usage: peers.py EFFNET FOLDER [--rounds 5] [--seconds 2] [--networks b0,lite0,b4,v2-s]
                [--threads 1,2] [--batches 1,8] [--engines …] [-o NAME]

Every engine has a process of its own for every measurement; a round goes
through all engines before the next begins, so that all meet the same load.
Figures are medians over rounds of each round's median, milliseconds a picture;
ratios are to ONNX Runtime, medians over rounds too. One thread is pinned to a
CPU. FOLDER keeps the exported networks. NAME.md and NAME.json are written.
Batches above one are of the networks at 224×224 alone.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENGINES = ["effnet", "onnxruntime", "openvino", "litert", "ncnn", "pytorch"]
BASE = "onnxruntime"
NAMES = {
    "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "litert": "LiteRT (XNNPACK)",
    "ncnn": "ncnn", "pytorch": "PyTorch eager", "effnet": "effnet",
}
NETWORKS = {"b0": "B0", "lite0": "Lite0", "b4": "B4 at 380", "v2-s": "V2-S at 384"}
BATCHED = {"b0", "lite0"}
PATIENCE = 300  # seconds


def export(folder: Path, network: str, batch: int) -> None:
    """Makes what is missing of the network's files, in every engine's format."""
    path = folder / f"{network}-{batch}"
    python, golden = sys.executable, HERE.parent / "tools/golden"
    onnx = path.with_suffix(".onnx")
    if not onnx.exists():
        subprocess.run([python, golden / "onnx_export.py", network, onnx, str(batch)], check=True)
    if not path.with_suffix(".npz").exists():
        subprocess.run([python, HERE / "reference.py", onnx, path.with_suffix(".npz")], check=True)
    if not path.with_suffix(".tflite").exists():
        subprocess.run([python, HERE / "tflite.py", onnx, path.with_suffix(".tflite")])
    if batch == 1 and not (folder / f"{path.name.replace('-', '_')}.ncnn.param").exists():
        try:
            subprocess.run(["pnnx", onnx.name, "fp16=0"], cwd=folder, stdout=subprocess.DEVNULL, env=os.environ | {
                "PATH": f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}",
            })
        except FileNotFoundError:
            print("pnnx is not installed: no network for ncnn", file=sys.stderr)


def last_json(command: list, pinned: int | None) -> dict:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE,
            preexec_fn=None if pinned is None else lambda: os.sched_setaffinity(0, {pinned}),
        )
    except subprocess.TimeoutExpired:
        return {"error": f"took more than {PATIENCE} s"}
    start = done.stdout.find("{")
    if done.returncode or start < 0:
        return {"error": (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1][:200]}
    return json.loads(done.stdout[start:])


def measure(args: argparse.Namespace, engine: str, network: str, batch: int, threads: int) -> dict:
    """Milliseconds of a batch under "min" and "p50", or "error"."""
    pinned = os.cpu_count() - 1 if threads == 1 else None
    if engine != "effnet":
        return last_json([
            sys.executable, HERE / "engines.py", engine, args.folder, network,
            "--threads", str(threads), "--batch", str(batch), "--seconds", str(args.seconds),
        ], pinned)
    random = [] if network == "lite0" else ["--random"]
    got = last_json([
        args.effnet, "bench", network, *random, "--threads", str(threads), "--batch", str(batch), "-f", "json",
    ], pinned)
    if "error" in got:
        return got
    return {
        "version": f"{got.get('version', '')} {got['tier']}".strip(), "runs": got["runs"],
        "min": got["latency_ms"]["min"], "p50": got["latency_ms"]["p50"], "peak_share": got["peak_share"],
    }


def processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                family = [l.split(":")[1].strip() for l in Path("/proc/cpuinfo").read_text().splitlines()
                          if l.startswith(("cpu family", "model\t"))][:2]
                return f"{line.split(':')[1].strip()} (family {family[0]}, model {family[1]})"
    except OSError:
        pass
    return platform.processor()


def summary(rounds: list[dict], base: list[dict], batch: int) -> dict:
    """Of one engine's rounds, a picture."""
    good = [(r, b) for r, b in zip(rounds, base) if "error" not in r]
    if not good:
        return {"error": rounds[-1]["error"], "version": rounds[-1].get("version")}
    ratios = [r["p50"] / b["p50"] for r, b in good if "error" not in b]
    out = {
        "version": good[0][0]["version"], "rounds": len(good),
        "p50_ms": round(statistics.median(r["p50"] for r, _ in good) / batch, 3),
        "min_ms": round(min(r["min"] for r, _ in good) / batch, 3),
    }
    if ratios:
        out["ratio"] = round(statistics.median(ratios), 3)
    return out


def cell(s: dict) -> str:
    if "error" in s:
        return "–"
    return f"{s['p50_ms']:.3g}" + (f" ({s['ratio']:.2f})" if "ratio" in s else "")


def heading(config: dict) -> str:
    batch = f", batch {config['batch']}" if config["batch"] > 1 else ""
    return f"{NETWORKS[config['network']]}{batch}, {config['threads']} thread{'s' if config['threads'] > 1 else ''}"


def table(report: dict) -> str:
    configs, engines = report["configurations"], report["engines"]
    heads = []
    for engine in engines:
        version = next((c["engines"][engine]["version"] for c in configs if c["engines"][engine].get("version")), "")
        heads.append(f"{NAMES[engine]} {version}".strip())
    lines = [
        f"Milliseconds a picture, float32, medians of {report['rounds']} rounds in turn, in brackets the ratio to ONNX Runtime.",
        f"{report['cpu']}, {report['cpus']} CPUs, {report['date']}, load {report['load'][0]:.1f} to {report['load'][1]:.1f}.",
        "",
        "| | " + " | ".join(heads) + " |",
        "|---|" + "---|" * len(engines),
    ]
    notes = []
    for c in configs:
        lines.append(f"| {heading(c)} | " + " | ".join(cell(c["engines"][e]) for e in engines) + " |")
        notes += [f"- {NAMES[e]}, {heading(c)}: {c['engines'][e]['error']}" for e in engines if "error" in c["engines"][e]]
    return "\n".join(lines + ([""] + notes if notes else [])) + "\n"


def run(args: argparse.Namespace) -> dict:
    wanted = [(n, b, t) for n in args.networks for b in args.batches if b == 1 or n in BATCHED for t in args.threads]
    for n, b in dict.fromkeys((n, b) for n, b, _ in wanted):
        export(args.folder, n, b)
    load = [os.getloadavg()[0]]
    found = {c: {e: [] for e in args.engines} for c in wanted}
    for i in range(args.rounds):
        for config in wanted:
            for engine in args.engines:
                past = found[config][engine]
                if past and "error" in past[-1]:  # it will not be otherwise
                    past.append(past[-1])
                    continue
                past.append(measure(args, engine, *config))
                print(f"round {i + 1}: {engine} {config}: {past[-1]}", file=sys.stderr, flush=True)
        load.append(os.getloadavg()[0])
    report = {
        "cpu": processor(), "cpus": os.cpu_count(), "date": datetime.date.today().isoformat(),
        "load": [min(load), max(load)], "rounds": args.rounds, "engines": args.engines, "configurations": [],
    }
    for (n, b, t), engines in found.items():
        base = engines.get(BASE, [{"error": ""}] * args.rounds)
        report["configurations"].append({
            "network": n, "batch": b, "threads": t,
            "engines": {e: summary(rounds, base, b) | {"each_round": rounds} for e, rounds in engines.items()},
        })
    return report


def main() -> None:
    def listed(kind):
        return lambda text: [kind(x) for x in text.split(",")]

    parser = argparse.ArgumentParser()
    parser.add_argument("effnet")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--networks", type=listed(str), default=list(NETWORKS))
    parser.add_argument("--threads", type=listed(int), default=[1, 2])
    parser.add_argument("--batches", type=listed(int), default=[1, 8])
    parser.add_argument("--engines", type=listed(str), default=ENGINES)
    parser.add_argument("-o", "--output", default="peers")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    report = run(args)
    Path(f"{args.output}.json").write_text(json.dumps(report, indent=1) + "\n")
    Path(f"{args.output}.md").write_text(table(report))
    print(table(report), end="")


if __name__ == "__main__":
    main()
