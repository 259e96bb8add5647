#!/usr/bin/python3
"""Makes public/samples/fashion-mnist.png and .json: the first 1,000 test pictures of Fashion-MNIST (Xiao et al. 2017),
28x28 grey each, 40 to a row, and their classes, for everything that needs a labelled set.

Needs: apt-get install python3-pil dataset-fashion-mnist. The data set is MIT (Expat), (c) 2017 Zalando SE.
"""

import gzip
import json
import pathlib

from PIL import Image

FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")
OUT = pathlib.Path(__file__).resolve().parent.parent / "public" / "samples"
SIDE, COLUMNS, COUNT = 28, 40, 1000
LABELS = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]


def main():
    pixels = gzip.decompress((FOLDER / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
    classes = gzip.decompress((FOLDER / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:]
    sheet = Image.new("L", (SIDE * COLUMNS, SIDE * COUNT // COLUMNS))
    for i in range(COUNT):
        picture = Image.frombytes("L", (SIDE, SIDE), pixels[i * SIDE * SIDE:(i + 1) * SIDE * SIDE])
        sheet.paste(picture, (i % COLUMNS * SIDE, i // COLUMNS * SIDE))
    sheet.save(OUT / "fashion-mnist.png", optimize=True)
    about = {"file": "fashion-mnist.png", "title": "Fashion-MNIST, first 1,000 test pictures", "side": SIDE, "columns": COLUMNS,
             "author": "Zalando SE", "licence": "MIT", "source": "https://github.com/zalandoresearch/fashion-mnist",
             "labels": LABELS, "classes": list(classes[:COUNT])}
    (OUT / "fashion-mnist.json").write_text(json.dumps(about) + "\n", encoding="utf-8")
    print("%d pictures, %d bytes" % (COUNT, (OUT / "fashion-mnist.png").stat().st_size))


if __name__ == "__main__":
    main()
