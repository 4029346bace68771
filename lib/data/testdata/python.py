"""Makes the files of the directory python: batches as CIFAR's authors wrote them, and the binary records of the same images.

    pip install numpy
    python lib/data/testdata/python.py

The authors' files are pickles of Python 2, whose byte strings Python 3 can't write. So the opcodes are written here as pickletools shows
them in the authors' files; Python 3's own unpickler must then read the images and labels that the records have.
"""

import pickle
import struct
from pathlib import Path

import numpy

here = Path(__file__).parent / "python"
rng = numpy.random.default_rng(0)


def text(s):
    s = s if isinstance(s, bytes) else s.encode()
    return (b"U" + bytes([len(s)]) if len(s) < 256 else b"T" + struct.pack("<i", len(s))) + s


def number(n):
    return b"K" + bytes([n]) if n < 256 else b"M" + struct.pack("<H", n) if n < 65536 else b"J" + struct.pack("<i", n)


class Writer:
    def __init__(self):
        self.out, self.memo = b"\x80\x02", 0

    def put(self, ops):
        self.out += ops + b"q" + bytes([self.memo])
        self.memo += 1

    def list(self, items):
        self.put(b"]")
        self.out += b"(" + b"".join(items) + b"e"

    def array(self, a):
        self.put(b"cnumpy.core.multiarray\n_reconstruct\n")
        self.put(b"cnumpy\nndarray\n")
        self.out += b"K\x00\x85"
        self.put(text("b") + b"\x87"[:0])
        self.out += b"\x87"
        self.put(b"R"[:0])
        self.out += b"R"
        self.put(b"(K\x01" + number(a.shape[0]) + number(a.shape[1]) + b"\x86")
        self.put(b"cnumpy\ndtype\n")
        self.put(text("u1"))
        self.out += b"K\x00K\x01\x87"
        self.put(b"R"[:0])
        self.out += b"R"
        self.put(b"(K\x03" + text("|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t")
        self.out += b"b\x89"
        self.put(text(a.tobytes()))
        self.out += b"tb"


def batch(name, images, labels):
    w = Writer()
    w.put(b"}")
    w.out += b"("
    w.put(text("batch_label"))
    w.put(text("testing batch 1 of 1"))
    for key, values in labels.items():
        w.put(text(key))
        w.list([number(v) for v in values])
    w.put(text("data"))
    w.array(images)
    w.put(text("filenames"))
    w.list([text(f"picture_{i}.png") for i in range(len(images))])
    w.out += b"u."
    read = pickle.loads(w.out, encoding="latin1")
    assert (read["data"] == images).all() and all(read[k] == v for k, v in labels.items())
    (here / name).write_bytes(w.out)
    rows = [bytes(v) for v in zip(*reversed(list(labels.values())))]  # coarse before fine
    (here / f"{name}.bin").write_bytes(b"".join(row + image.tobytes() for row, image in zip(rows, images)))


here.mkdir(exist_ok=True)
images = rng.integers(0, 256, (3, 3072), dtype=numpy.uint8)
batch("cifar10_batch", images, {"labels": [6, 9, 0]})
batch("cifar100_batch", images, {"fine_labels": [19, 99, 0], "coarse_labels": [11, 19, 4]})
