"""Writes test/fixtures/images/: small files of every format, and the pixels that Pillow reads from them.

Run: python tools/image_fixtures.py   (Pillow 12.3, numpy 2)

decoded.json maps a file to {height, width, rgb, grey}: bytes in base64, rows first, after
ImageOps.exif_transpose and convert("RGB") or convert("L"). Of grey 16-bit files, which Pillow clips,
they are the high bytes.
"""

import base64
import json
import struct
import zlib
from pathlib import Path

import numpy as np
from bitmap_files import write_bitmaps, write_netpbm
from PIL import Image, ImageOps

OUT = Path(__file__).resolve().parent.parent / "test" / "fixtures" / "images"
HEIGHT, WIDTH = 16, 24


def drawing():
    """Slopes in red and green, a disc in blue: nothing in it survives a wrong flip or channel."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    disc = (y - 5) ** 2 + (x - 8) ** 2 < 16
    planes = [x * 255 // (WIDTH - 1), y * 255 // (HEIGHT - 1), np.where(disc, 230, 40)]
    return Image.fromarray(np.stack(planes, axis=2).astype(np.uint8))


def with_alpha(image):
    pixels = np.array(image.convert("RGBA"))
    pixels[:, :, 3] = np.arange(WIDTH) * 10
    return Image.fromarray(pixels)


def write_files():
    image = drawing()
    grey, alpha = image.convert("L"), with_alpha(image)
    image.save(OUT / "colour.jpg", quality=90)
    image.save(OUT / "progressive.jpg", quality=80, progressive=True)
    grey.save(OUT / "grey.jpg")
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        image.save(OUT / f"orientation-{orientation}.jpg", exif=exif, quality=90)
    image.save(OUT / "colour.png")
    grey.save(OUT / "grey.png")
    image.convert("1").save(OUT / "black-and-white.png")
    image.quantize(32).save(OUT / "palette.png")
    alpha.quantize(32).save(OUT / "palette-alpha.png")
    alpha.save(OUT / "alpha.png")
    alpha.convert("LA").save(OUT / "grey-alpha.png")
    image.save(OUT / "colour.webp")
    alpha.save(OUT / "alpha.webp", lossless=True, exact=True)
    image.save(OUT / "colour.avif", subsampling="4:4:4")
    first, second = image.quantize(32), image.rotate(180).quantize(32)
    first.save(OUT / "palette.gif")
    first.save(OUT / "animated.gif", save_all=True, append_images=[second])
    image.save(OUT / "colour.tiff", compression="tiff_lzw")
    wide = np.array(grey).astype(np.uint16) * 256 + 200
    Image.fromarray(wide).save(OUT / "grey-16-bit.png")
    Image.fromarray(wide).save(OUT / "grey-16-bit.tiff")
    write_deep_png(OUT / "colour-16-bit.png", np.array(image).astype(">u2") * 256 + 200)
    write_bitmaps(OUT, image)
    write_netpbm(OUT, image)


def write_deep_png(file, samples):
    """Pillow writes no colours of 16 bits; it reads their high bytes."""

    def part(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + row.tobytes() for row in samples.astype(">u2"))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, 2, 0, 0, 0)
    parts = [part(b"IHDR", head), part(b"IDAT", zlib.compress(rows)), part(b"IEND", b"")]
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def decoded(file):
    image = ImageOps.exif_transpose(Image.open(file))
    if image.mode in ("I", "I;16"):
        image = Image.fromarray((np.array(image) >> 8).astype(np.uint8))
    pixels = {"rgb": image.convert("RGB"), "grey": image.convert("L")}
    texts = {k: base64.b64encode(np.array(v).tobytes()).decode() for k, v in pixels.items()}
    return {"height": image.height, "width": image.width, **texts}


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    write_files()
    files = sorted(file for file in OUT.iterdir() if file.suffix != ".json")
    lines = ",\n".join(f'"{file.name}": {json.dumps(decoded(file))}' for file in files)
    (OUT / "decoded.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
