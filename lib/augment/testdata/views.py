"""Writes views.json: what torchvision makes of small pictures, for the tests of this package.

    pip install torch==2.15.0 torchvision==0.29.2 pillow==13.0.0
    python lib/augment/testdata/views.py

A case names a picture, the steps' parameters (what it leaves out does not happen) and the result, millionths, [channels][height][width] in
one list. torchvision's functions work on float32 tensors; "bytes" is what they make of a PIL image by the same parameters, rounded at each step; not
for the hue, of which PIL has 256.
"""

import json
import os
import random

import torch
from torchvision.transforms import functional as F
from torchvision.transforms import InterpolationMode

PADDING = 4


def pictures():
    """Smooth shapes with noise, and a gray, a black and a white patch: bytes [height, width, channels]."""
    torch.manual_seed(1)
    out = []
    for h, w, c in [(14, 12, 3), (12, 12, 1)]:
        y, x = torch.meshgrid(torch.arange(h) / h, torch.arange(w) / w, indexing="ij")
        planes = [0.5 + 0.5 * torch.sin(5 * x * (i + 1) + 7 * y + i) for i in range(c)]
        p = torch.stack(planes, -1) * 255 + 20 * torch.randn(h, w, c)
        p[:3, :3], p[3:5, :2], p[5:7, :2] = 128, 0, 255
        out.append(p.clamp(0, 255).round().to(torch.uint8))
    return out


def distort(x, v):
    """One view of x, a tensor [c, h, w] in 0..1 or a PIL image."""
    if "crop" in v:
        top, left = v["crop"]
        c, h, w = F.get_dimensions(x)
        x = F.crop(F.pad(x, PADDING), PADDING + top, PADDING + left, h, w)
    if v.get("flip"):
        x = F.hflip(x)
    if "affine" in v:
        angle, tx, ty, scale, shear = v["affine"]
        x = F.affine(x, angle, [tx, ty], scale, [shear, 0.0], InterpolationMode.BILINEAR)
    for name, step in [("brightness", F.adjust_brightness), ("contrast", F.adjust_contrast),
                       ("saturation", F.adjust_saturation), ("hue", F.adjust_hue)]:
        if name in v:
            x = step(x, v[name])
    if v.get("gray"):
        x = F.rgb_to_grayscale(x, num_output_channels=3)
    if "erase" in v:
        top, left, bottom, right = v["erase"]
        x = F.erase(x, top, left, bottom - top, right - left, torch.zeros(1, 1, 1))
    return x


def main():
    random.seed(2)
    u = random.uniform
    warps = [
        {"affine": [0, 0, 0, 1, 0]},
        {"affine": [30, 0, 0, 1, 0]},
        {"affine": [0, 3, -2, 1, 0]},
        {"affine": [0, 0, 0, 1.37, 0]},
        {"affine": [0, 0, 0, 0.6, 0]},
        {"affine": [0, 0, 0, 1, 20]},
        {"affine": [-17.5, -2, 1, 1.2, -9]},
        {"affine": [180, 14, 18, 0.3, 40]},
        {"crop": [-4, 3]},
        {"crop": [2, -4], "flip": True},
        {"flip": True},
        {"crop": [4, 4], "flip": True, "affine": [12, 2, 1, 0.9, 6]},
    ]
    light = [{"brightness": 0.6}, {"brightness": 1.4}, {"contrast": 0.6}, {"contrast": 1.7}, {"contrast": 0}]
    colours = [{"saturation": 0}, {"saturation": 0.5}, {"saturation": 1.6}, {"hue": 0.5}, {"hue": -0.5}, {"hue": 0.1},
               {"hue": -0.07}, {"hue": 0.33}, {"gray": True}]
    erase = [{"erase": [0, 0, 3, 12]}, {"erase": [2, 5, 11, 7]}]
    both = []
    for _ in range(4):
        both.append({"crop": [random.randint(-4, 4), random.randint(-4, 4)], "flip": random.random() < 0.5,
                     "affine": [u(-20, 20), random.randint(-2, 2), random.randint(-2, 2), u(0.8, 1.5), u(-10, 10)],
                     "brightness": u(0.6, 1.4), "contrast": u(0.6, 1.4), "erase": [3, 2, 9, 6]})
    all3 = [dict(v, saturation=u(0.6, 1.4), hue=u(-0.1, 0.1), gray=i == 3) for i, v in enumerate(both)]

    cases = []
    shapes = pictures()
    for picture, steps in enumerate([warps + light + colours + erase + all3, warps + light + erase + both]):
        x = shapes[picture].permute(2, 0, 1)
        for v in steps:
            y = distort(x.float() / 255, v).clone()
            case = dict(v, picture=picture, result=[round(p * 1e6) for p in y.flatten().tolist()])
            if len(v) == 1 and v.keys() & {"brightness", "contrast", "saturation", "gray"}:
                case["bytes"] = F.pil_to_tensor(distort(F.to_pil_image(x), v)).flatten().tolist()
            cases.append(case)
    out = {"pictures": [{"height": p.shape[0], "width": p.shape[1], "channels": p.shape[2], "pixels": p.flatten().tolist()} for p in shapes],
           "cases": cases}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "views.json"), "w") as f:
        f.write(json.dumps(out, separators=(",", ":")).replace('},{', '},\n{') + "\n")


if __name__ == "__main__":
    main()
