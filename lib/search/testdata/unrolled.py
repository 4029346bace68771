"""The second-order architecture step of DARTS (arXiv:1806.09055, eq. 7 and 8), in PyTorch.

    pip install torch==2.15.0 numpy==2.4.6 safetensors==0.8.0 && python unrolled.py > unrolled.json

From the weights of the golden file supernet and the batches of bilevel: one first-order step of the weights, so that there is
momentum, then the gradient of alphas and betas on the next batches. Written after the structure of architect.py in
quark0/darts (commit f276dd3): the virtual step has momentum and decay and no clipping, the product with the mixed second
derivatives is a difference at 0.01 / |v|. In float64: the difference of two gradients has few digits in float32.
"""

import json
import pathlib
import sys

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "internal" / "golden"))
import make
from supernet import SearchNetwork

LR, MOMENTUM, DECAY = 0.1, 0.9, 3e-2

torch.set_default_dtype(torch.float64)
draws = make.Draws(4)
module = draws.module(SearchNetwork(**make.SEARCH)).train()
batches = make.make_bilevel()
weights = [p for _, p in module.weights()]
architecture = [module.architecture[f"{kind}_{cell}"] for kind in ("alphas", "betas") for cell in ("normal", "reduce")]


def loss_of(kind, step):
    return F.cross_entropy(module(batches[kind + "/x"][step].double()), batches[kind + "/labels"][step])


sgd = torch.optim.SGD(weights, lr=LR, momentum=MOMENTUM, weight_decay=DECAY)
loss_of("train", 0).backward()
nn.utils.clip_grad_norm_(weights, make.CLIP)
sgd.step()
start = [w.detach().clone() for w in weights]


def put(values):
    with torch.no_grad():
        for w, value in zip(weights, values):
            w.copy_(value)


def gradients(loss, of):
    return torch.autograd.grad(loss, of, retain_graph=True)


first = gradients(loss_of("valid", 1), architecture)
train = gradients(loss_of("train", 1), weights)
put([w - LR * (MOMENTUM * sgd.state[p]["momentum_buffer"] + (g + DECAY * w)) for w, p, g in zip(start, weights, train)])
loss = loss_of("valid", 1)
ahead = gradients(loss, architecture)
v = gradients(loss, weights)
r = 0.01 / torch.sqrt(sum((g**2).sum() for g in v))
put([w + r * g for w, g in zip(start, v)])
up = gradients(loss_of("train", 1), architecture)
put([w - r * g for w, g in zip(start, v)])
down = gradients(loss_of("train", 1), architecture)
put(start)
second = [a - LR * (p - n) / (2 * r) for a, p, n in zip(ahead, up, down)]

print(json.dumps({
    "loss": loss.item(),
    **{name: torch.cat([g.reshape(-1) for g in all]).tolist() for name, all in (("first", first), ("second", second))},
}))
