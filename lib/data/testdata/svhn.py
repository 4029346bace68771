"""Makes the files of the directory svhn: MATLAB files in SVHN's layout, written by scipy, and the
same images and labels as plain bytes.

    pip install numpy scipy
    python lib/data/testdata/svhn.py
"""

from pathlib import Path

import numpy
import scipy.io

here = Path(__file__).parent / "svhn"
rng = numpy.random.default_rng(0)

# Smooth pictures keep the compressed files small.
rows, columns = numpy.mgrid[0:32, 0:32]
images = numpy.stack([
    numpy.stack([(a * rows + b * columns + c) % 256 for a, b, c in rng.integers(0, 7, (3, 3))], -1)
    for _ in range(3)
]).astype(numpy.uint8)  # [image, row, column, channel]
digits = numpy.array([1, 9, 0])

y = numpy.where(digits == 0, 10, digits)[:, None]
for name, labels, packed in [("bytes", y.astype(numpy.uint8), True), ("doubles", y.astype(float), True), ("unpacked", y.astype(numpy.uint8), False)]:
    scipy.io.savemat(here / (name + ".mat"), {"X": images.transpose(1, 2, 3, 0), "y": labels}, do_compression=packed)
(here / "images.bin").write_bytes(images.tobytes())
(here / "labels.bin").write_bytes(digits.astype(numpy.uint8).tobytes())
