"""Makes the pictures of this directory: upright.png, and for each EXIF orientation the file that shows it.

    pip install pillow numpy
    python lib/data/picture/testdata/orientations.py

Pillow's ImageOps.exif_transpose turns each of them; all must equal upright.png.
"""

from pathlib import Path

import numpy
from PIL import Image, ImageOps

here = Path(__file__).parent
rng = numpy.random.default_rng(0)
pixels = numpy.kron(rng.integers(0, 256, (3, 4, 3), dtype=numpy.uint8), numpy.ones((4, 4, 1), dtype=numpy.uint8))
upright = Image.fromarray(pixels)  # 16 wide, 12 high
upright.save(here / "upright.png")
T = Image.Transpose
store = {1: None, 2: T.FLIP_LEFT_RIGHT, 3: T.ROTATE_180, 4: T.FLIP_TOP_BOTTOM, 5: T.TRANSPOSE, 6: T.ROTATE_90, 7: T.TRANSVERSE, 8: T.ROTATE_270}
for orientation, turn in store.items():
    image = upright.transpose(turn) if turn is not None else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    for format, options in {"png": {}, "webp": {"lossless": True}, "jpg": {"quality": 100, "subsampling": 0}}.items():
        file = here / f"exif{orientation}.{format}"
        image.save(file, exif=exif, **options)
        seen = numpy.asarray(ImageOps.exif_transpose(Image.open(file)).convert("RGB")).astype(int)
        assert abs(seen - pixels).max() <= (6 if format == "jpg" else 0), file
