#!/usr/bin/env python3
"""Makes the small picture files beside it, for the tests of src/picture, without any library.

Most show the same 24×16 picture of four flat quarters: red, green / blue, yellow. Run it in this folder.
"""
import struct
import zlib

W, H = 24, 16
RED, GREEN, BLUE, YELLOW = (200, 30, 20), (20, 160, 40), (30, 60, 190), (230, 200, 10)


def quarter(x, y, w=W, h=H):
    return ((RED, GREEN), (BLUE, YELLOW))[y * 2 >= h][x * 2 >= w]


def save(name, data):
    with open(name, "wb") as f:
        f.write(data)


# ---- PNG

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, bits, colour, rows, extra=b"", interlace=0):
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlace)
    body = zlib.compress(b"".join(b"\0" + r for r in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def pngs():
    plain = [b"".join(bytes(quarter(x, y)) for x in range(W)) for y in range(H)]
    save("plain.png", png(W, H, 8, 2, plain))
    deep = [b"".join(bytes((c, 77)) for x in range(W) for c in quarter(x, y)) for y in range(H)]
    save("deep.png", png(W, H, 16, 2, deep))
    alpha = [b"".join(bytes(quarter(x, y)) + bytes([(0, 128, 255)[x // 8]]) for x in range(W)) for y in range(H)]
    save("alpha.png", png(W, H, 8, 6, alpha))
    table = bytes(v for c in (RED, GREEN, BLUE, YELLOW) for v in c)
    index = [bytes((y * 2 >= H) * 2 + (x * 2 >= W) for x in range(W)) for y in range(H)]
    save("palette.png", png(W, H, 8, 3, index, chunk(b"PLTE", table) + chunk(b"tRNS", b"\xff\xff\xff\x00")))
    save("grey.png", png(W, H, 8, 0, [bytes(10 * x for x in range(W)) for _ in range(H)]))
    save("one.png", png(1, 1, 8, 2, [bytes(RED)]))
    control = chunk(b"acTL", struct.pack(">II", 2, 0))
    save("moving.png", png(W, H, 8, 2, plain, control))
    save("large.png", png(12000, 9000, 1, 0, [b"\xf0" * 1500] * 9000))


# ---- JPEG whose blocks of 8×8 pixels are flat: only the first coefficient of each block is written

class Bits:
    def __init__(self):
        self.out, self.word, self.n = bytearray(), 0, 0

    def put(self, value, n):
        for i in range(n - 1, -1, -1):
            self.word, self.n = self.word * 2 + (value >> i & 1), self.n + 1
            if self.n == 8:
                self.out += bytes([self.word]) + (b"\0" if self.word == 255 else b"")
                self.word = self.n = 0


def segment(marker, data):
    return struct.pack(">BBH", 255, marker, len(data) + 2) + data


def jpeg(components, width, height, extra=b"", progressive=False):
    """components: for each, a function (block column, block row) → 0 … 255."""
    n = len(components)
    bits = Bits()
    last = [0] * n
    for row in range((height + 7) // 8):
        for column in range((width + 7) // 8):
            for c, value in enumerate(components):
                dc = value(column, row) - 128
                diff, last[c] = dc - last[c], dc
                size = abs(diff).bit_length()
                bits.put(size, 4)  # the table below gives every size a code of four bits
                bits.put(diff if diff >= 0 else diff + (1 << size) - 1, size)
                if not progressive:
                    bits.put(0, 1)  # end of block
    bits.put(127, 7)
    quantiser = segment(0xDB, b"\0" + bytes([8]) * 64)
    frame = segment(0xC2 if progressive else 0xC0, struct.pack(">BHHB", 8, height, width, n) +
                    b"".join(bytes([c + 1, 0x11, 0]) for c in range(n)))
    tables = segment(0xC4, b"\0" + bytes([0, 0, 0, 12] + [0] * 12) + bytes(range(12)))
    tables += segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\0")
    scan = segment(0xDA, bytes([n]) + b"".join(bytes([c + 1, 0]) for c in range(n)) + (b"\0\0\0" if progressive else b"\0\x3f\0"))
    return b"\xff\xd8" + extra + quantiser + frame + tables + scan + bytes(bits.out) + b"\xff\xd9"


def ycc(c):
    def part(column, row):
        r, g, b = quarter(8 * column, 8 * row)
        y = 0.299 * r + 0.587 * g + 0.114 * b
        return round((y, 128 + 0.564 * (b - y), 128 + 0.713 * (r - y))[c])
    return part


def jpegs():
    # Quarters of 24 pixels would not fall on blocks: 32×16 here.
    global W
    W = 32
    colour = [ycc(0), ycc(1), ycc(2)]
    save("plain.jpg", jpeg(colour, W, H))
    save("progressive.jpg", jpeg(colour, W, H, progressive=True))
    save("grey.jpg", jpeg([ycc(0)], W, H))
    # Adobe's printing colours are stored inverted: 255 is no ink. Transform 0: CMYK as it is.
    adobe = segment(0xEE, b"Adobe\0\x64\0\0\0\0\0")
    ink = [lambda x, y, c=c: quarter(8 * x, 8 * y)[c] for c in range(3)] + [lambda x, y: 255]
    save("cmyk.jpg", jpeg(ink, W, H, adobe))
    save("arithmetic.jpg", jpeg(colour, W, H).replace(b"\xff\xc0", b"\xff\xc9"))
    W = 24


# ---- GIF and BMP

def gif_frame(pixels, width, height):
    """Codes of three bits; a clear code often enough that they never grow."""
    codes = []
    for i, p in enumerate(pixels):
        codes += ([4] if i % 2 == 0 else []) + [p]
    bits = n = 0
    data = bytearray()
    for code in codes + [5]:
        bits, n = bits | code << n, n + 3
        while n >= 8:
            data.append(bits & 255)
            bits, n = bits >> 8, n - 8
    data.append(bits & 255)
    blocks = b"".join(bytes([len(data[i:i + 255])]) + bytes(data[i:i + 255]) for i in range(0, len(data), 255))
    return b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02" + blocks + b"\0"


def gifs():
    table = bytes(v for c in (RED, GREEN, BLUE, YELLOW) for v in c)
    head = b"GIF89a" + struct.pack("<HHBBB", W, H, 0x81, 0, 0) + table
    first = [(y * 2 >= H) * 2 + (x * 2 >= W) for y in range(H) for x in range(W)]
    wait = b"\x21\xf9\x04\0\x0a\0\0\0"
    save("plain.gif", head + gif_frame(first, W, H) + b";")
    save("moving.gif", head + wait + gif_frame(first, W, H) + wait + gif_frame([3 - v for v in first], W, H) + b";")


def bmps():
    rows = [b"".join(bytes(quarter(x, y))[::-1] for x in range(W)) for y in range(H)]
    body = b"".join(reversed(rows))
    head = b"BM" + struct.pack("<IHHI", 54 + len(body), 0, 0, 54)
    save("plain.bmp", head + struct.pack("<IiiHHIIiiII", 40, W, H, 1, 24, 0, len(body), 2835, 2835, 0, 0) + body)


pngs()
jpegs()
gifs()
bmps()
