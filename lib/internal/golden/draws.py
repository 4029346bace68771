"""What a search and a training draw at random, in Python: Go's generator, the split, the order and the distortion of images.

Whole epochs can only be compared if both sides see the same batches. So this module repeats, from their documentation, the draws of
packages data (splits), augment (orders, crops, flips, squares, views), network (paths dropped) and fit (a generator for each step).
"""

import torch

MASK = (1 << 64) - 1


class PCG:
    """Go's math/rand/v2 on a PCG: O'Neill's PCG64 with DXSM output, and the functions of rand.Rand that are needed."""

    def __init__(self, high, low):
        self.state = (high & MASK) << 64 | low & MASK

    def uint64(self):
        self.state = (self.state * 0x2360ED051FC65DA44385DF649FCCF645 + 0x5851F42D4C957F2D14057B7EF767814F) & ((1 << 128) - 1)
        high, low = self.state >> 64, self.state & MASK
        high ^= high >> 32
        high = high * 0xDA942042E4DD58B5 & MASK
        high ^= high >> 48
        return high * (low | 1) & MASK

    def below(self, n):
        """IntN and Int32N: Lemire's method."""
        if n & (n - 1) == 0:
            return self.uint64() & (n - 1)
        product = self.uint64() * n
        while product & MASK < (1 << 64) % n:
            product = self.uint64() * n
        return product >> 64

    def float64(self):
        return (self.uint64() << 11 & MASK) / 2.0**64

    def shuffle(self, items):
        for i in range(len(items) - 1, 0, -1):
            j = self.below(i + 1)
            items[i], items[j] = items[j], items[i]
        return items


def of_step(seed, stream, epoch, step):
    """The generator of one step: a hash (FNV-1a) of stream, epoch and step beside the seed."""
    h = 14695981039346656037
    for byte in stream.encode() + epoch.to_bytes(8, "little") + step.to_bytes(8, "little"):
        h = (h ^ byte) * 1099511628211 & MASK
    return PCG(seed, h)


def spread(labels, classes, seed):
    """A random order in which every stretch has all classes: the k-th of a class's n images comes at (k + 1/2)/n of the way."""
    r = PCG(seed, int.from_bytes(b"split", "big"))
    places = []
    for c in range(classes):
        members = r.shuffle([i for i, label in enumerate(labels) if label == c])
        places += [((k + 0.5) / len(members), i) for k, i in enumerate(members)]
    return [i for _, i in sorted(places, key=lambda place: place[0])]


def epoch_order(index, seed, epoch):
    return PCG(seed, (int.from_bytes(b"order", "big") << 16) + epoch).shuffle(list(index))


class Pictures:
    """Random bytes [n, channels, side, side], labels 0, 1, 2, 0, ..., and what is made of them."""

    def __init__(self, n, channels, side, classes, mean, std):
        self.n, self.channels, self.side, self.classes, self.mean, self.std = n, channels, side, classes, mean, std
        r = PCG(1, 2)
        flat = [r.uint64() >> 56 for _ in range(n * side * side * channels)]  # [n, height, width, channels]
        self.pixels = torch.tensor(flat).reshape(n, side, side, channels).permute(0, 3, 1, 2)
        self.labels = [i % classes for i in range(n)]

    def classes_of(self, index):
        return torch.tensor([self.labels[i] for i in index])

    def normal(self, x):
        x = x.to(torch.get_default_dtype()) / 255
        return (x - torch.tensor(self.mean).reshape(-1, 1, 1)) / torch.tensor(self.std).reshape(-1, 1, 1)

    def window(self, i, top, left):
        """A window of the picture's size whose corner is at (top, left) of picture i; black outside."""
        x = torch.zeros(self.channels, self.side, self.side, dtype=self.pixels.dtype)
        for row in range(self.side):
            for column in range(self.side):
                if 0 <= row + top < self.side and 0 <= column + left < self.side:
                    x[:, row, column] = self.pixels[i, :, row + top, column + left]
        return x

    def plain(self, index):
        return torch.stack([self.normal(self.pixels[i]) for i in index])

    def augmented(self, index, r, crop, cutout):
        """torchvision's RandomCrop and RandomHorizontalFlip, Normalize, and a square of zeros (arXiv:1708.04552)."""
        batch = []
        for i in index:
            top, left, flip = r.below(2 * crop + 1) - crop, r.below(2 * crop + 1) - crop, r.below(2)
            x = self.window(i, top, left)
            x = self.normal(x.flip(-1) if flip else x)
            if cutout:
                row, column, half = r.below(self.side), r.below(self.side), cutout // 2
                x[:, max(0, row - half) : row + half, max(0, column - half) : column + half] = 0
            batch.append(x)
        return torch.stack(batch)

    def views(self, index, r, crop_probability, crop, flip_probability):
        """Two batches: each view is cropped with a probability, and flipped. What never happens is drawn as well."""
        both = [], []
        for i in index:
            for view in both:
                cropped = r.float64() < crop_probability
                top, left = r.below(2 * crop + 1) - crop, r.below(2 * crop + 1) - crop
                flip = r.float64() < flip_probability
                for _ in range(6 + 5 + 1 + 1):  # distortion and its five numbers, jitter and its four, grayscale, erasing
                    r.float64()
                x = self.window(i, top if cropped else 0, left if cropped else 0)
                view.append(self.normal(x.flip(-1) if flip else x))
        return [torch.stack(view) for view in both]


def paths(identities, batch, p, r):
    """Masks [cells, 8 edges, batch] of zeros and ones: identities, for which nothing is drawn, have ones."""
    return torch.tensor([[[1.0] * batch if identity else [float(r.float64() >= p) for _ in range(batch)] for identity in cell]
                         for cell in identities])
