"""Makes the JPEG goldens in pkg/preprocess/jpeg/testdata: small files of many
kinds, and the pixels that Pillow's convert("RGB") gives for each, as PNG; and
matrix.gz, hundreds of files of all sizes with checksums of Pillow's pixels at
each scale of its draft.

    python tools/golden/jpeg.py               writes the goldens
    python tools/golden/jpeg.py --sweep DIR   writes a few thousand more files

Needs Pillow 13.0.0 and numpy. Kinds that Pillow does not write come from the
small baseline encoder below.
"""

import argparse
import gzip
import io
import itertools
import pathlib
import struct
import zlib

import numpy as np
import PIL
from PIL import Image

TESTDATA = pathlib.Path(__file__).parents[2] / "pkg/preprocess/jpeg/testdata"

ZIGZAG = sorted(
    range(64),
    key=lambda i: (i // 8 + i % 8, i // 8 if (i // 8 + i % 8) % 2 else i % 8),
)
COSINE = np.array(
    [
        [np.cos((2 * x + 1) * u * np.pi / 16) / 2 * (np.sqrt(0.5) if u == 0 else 1) for x in range(8)]
        for u in range(8)
    ]
)


def standard_tables():
    """Huffman tables as Pillow writes them without optimisation: T.81, K.3."""
    buffer = io.BytesIO()
    Image.new("YCbCr", (8, 8)).save(buffer, "JPEG")
    data, segments, at = buffer.getvalue(), [], 2
    while data[at + 1] != 0xDA:
        size = struct.unpack(">H", data[at + 2 : at + 4])[0]
        if data[at + 1] == 0xC4:
            segments.append(data[at : at + 2 + size])
        at += 2 + size
    codes = {}
    for segment in segments:
        body = segment[4:]
        while body:
            counts, symbols = body[1:17], iter(body[17 : 17 + sum(body[1:17])])
            code, table = 0, {}
            for length, count in enumerate(counts, 1):
                for _ in range(count):
                    table[next(symbols)] = (code, length)
                    code += 1
                code <<= 1
            codes[body[0]] = table
            body = body[17 + sum(counts) :]
    return b"".join(segments), codes


DHT, CODES = standard_tables()


def picture(width, height, channels, seed=1, noise=24):
    """Waves, an edge and noise: [height, width, channels], uint8."""
    random = np.random.RandomState(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    planes = []
    for c in range(channels):
        wave = np.sin(x / (4 + 3 * c) + seed) * np.cos(y / (5 + c)) * 70
        edge = np.where(x * (c + 1) + 2 * y > width, 90, -60)
        planes.append(128 + wave + edge + random.uniform(-noise, noise, x.shape))
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def segment(marker, body):
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


ADOBE = {t: segment(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([t])) for t in (0, 1, 2)}
JFIF = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")


class Bits:
    def __init__(self):
        self.text = []

    def put(self, value, length):
        if length:
            self.text.append(format(value, f"0{length}b"))

    def bytes(self):
        text = "".join(self.text)
        text += "1" * (-len(text) % 8)
        raw = int("1" + text, 2).to_bytes(len(text) // 8 + 1, "big")[1:]
        return raw.replace(b"\xff", b"\xff\0")


def put_block(bits, block, last, tables):
    """Codes one quantised block, in zigzag order; returns its DC."""

    def put(table, run, value):
        size = int(abs(value)).bit_length()
        bits.put(*CODES[table][run << 4 | size])
        bits.put(value if value >= 0 else value + (1 << size) - 1, size)

    put(tables, 0, block[0] - last)
    run = 0
    for value in block[1 : max(np.flatnonzero(block), default=0) + 1]:
        while value and run > 15:
            bits.put(*CODES[16 | tables][0xF0])
            run -= 16
        if value:
            put(16 | tables, run, int(value))
        run = 0 if value else run + 1
    if block[63] == 0:
        bits.put(*CODES[16 | tables][0])
    return int(block[0])


def encode(planes, factors, ids=None, step=6, wide=False, interleave=True, restart=0, head=b"", dht=True, sof=0xC0, scans=None):
    """A sequential JPEG of the planes [height, width, n] with (h, v) a plane;
    scans lists the planes of each."""
    height, width, n = planes.shape
    ids = ids or list(range(1, n + 1))
    h_max, v_max = max(h for h, _ in factors), max(v for _, v in factors)
    quant = np.array([step + (i // 8 + i % 8) * step // 3 for i in range(64)])
    quant = np.maximum(quant, 1)
    cols, rows = -(-width // (8 * h_max)), -(-height // (8 * v_max))
    blocks, real = [], []
    for c, (h, v) in enumerate(factors):
        y = np.minimum(np.arange(rows * v * 8) * v_max // v, height - 1)
        x = np.minimum(np.arange(cols * h * 8) * h_max // h, width - 1)
        samples = planes[y][:, x, c].astype(float) - 128
        grid = samples.reshape(rows * v, 8, cols * h, 8).transpose(0, 2, 1, 3)
        coefs = COSINE @ grid @ COSINE.T
        coefs = np.rint(coefs.reshape(rows * v, cols * h, 64) / quant).astype(int)
        blocks.append(coefs[:, :, ZIGZAG])
        real.append((-(-(-(-height * v // v_max)) // 8), -(-(-(-width * h // h_max)) // 8)))

    order = bytes if not wide else lambda q: struct.pack(">64H", *q)
    out = [b"\xff\xd8", head, segment(0xDB, bytes([16 if wide else 0]) + order([int(quant[i]) for i in ZIGZAG]))]
    spec = b"".join(bytes([i, h << 4 | v, 0]) for i, (h, v) in zip(ids, factors))
    out.append(segment(sof, struct.pack(">BHHB", 8, height, width, n) + spec))
    if dht:
        out.append(DHT)
    if restart:
        out.append(segment(0xDD, struct.pack(">H", restart)))
    scans = scans or ([list(range(n))] if interleave else [[c] for c in range(n)])
    for members in scans:
        spec = b"".join(bytes([ids[c], 0x11 if c else 0]) for c in members)
        out.append(segment(0xDA, bytes([len(members)]) + spec + b"\0\x3f\0"))
        if len(members) == 1:
            units = [[(members[0], y, x)] for y in range(real[members[0]][0]) for x in range(real[members[0]][1])]
        else:
            units = [
                [
                    (c, y * factors[c][1] + v, x * factors[c][0] + h)
                    for c in members
                    for v in range(factors[c][1])
                    for h in range(factors[c][0])
                ]
                for y in range(rows)
                for x in range(cols)
            ]
        size = restart or len(units)
        for i, first in enumerate(range(0, len(units), size)):
            bits, last = Bits(), [0] * n
            for unit in units[first : first + size]:
                for c, y, x in unit:
                    last[c] = put_block(bits, blocks[c][y, x], last[c], 1 if c else 0)
            out += [bytes([0xFF, 0xD0 + (i - 1) % 8])] * (i > 0) + [bits.bytes()]
    return b"".join(out) + b"\xff\xd9"


def by_pillow(mode, width, height, seed=1, **options):
    buffer = io.BytesIO()
    channels = {"L": 1, "RGB": 3, "CMYK": 4}[mode]
    pixels = picture(width, height, channels, seed)
    image = Image.fromarray(pixels[:, :, 0] if mode == "L" else pixels, mode)
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def by_encoder(width, height, factors, seed=1, **options):
    return encode(picture(width, height, len(factors), seed), factors, **options)


def goldens():
    chroma = lambda h, v: [(h, v), (1, 1), (1, 1)]
    yield "444-q100", by_pillow("RGB", 33, 17, quality=100, subsampling=0)
    yield "422-q75", by_pillow("RGB", 33, 17, quality=75, subsampling=1)
    yield "420-q30", by_pillow("RGB", 33, 17, quality=30, subsampling=2)
    yield "420-q90-optimised", by_pillow("RGB", 35, 37, quality=90, subsampling=2, optimize=True)
    yield "420-restart", by_pillow("RGB", 65, 33, quality=80, restart_marker_blocks=1)
    yield "420-1x1", by_pillow("RGB", 1, 1)
    yield "420-3x4", by_pillow("RGB", 3, 4)
    yield "420-5x2", by_pillow("RGB", 5, 2)
    yield "420-4x40", by_pillow("RGB", 4, 40)
    yield "422-4x3", by_pillow("RGB", 4, 3, subsampling=1)
    yield "grey-q90", by_pillow("L", 33, 17, quality=90)
    yield "grey-progressive", by_pillow("L", 33, 17, progressive=True)
    yield "rgb-adobe", by_pillow("RGB", 33, 17, keep_rgb=True, subsampling=0)
    yield "cmyk-adobe", by_pillow("CMYK", 33, 17, quality=90)
    yield "cmyk-progressive", by_pillow("CMYK", 17, 9, progressive=True)
    yield "444-progressive", by_pillow("RGB", 33, 17, quality=95, subsampling=0, progressive=True)
    yield "420-progressive", by_pillow("RGB", 49, 35, quality=90, progressive=True)
    yield "420-progressive-restart", by_pillow("RGB", 49, 35, progressive=True, restart_marker_blocks=2)
    yield "440", by_encoder(33, 17, chroma(1, 2))
    yield "411", by_encoder(33, 17, chroma(4, 1))
    yield "410", by_encoder(35, 18, chroma(4, 2))
    yield "h3v1", by_encoder(33, 17, chroma(3, 1))
    yield "h1v3", by_encoder(33, 17, chroma(1, 3))
    yield "h2v4", by_encoder(33, 35, chroma(2, 4))
    yield "mixed", by_encoder(33, 35, [(2, 2), (2, 1), (1, 2)])
    yield "chroma-larger", by_encoder(33, 35, [(1, 1), (2, 2), (1, 2)])
    yield "grey-2x2", by_encoder(33, 17, [(2, 2)])
    yield "420-separate-scans", by_encoder(33, 19, chroma(2, 2), interleave=False)
    yield "420-separate-restart", by_encoder(33, 19, chroma(2, 2), interleave=False, restart=3)
    yield "420-wide-quant", by_encoder(33, 17, chroma(2, 2), step=120, wide=True)
    yield "420-no-tables", by_encoder(33, 17, chroma(2, 2), dht=False)
    yield "420-extended", by_encoder(33, 17, chroma(2, 2), sof=0xC1)
    yield "rgb-ids", by_encoder(17, 9, chroma(1, 1), ids=[82, 71, 66])
    yield "ycc-jfif-over-adobe", by_encoder(17, 9, chroma(1, 1), head=JFIF + ADOBE[0])
    yield "ycc-adobe-over-ids", by_encoder(17, 9, chroma(1, 1), ids=[82, 71, 66], head=ADOBE[1])
    yield "rgb-adobe-over-ids", by_encoder(17, 9, chroma(1, 1), head=ADOBE[0])
    yield "ycck-adobe", by_encoder(33, 17, [(1, 1)] * 4, head=ADOBE[2])
    yield "ycck-420", by_encoder(33, 17, [(2, 2), (1, 1), (1, 1), (2, 2)], head=ADOBE[2])
    yield "420-luma-apart", by_encoder(33, 19, chroma(2, 2), scans=[[0], [1, 2]])
    yield "420-scans-reversed", by_encoder(33, 19, chroma(2, 2), scans=[[2], [1], [0]], restart=4)
    yield "422-chroma-first", by_encoder(33, 19, chroma(2, 1), scans=[[1, 2], [0]])
    yield "h3v3", by_encoder(50, 40, chroma(3, 3), interleave=False)
    yield "h3v2", by_encoder(50, 40, chroma(3, 2))
    yield "h3-all", by_encoder(33, 17, [(3, 1)] * 3)
    yield "ycc-equal-ids", by_encoder(17, 9, chroma(1, 1), ids=[7, 7, 7])
    yield "ycc-odd-ids", by_encoder(17, 9, chroma(2, 1), ids=[0, 34, 35])
    yield "ycc-adobe-ycck", by_encoder(17, 9, chroma(1, 1), head=ADOBE[2])
    yield "rgb-ids-jfif", by_encoder(17, 9, chroma(1, 1), ids=[82, 71, 66], head=JFIF)
    yield "ycck-adobe-ycc", by_encoder(17, 9, [(1, 1)] * 4, head=ADOBE[1])
    yield "cmyk-jfif-adobe", by_encoder(17, 9, [(1, 1)] * 4, head=JFIF + ADOBE[0])
    yield "cmyk-jfif", by_encoder(17, 9, [(1, 1)] * 4, head=JFIF)
    yield "grey-adobe", by_encoder(17, 9, [(1, 1)], head=ADOBE[1])
    yield "cmyk-plain", by_encoder(17, 9, [(1, 1)] * 4)


def sweep():
    sizes = [(1, 1), (2, 1), (1, 2), (3, 3), (5, 7), (8, 8), (9, 16), (16, 9), (17, 17), (33, 17), (31, 65), (65, 33)]
    for (w, h), sub, q, p in itertools.product(sizes, (0, 1, 2), (30, 60, 90, 100), (0, 1)):
        yield f"{w}x{h}-s{sub}-q{q}-p{p}", by_pillow("RGB", w, h, w + q, quality=q, subsampling=sub, progressive=bool(p))
    for (w, h), mode, q, p in itertools.product(sizes, ("L", "CMYK"), (50, 95), (0, 1)):
        name = f"{w}x{h}-{mode}-q{q}-p{p}"
        yield name, by_pillow(mode, w, h, w + q, quality=q, progressive=bool(p), restart_marker_rows=1)
    pairs = list(itertools.product((1, 2, 3, 4), (1, 2, 3, 4)))
    for (w, h), a, b in itertools.product(sizes, pairs, pairs):
        factors = [a, b, (1, 1)]
        total = sum(x * y for x, y in factors)
        name = f"{w}x{h}-{a[0]}{a[1]}-{b[0]}{b[1]}"
        if w + h in (2, 6, 50, 98):
            yield name, by_encoder(w, h, factors, w + total, interleave=total <= 10, restart=total % 3)


def scaled(data, scale):
    """The pixels at 1/scale: draft, but for pictures of any size."""
    image = Image.open(io.BytesIO(data))
    width, height = (-(-side // scale) for side in image.size)
    codec, _, offset, arguments = image.tile[0]
    image.tile = [(codec, (0, 0, width, height), offset, arguments)]
    image._size = width, height
    image.decoderconfig = (scale, 0)
    return image.convert("RGB")


def matrix():
    """Every width and height from 1 to 70, in every sampling."""
    samplings = {
        "444": [(1, 1), (1, 1), (1, 1)],
        "422": [(2, 1), (1, 1), (1, 1)],
        "420": [(2, 2), (1, 1), (1, 1)],
        "440": [(1, 2), (1, 1), (1, 1)],
        "411": [(4, 1), (1, 1), (1, 1)],
        "410": [(4, 2), (1, 1), (1, 1)],
        "h3": [(3, 1), (1, 1), (1, 1)],
        "v3": [(1, 3), (1, 1), (1, 1)],
        "v4": [(2, 4), (1, 1), (1, 1)],
        "mixed": [(2, 2), (2, 1), (1, 2)],
        "inverse": [(1, 1), (2, 2), (2, 1)],
        "grey": [(1, 1)],
        "cmyk": [(1, 1)] * 4,
        "ycck": [(2, 2), (1, 1), (1, 1), (2, 2)],
    }
    for i in range(70):
        width, height = i + 1, i * 29 % 70 + 1
        for subsampling, progressive in itertools.product((0, 1, 2), (False, True)):
            quality = (20, 60, 75, 85, 95)[(i + subsampling) % 5]
            options = {"restart_marker_rows": 1} if i % 4 == 3 else {}
            yield by_pillow(
                "RGB", width, height, i, quality=quality, subsampling=subsampling, progressive=progressive, **options
            )
        name = list(samplings)[i % len(samplings)]
        head = ADOBE[2] if name == "ycck" else b""
        yield by_encoder(width, height, samplings[name], i, step=3 + i % 40, head=head, restart=i % 3)
        yield by_encoder(height, width, samplings[name], i, step=40, head=head, interleave=i % 2 == 0)


def write_matrix(path):
    """Records of a length, four checksums and a file, all little-endian."""
    with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
        for data in matrix():
            sums = [zlib.crc32(scaled(data, scale).tobytes()) for scale in (1, 2, 4, 8)]
            file.write(struct.pack("<5I", len(data), *sums) + data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweep", type=pathlib.Path, metavar="DIR")
    target = parser.parse_args().sweep
    if PIL.__version__ != "13.0.0":
        raise SystemExit(f"goldens are made with Pillow 13.0.0, not {PIL.__version__}")
    (target or TESTDATA).mkdir(parents=True, exist_ok=True)
    for name, data in sweep() if target else goldens():
        path = (target or TESTDATA) / f"{name}.jpg"
        path.write_bytes(data)
        if not target:
            Image.open(path).convert("RGB").save(path.with_suffix(".png"), optimize=True)
    if not target:
        write_matrix(TESTDATA / "matrix.gz")


if __name__ == "__main__":
    main()
