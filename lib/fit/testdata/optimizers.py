"""Writes optimizers.json: what PyTorch's optimizers, and Barlow Twins' LARS, make of given weights and gradients.

    pip install torch==2.15.0
    python lib/fit/testdata/optimizers.py

Two arrays, a matrix w [3, 4] and a vector b [5] (a bias: LARS neither scales nor decays it), take four steps. LARS is the update rule of the authors'
main.py (github.com/facebookresearch/barlowtwins, MIT licence) written anew; the learning rate's schedule is that file's, too.
"""

import json
import math
import os

import torch

torch.set_default_dtype(torch.float64)
STEPS, LR = 4, 0.2


class LARS(torch.optim.Optimizer):
    def __init__(self, groups, momentum=0.9, weight_decay=1e-2, eta=0.001):
        super().__init__(groups, {"momentum": momentum, "weight_decay": weight_decay, "eta": eta})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                d = p.grad
                if p.ndim > 1:
                    d = d + group["weight_decay"] * p
                    wn, un = p.norm(), d.norm()
                    if wn > 0 and un > 0:
                        d = d * (group["eta"] * wn / un)
                v = self.state[p].setdefault("mu", torch.zeros_like(p))
                v.mul_(group["momentum"]).add_(d)
                p.sub_(group["lr"] * v)


def run(make):
    torch.manual_seed(3)
    w, b = torch.randn(3, 4), torch.randn(5)
    start = [w.flatten().tolist(), b.tolist()]
    w, b = torch.nn.Parameter(w), torch.nn.Parameter(b)
    optimizer, gradients, weights = make(w, b), [], []
    for _ in range(STEPS):
        w.grad, b.grad = torch.randn(3, 4), torch.randn(5)
        gradients.append([w.grad.flatten().tolist(), b.grad.tolist()])
        optimizer.step()
        weights.append([w.flatten().tolist(), b.tolist()])
    return {"start": start, "gradients": gradients, "weights": weights}


def schedule(step, warm, steps, base=LR):
    if step < warm:
        return base * step / warm
    step, steps = step - warm, steps - warm
    q = 0.5 * (1 + math.cos(math.pi * step / steps))
    return base * q + base * 0.001 * (1 - q)


out = {
    "lars": run(lambda w, b: LARS([{"params": [w], "lr": LR}, {"params": [b], "lr": LR * 0.024}])),
    "sgd": run(lambda w, b: torch.optim.SGD([w, b], lr=LR, momentum=0.9, weight_decay=1e-2)),
    "adam": run(lambda w, b: torch.optim.Adam([w, b], lr=LR, weight_decay=1e-2)),
    "schedule": [schedule(s, 30, 100) for s in range(100)],
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "optimizers.json"), "w") as f:
    f.write(json.dumps(out).replace('], "', '],\n"') + "\n")
