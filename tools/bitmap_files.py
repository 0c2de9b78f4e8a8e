"""Bitmaps (BMP) and Netpbm files of every kind that is read: Pillow reads them all and writes few."""

import struct

import numpy as np

BLACK_AND_WHITE = bytes([0, 0, 0, 0, 255, 255, 255, 0])


def write_bitmaps(out, image):
    rgb = np.array(image)[:, :23]  # an odd width: rows need filling up
    bgr = rgb[:, :, ::-1]
    reserved = np.full((*rgb.shape[:2], 1), 7, np.uint8)
    words = rgb.astype(int)
    w555 = words[:, :, 0] >> 3 << 10 | words[:, :, 1] >> 3 << 5 | words[:, :, 2] >> 3
    w565 = words[:, :, 0] >> 3 << 11 | words[:, :, 1] >> 2 << 5 | words[:, :, 2] >> 3
    quantized = image.quantize(16)
    colours = np.array(quantized.getpalette()[:48]).reshape(16, 3)
    palette = b"".join(bytes([b, g, r, 0]) for r, g, b in colours)
    short_palette = b"".join(bytes([b, g, r]) for r, g, b in colours)
    indices = np.array(quantized)[:, :23]
    bits = (indices > 7).astype(np.uint8)
    packed = [np.packbits(row) for row in bits]
    grey = np.array(image.convert("L"))[:, :23]
    ramp = b"".join(bytes([i, i, i, 0]) for i in range(256))

    def write(name, depth, rows, **kind):
        (out / f"{name}.bmp").write_bytes(bitmap(depth, rgb.shape[:2], rows, **kind))

    write("bits-24", 24, bgr)
    write("bits-24-top-down", 24, bgr, top_down=True)
    write("bits-24-os2", 24, bgr, header=12)
    write("bits-32", 32, np.concatenate([bgr, reserved], 2))
    rgba = np.concatenate([rgb, reserved], 2)
    write("bits-32-masks", 32, rgba, header=108, masks=[0xFF, 0xFF00, 0xFF0000, 0xFF000000])
    write("bits-16", 16, w555.astype("<u2"))
    write("bits-16-masks", 16, w565.astype("<u2"), masks=[0xF800, 0x7E0, 0x1F])
    write("bits-8", 8, indices, palette=palette, colours=16)
    write("bits-8-grey", 8, grey, palette=ramp)
    write("bits-4", 4, [nibbles(row) for row in indices], palette=palette)
    write("bits-4-os2", 4, [nibbles(row) for row in indices], palette=short_palette, header=12)
    write("bits-1", 1, packed, palette=palette[:4] + palette[60:])
    write("bits-1-black-and-white", 1, packed, palette=BLACK_AND_WHITE)
    write("runs-8", 8, runs_of_bytes(indices), palette=palette, colours=16, compression=1)
    write("runs-4", 4, runs_of_nibbles(indices), palette=palette, compression=2)


def bitmap(
    depth, size, rows, header=40, masks=(), palette=b"", colours=0, compression=0, top_down=False
):
    height, width = size
    data = rows if isinstance(rows, bytes) else filled_rows(rows, top_down)
    mask_bytes = struct.pack(f"<{len(masks)}I", *masks)
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, depth)
    else:
        signed = -height if top_down else height
        kind = 3 if masks else compression
        sizes = (header, width, signed, 1, depth, kind, len(data), 2835, 2835, colours, 0)
        info = (struct.pack("<IiiHHIIiiII", *sizes) + mask_bytes).ljust(header, b"\0")
    start = 14 + len(info) + len(palette)
    return struct.pack("<2sIHHI", b"BM", start + len(data), 0, 0, start) + info + palette + data


def filled_rows(rows, top_down):
    filled = [row.tobytes() + b"\0" * (-len(row.tobytes()) % 4) for row in rows]
    return b"".join(filled if top_down else filled[::-1])


def nibbles(row):
    even = np.append(row, [0] * (len(row) % 2)).astype(np.uint8)
    return even[0::2] << 4 | even[1::2]


def runs_of_bytes(indices):
    """Five pixels as they are, then runs; a row ends, and in the middle of one the rest is left out and moved over."""
    data = b""
    for y, row in enumerate(indices[::-1]):
        values = [int(value) for value in row]
        data += bytes([0, 5, *values[:5], 0])
        if y == 3:
            data += bytes([0, 2, 4, 0])  # four pixels to the right
            values = values[4:]
        rest = values[5:]
        while rest:
            count = next((i for i, value in enumerate(rest) if value != rest[0]), len(rest))
            data += bytes([count, rest[0]])
            rest = rest[count:]
        data += bytes([0, 0])
    return data[:-2] + bytes([0, 1])


def runs_of_nibbles(indices):
    """Six pixels as they are, then pairs, of which the last of an odd row has one pixel."""
    data = b""
    for row in indices[::-1]:
        data += bytes([0, 6]) + nibbles(row[:6]).tobytes() + b"\0"
        values = [int(value) for value in row[6:]]
        for i in range(0, len(values), 2):
            pair = values[i : i + 2]
            data += bytes([len(pair), pair[0] << 4 | pair[-1]])
        data += bytes([0, 0])
    return data[:-2] + bytes([0, 1])


def write_netpbm(out, image):
    rgb = np.array(image)[:, :23]
    grey = np.array(image.convert("L"))[:, :23].astype(int)
    bits = (grey > 127).astype(np.uint8)
    height, width = grey.shape

    def write(name, kind, most, data):
        largest = b"" if most is None else b"%d\n" % most
        head = b"P%d\n# a comment\n%d %d\n" % (kind, width, height)
        (out / name).write_bytes(head + largest + data)

    def digits(samples):
        return b"\n".join(b" ".join(b"%d" % value for value in row.ravel()) for row in samples)

    write("bits.pbm", 4, None, b"".join(np.packbits(row).tobytes() for row in bits))
    write("bits-plain.pbm", 1, None, b"".join(b"%d" % value for value in bits.ravel()))
    write("grey.pgm", 5, 255, grey.astype(np.uint8).tobytes())
    write("grey-100.pgm", 5, 100, (grey * 100 // 255).astype(np.uint8).tobytes())
    write("grey-12-bit.pgm", 5, 4095, (grey * 16 + 9).astype(">u2").tobytes())
    write("grey-16-bit.pgm", 5, 65535, (grey * 256 + 99).astype(">u2").tobytes())
    write("grey-plain.pgm", 2, 255, digits(grey))
    write("colour.ppm", 6, 255, rgb.tobytes())
    write("colour-12-bit.ppm", 6, 4095, (rgb.astype(int) * 16 + 9).astype(">u2").tobytes())
    write("colour-plain.ppm", 3, 31, digits(rgb >> 3))
