"""FGSM and PGD of ten steps as BenchmarkAttack makes them, in PyTorch with torchattacks: images a second.

    pip install torch==2.15.0 torchattacks==3.5.1
    python lib/attack/testdata/speed.py
"""

import pathlib
import sys
import time

import torch
import torchattacks

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "internal" / "golden" / "pytorch"))
from network import PUBLISHED, NetworkCIFAR

N, BATCH = 128, 64


class Normalised(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.model = NetworkCIFAR(16, 10, 8, PUBLISHED["PC_DARTS_cifar"], False, 3, 32)

    def forward(self, x):
        return self.model((x - 0.5) / 0.25)[0]


model = Normalised().eval()
for p in model.parameters():
    p.requires_grad_(False)  # as fast as torch can be: no gradients of weights
x, y = torch.rand(N, 3, 32, 32), torch.zeros(N, dtype=torch.long)
print("threads", torch.get_num_threads())
for name, attack in (("fgsm", torchattacks.FGSM(model, eps=8 / 255)), ("pgd", torchattacks.PGD(model, eps=8 / 255, alpha=2 / 255, steps=10))):
    best = float("inf")
    for _ in range(4):
        start = time.perf_counter()
        for i in range(0, N, BATCH):
            model(attack(x[i : i + BATCH], y[i : i + BATCH])).argmax(1)  # the answer, which essnas gives, too
        best = min(best, time.perf_counter() - start)
    print(f"{name} {N / best:.1f} images/s")
