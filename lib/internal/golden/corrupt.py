"""Computes testdata/corrupt.safetensors: a picture under the corruptions of CIFAR-10-C, by the original's code.

    pip install numpy==2.4.6 scipy==1.17.1 scikit-image==0.26.0 opencv-python-headless==5.0.0.93 pillow==13.0.0 safetensors==0.8.0
    pip install --no-deps imagecorruptions==1.1.2
    git clone https://github.com/hendrycks/robustness && git -C robustness checkout 8190fe3
    python corrupt.py robustness/ImageNet-C/create_c/make_cifar_c.py

Every random number is drawn here, noted, and given to the original, so that another program can compute the same picture: normal
numbers before they are scaled, uniform ones in 0..1, whole ones from 0 on. ImageMagick's motion blur is imagecorruptions'. The
original's photographs of frost are replaced by random pixels, five times enlarged, because it takes every fifth pixel.

    x                               the picture [32, 32, 3], in 0..1
    overlay                         in place of frost, [40, 44, 3], in 0..255
    NAME/S/y                        every seventh value of the corrupted picture in 0..1, at severity S
    NAME/S/{normal,uniform,whole,poisson}   the numbers drawn, in their order; those of NAME/... are the same at all severities
"""

import ast
import importlib.util
import math
import pathlib
import sys
import types
import warnings
from io import BytesIO

import cv2
import numpy as np
import scipy
import skimage
import skimage.color
import skimage.data
import skimage.filters
from PIL import Image
from safetensors.numpy import save_file
from scipy.ndimage import map_coordinates, zoom

HERE = pathlib.Path(__file__).parent
np.float_, np.fromstring = np.float64, np.frombuffer  # names that NumPy has had
NAMES = (
    "gaussian_noise shot_noise impulse_noise defocus_blur glass_blur motion_blur zoom_blur snow frost fog brightness contrast elastic_transform "
    "pixelate jpeg_compression speckle_noise gaussian_blur saturate"
).split()


def functions(path, names=None):
    """The functions of a file, without what it does when it is run."""
    tree = ast.parse(pathlib.Path(path).read_text())
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and (names is None or node.name in names)]
    return compile(tree, str(path), "exec")


class Draws:
    """Stands in for numpy.random and notes what it draws; numbers are such that float32 holds them."""

    def __init__(self, seed):
        self.rng, self.drawn = np.random.default_rng(seed), {}

    def note(self, kind, x):
        self.drawn.setdefault(kind, []).append(np.ravel(x).astype(np.float32))
        return x

    def normal(self, loc=0.0, scale=1.0, size=None):
        return loc + scale * self.note("normal", self.rng.standard_normal(size).astype(np.float32).astype(np.float64))

    def uniform(self, low=0.0, high=1.0, size=None):
        return low + (high - low) * self.note("uniform", np.float64(np.float32(self.rng.random(size))))

    def randint(self, low, high=None, size=None):
        low, high = (0, low) if high is None else (low, high)
        return low + self.note("whole", self.rng.integers(0, high - low, size))

    def poisson(self, lam):
        return self.note("poisson", self.rng.poisson(lam))

    def random_noise(self, x, mode, amount):
        """scikit-image's, whose generator is set back to note what it drew."""
        seed = 5
        again = np.random.default_rng(seed)
        for _ in range(2):
            self.note("uniform", again.random(x.shape))
        return skimage.util.random_noise(x, mode=mode, amount=amount, rng=np.random.default_rng(seed))


def blur():
    """imagecorruptions' motion blur; the package itself asks for modules that it doesn't need here."""
    path = pathlib.Path(importlib.util.find_spec("imagecorruptions").origin).with_name("corruptions.py")
    space = {"np": np, "math": math}
    exec(functions(path, ["getOptimalKernelWidth1D", "gauss_function", "getMotionBlurKernel", "shift", "_motion_blur"]), space)
    return space["_motion_blur"]


class Motion:
    """Stands in for ImageMagick."""

    blur = staticmethod(blur())

    def __init__(self, blob):
        self.x = cv2.imdecode(np.frombuffer(blob, np.uint8), cv2.IMREAD_UNCHANGED).astype(np.float32)

    def motion_blur(self, radius, sigma, angle):
        self.x = self.blur(self.x, radius, sigma, angle)

    def make_blob(self):
        return cv2.imencode(".png", np.round(np.clip(self.x, 0, 255)).astype(np.uint8))[1].tobytes()


def gaussian(x, sigma, multichannel=False, **more):
    return skimage.filters.gaussian(x, sigma, channel_axis=-1 if multichannel else None, **more)


def numpy_with(draws):
    """numpy with another random."""
    other = types.ModuleType("numpy")
    other.__dict__.update({k: v for k, v in np.__dict__.items() if not k.startswith("__")})
    other.random = draws
    return other


def opencv_with(overlay):
    other = types.ModuleType("cv2")
    other.__dict__.update(cv2.__dict__)
    large = np.repeat(np.repeat(overlay[..., ::-1], 5, 0), 5, 1).astype(np.uint8)
    assert (cv2.resize(large, (0, 0), fx=0.2, fy=0.2) == overlay[..., ::-1]).all()
    other.imread = lambda _: large
    return other


out = {}


def put(name, x):
    out[name] = np.ascontiguousarray(x, np.float32)


def main(path):
    warnings.simplefilter("ignore")
    code = functions(path)
    face = Image.fromarray(skimage.data.astronaut()[30:190, 140:300]).resize((32, 32), Image.BOX)
    put("x", np.array(face) / 255)
    overlay = np.random.default_rng(3).integers(0, 256, (40, 44, 3))
    put("overlay", overlay)
    for name in NAMES:
        drawn = []
        for severity in range(1, 6):
            draws = Draws(1)
            space = {
                "np": numpy_with(draws), "cv2": opencv_with(overlay), "PILImage": Image, "BytesIO": BytesIO, "gaussian": gaussian, "scizoom": zoom,
                "map_coordinates": map_coordinates, "MotionImage": Motion,
                "sk": types.SimpleNamespace(color=skimage.color, util=types.SimpleNamespace(random_noise=draws.random_noise)),
            }
            exec(code, space)
            y = np.array(space[name](face, severity), np.float64) / 255
            assert y.shape == (32, 32, 3), (name, y.shape)
            put(f"{name}/{severity}/y", y.ravel()[::7])
            drawn.append({k: np.concatenate(v) for k, v in draws.drawn.items()})
        for kind in drawn[0]:
            if all(np.array_equal(d[kind], drawn[0][kind]) for d in drawn):
                put(f"{name}/{kind}", drawn[0][kind])
            else:
                for severity, d in enumerate(drawn, 1):
                    put(f"{name}/{severity}/{kind}", d[kind])
    file = HERE / "testdata" / "corrupt.safetensors"
    made = f"corrupt.py with numpy {np.__version__}, scipy {scipy.__version__}, scikit-image {skimage.__version__}, OpenCV {cv2.__version__}"
    save_file(out, file, {"made by": made})
    print(len(out), "arrays,", file.stat().st_size // 1000, "kB")


main(sys.argv[1])
