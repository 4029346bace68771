"""The gradients of the robust terms of a search (lib/search/robust.go) with respect to alphas and betas, in PyTorch.

    pip install torch==2.15.0 numpy==2.4.6 safetensors==0.8.0 && OMP_NUM_THREADS=1 python robust.py > robust.json

From the weights of the golden file supernet and a batch of bilevel, whose pixels are cut to black and white: of fgsm the loss of
adversarial images (constants), of jacobian the value n |d/dx loss|^2, and the gradient of its difference quotient along that
direction (a constant). In float64.
"""

import json
import pathlib
import sys

import torch
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "internal" / "golden"))
import make
from supernet import SearchNetwork

EPS, STD = 0.01, 0.25  # of a pixel, and by which it is divided
SHIFT = 0.1  # of an image

torch.set_default_dtype(torch.float64)
module = make.Draws(4).module(SearchNetwork(**make.SEARCH)).train()
batches = make.make_bilevel()
architecture = [module.architecture[f"{kind}_{cell}"] for kind in ("alphas", "betas") for cell in ("normal", "reduce")]
black, white = -0.5 / STD, 0.5 / STD
x, y = batches["valid/x"][1].double().clamp(black, white).requires_grad_(), batches["valid/labels"][1]
(g,) = torch.autograd.grad(F.cross_entropy(module(x), y), x)
x = x.detach()
square = (g**2).sum()
fgsm = F.cross_entropy(module(torch.clamp(x + EPS / STD * g.sign(), black, white)), y)
h = SHIFT * len(x) ** 0.5 / square.sqrt()
quotient = len(x) * (F.cross_entropy(module(x + h * g), y) - F.cross_entropy(module(x - h * g), y)) / h


def flat(loss):
    return torch.cat([a.reshape(-1) for a in torch.autograd.grad(loss, architecture)]).tolist()


print(json.dumps({
    "fgsm": {"value": fgsm.item(), "gradient": flat(fgsm)},
    "jacobian": {"value": len(x) * square.item(), "gradient": flat(quotient)},
}))
