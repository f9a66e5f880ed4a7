"""Makes the small odd and broken pictures that the tests read.

  testdata/broken/                 a folder of mixed files, for the command line
  pkg/preprocess/testdata/pillow/  every form of the formats, each beside a .ppm
                                   of what Pillow's convert("RGB") makes of it

Run from the root of the project: python tools/golden/odd_pictures.py
Needs pillow, numpy and scikit-image (for its CC0 photo of a cat).
"""

import io
import pathlib
import struct
import warnings
import zlib

import numpy as np
import skimage.data
from PIL import Image, ImageOps

BROKEN = pathlib.Path("testdata/broken")
FORMS = pathlib.Path("pkg/preprocess/testdata/pillow")
RANDOM = np.random.default_rng(1)
ORIENTATION = 274
# How to store an upright picture so that each orientation turns it upright.
STORE = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def noise(n):
    return RANDOM.integers(0, 256, n).astype(np.uint8).tobytes()


def cat(width, height):
    return Image.fromarray(skimage.data.chelsea()).resize((width, height), Image.Resampling.BICUBIC)


def with_alpha(image):
    width, height = image.size
    ramp = np.add.outer(7 * np.arange(height), 11 * np.arange(width)) % 256
    image = image.copy()
    image.putalpha(Image.fromarray(ramp.astype(np.uint8)))
    return image


def oriented(image, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    method = STORE[orientation]
    return (image if method is None else image.transpose(method)), exif


# PNG


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, colour, raw, interlace=0, extra=b""):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + extra
        + png_chunk(b"IDAT", zlib.compress(raw)) + png_chunk(b"IEND", b"")
    )


def png_noise(width, height, depth, colour, samples, extra=b""):
    row = (width * depth * samples + 7) // 8
    raw = b"".join(b"\0" + noise(row) for _ in range(height))
    return png(width, height, depth, colour, raw, extra=extra)


def adam7(image):
    pixels, raw = np.asarray(image), b""
    for x, y, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        part = pixels[y::dy, x::dx]
        if part.size:
            raw += b"".join(b"\0" + row.tobytes() for row in part)
    return png(*image.size, 8, 2, raw, interlace=1)


# GIF


def gif_codes(indices):
    """LZW that clears its table before it grows."""
    codes = []
    for i, v in enumerate(indices):
        codes += [256, v] if i % 100 == 0 else [v]
    bits = "".join(f"{c:09b}"[::-1] for c in codes + [257])
    data = bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))
    blocks = (data[i : i + 255] for i in range(0, len(data), 255))
    return b"\x08" + b"".join(bytes([len(b)]) + b for b in blocks) + b"\0"


def gif(screen, frame, colours=b"", local=b"", transparent=None, background=0, interlaced=False):
    size_bits = {0: 0, 12: 0x81, 768: 0x87}
    out = b"GIF89a" + struct.pack("<HHBBB", *screen, size_bits[len(colours)], background, 0) + colours
    if transparent is not None:
        out += b"\x21\xf9\x04\x01\0\0" + bytes([transparent]) + b"\0"
    flags = size_bits[len(local)] | (0x40 if interlaced else 0)
    out += b"," + struct.pack("<HHHHB", *frame, flags) + local
    return out + gif_codes(noise(frame[2] * frame[3])) + b";"


# BMP


def bmp(width, height, depth, masks=b"", colours=b"", os2=False):
    body = noise((width * depth + 31) // 32 * 4 * abs(height))
    if os2:
        header = struct.pack("<IHHHH", 12, width, height, 1, depth)
    else:
        header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, depth, 3 if masks else 0, len(body), 0, 0, 0, 0)
    offset = 14 + len(header) + len(masks) + len(colours)
    return b"BM" + struct.pack("<IHHI", offset + len(body), 0, 0, offset) + header + masks + colours + body


# WebP


def moved_frame(data, x, y, canvas):
    """An animated WebP whose first frame lies at (x, y), both even, of a larger canvas."""
    data = bytearray(data)
    frame, header = data.index(b"ANMF") + 8, data.index(b"VP8X") + 8
    for at, value in ((frame, x // 2), (frame + 3, y // 2), (header + 4, canvas[0] - 1), (header + 7, canvas[1] - 1)):
        data[at : at + 3] = value.to_bytes(3, "little")
    return bytes(data)


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def png_forms():
    image = cat(13, 9)
    quantized = image.quantize(16)
    yield "rgb.png", saved(image, "png")
    yield "rgba.png", saved(with_alpha(image), "png")
    yield "gray.png", saved(image.convert("L"), "png")
    yield "gray-alpha.png", saved(with_alpha(image).convert("LA"), "png")
    yield "bit.png", saved(image.convert("1"), "png")
    yield "palette.png", saved(quantized, "png")
    yield "palette-transparent.png", saved(quantized, "png", transparency=bytes([0, 50, 100]))
    yield "rgb-transparent.png", saved(image, "png", transparency=image.getpixel((3, 3)))
    yield "gray-transparent.png", saved(image.convert("L"), "png", transparency=image.convert("L").getpixel((3, 3)))
    for name, colour, samples in (("rgb", 2, 3), ("rgba", 6, 4), ("gray-alpha", 4, 2)):
        yield f"16-{name}.png", png_noise(13, 9, 16, colour, samples)
    for depth in (1, 2, 4):
        yield f"gray{depth}.png", png_noise(13, 9, depth, 0, 1)
        yield f"short-palette{depth}.png", png_noise(13, 9, depth, 3, 1, png_chunk(b"PLTE", bytes([200, 10, 20])))
    yield "interlaced.png", adam7(image)
    yield "interlaced-2x3.png", adam7(cat(2, 3))


def gif_forms():
    image = cat(13, 9)
    colours, local, few = noise(768), noise(768), noise(12)
    frame = (3, 4, 7, 5)
    yield "palette.gif", saved(image.quantize(32), "gif")
    yield "interlaced.gif", saved(image.quantize(32), "gif", interlace=1)
    yield "gray.gif", saved(image.convert("L"), "gif")
    yield "transparent.gif", saved(image.quantize(32), "gif", transparency=7)
    yield "animated.gif", saved(image.quantize(32), "gif", save_all=True, append_images=[image.rotate(180).quantize(32)])
    yield "offset.gif", gif((20, 15), frame, colours)
    yield "offset-transparent.gif", gif((20, 15), frame, colours, transparent=9)
    yield "offset-background.gif", gif((20, 15), frame, colours, background=200)
    yield "offset-local.gif", gif((20, 15), frame, colours, local, transparent=77)
    yield "beyond-canvas.gif", gif((5, 4), frame, colours)
    yield "no-canvas.gif", gif((0, 0), (0, 0, 7, 5), colours)
    yield "no-palette.gif", gif((20, 15), frame)
    yield "no-palette-transparent.gif", gif((20, 15), frame, transparent=50)
    yield "short-palette.gif", gif((20, 15), frame, few)


def webp_forms():
    image, clear = cat(13, 9), with_alpha(cat(13, 9))
    for quality in (5, 60, 95):
        yield f"quality{quality}.webp", saved(cat(37, 23), "webp", quality=quality)
    for width, height in ((1, 1), (2, 1), (1, 7), (9, 1), (12, 8)):
        yield f"{width}x{height}.webp", saved(cat(width, height), "webp", quality=80)
    yield "lossless.webp", saved(image, "webp", lossless=True)
    yield "alpha.webp", saved(clear, "webp", quality=70, exact=True)
    yield "lossless-alpha.webp", saved(clear, "webp", lossless=True, exact=True)
    animated = saved(image, "webp", save_all=True, append_images=[image.rotate(180)], quality=60)
    yield "animated.webp", animated
    yield "animated-offset.webp", moved_frame(animated, 10, 6, (30, 25))
    yield "animated-alpha.webp", saved(clear, "webp", save_all=True, append_images=[clear.rotate(180)], quality=60)
    yield "animated-lossless.webp", saved(clear, "webp", save_all=True, append_images=[clear.rotate(180)], lossless=True)


def bmp_forms():
    image = cat(13, 9)
    for mode in ("RGB", "L", "1"):
        yield f"{mode.lower()}.bmp", saved(image.convert(mode), "bmp")
    yield "palette.bmp", saved(image.quantize(16), "bmp")
    yield "rgba.bmp", saved(with_alpha(image), "bmp")
    yield "555.bmp", bmp(9, 5, 16)
    yield "565.bmp", bmp(9, 5, 16, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F))
    yield "32.bmp", bmp(9, 5, 32)
    yield "top-down.bmp", bmp(9, -5, 24)
    yield "4.bmp", bmp(9, 5, 4, colours=noise(64))
    yield "os2.bmp", bmp(9, 5, 24, os2=True)
    yield "os2-palette.bmp", bmp(9, 5, 8, colours=noise(768), os2=True)


def tiff_forms():
    image = cat(13, 9)
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        yield f"rgb-{compression}.tif", saved(image, "tiff", compression=compression)
        yield f"rgba-{compression}.tif", saved(with_alpha(image), "tiff", compression=compression)
        yield f"cmyk-{compression}.tif", saved(image.convert("CMYK"), "tiff", compression=compression)
        yield f"gray-{compression}.tif", saved(image.convert("L"), "tiff", compression=compression)
        yield f"gray-alpha-{compression}.tif", saved(with_alpha(image.convert("L")), "tiff", compression=compression)
    difference = {317: 2}
    yield "gray-alpha-predicted.tif", saved(with_alpha(image.convert("L")), "tiff", compression="tiff_lzw", tiffinfo=difference)
    yield "palette.tif", saved(image.quantize(16), "tiff")
    for compression in ("raw", "group3", "group4"):
        yield f"bit-{compression}.tif", saved(image.convert("1"), "tiff", compression=compression)


def oriented_forms():
    for orientation in range(1, 9):
        image, exif = oriented(cat(13, 9), orientation)
        yield f"orientation{orientation}.png", saved(image, "png", exif=exif)
        yield f"orientation{orientation}.webp", saved(image, "webp", exif=exif, lossless=True)
        yield f"orientation{orientation}.tif", saved(image, "tiff", exif=exif)


def write_forms():
    FORMS.mkdir(parents=True, exist_ok=True)
    for old in FORMS.iterdir():
        old.unlink()
    for forms in (png_forms, gif_forms, webp_forms, bmp_forms, tiff_forms, oriented_forms):
        for name, data in forms():
            (FORMS / name).write_bytes(data)
            image = Image.open(io.BytesIO(data))
            image.load()
            ImageOps.exif_transpose(image).convert("RGB").save(FORMS / f"{name}.ppm")


# Named in messages as what people hand in; heads only.
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0\0\0\x08meta"
HUGE_GIF = b"GIF89a" + struct.pack("<HHBBB", 58593, 58596, 0, 0, 0) + b",\0"


def write_broken():
    (BROKEN / "exif").mkdir(parents=True, exist_ok=True)
    image, small = cat(96, 64), cat(48, 32)
    jpeg = saved(image, "jpeg", quality=85)
    whole_png = saved(small, "png")
    files = {
        "good.jpg": jpeg,
        "truncated.jpg": jpeg[: len(jpeg) * 2 // 3],
        "truncated.png": whole_png[: len(whole_png) * 2 // 3],
        "truncated.webp": saved(small, "webp", quality=80)[:300],
        "empty.jpg": b"",
        "text.jpg": b"not a picture, just words\n",
        "huge.gif": HUGE_GIF,
        "photo.heic": HEIC,
        "heic.jpg": HEIC,
        "png-named.jpg": whole_png,
        "cmyk.jpg": saved(image.convert("CMYK"), "jpeg", quality=85),
        "gray.png": saved(small.convert("L"), "png"),
        "palette.png": saved(small.quantize(32), "png"),
        "16bit.png": png_noise(24, 16, 16, 2, 3),
        "alpha.png": saved(with_alpha(small), "png"),
        "1x40.png": saved(cat(1, 40), "png"),
        "40x1.png": saved(cat(40, 1), "png"),
        "animated.gif": saved(small.quantize(32), "gif", save_all=True, append_images=[small.rotate(180).quantize(32)]),
        "animated.webp": saved(small, "webp", save_all=True, append_images=[small.rotate(180)], quality=70),
    }
    for orientation in range(1, 9):
        turned, exif = oriented(image, orientation)
        files[f"exif/{orientation}.jpg"] = saved(turned, "jpeg", quality=95, exif=exif)
    for name, data in files.items():
        (BROKEN / name).write_bytes(data)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    write_forms()
    write_broken()
