"""Writes dropout.json, the rates of P-DARTS' dropout on skip connections, epoch by epoch, of the phases of arXiv:1904.12760 on CIFAR-10.

    pip install numpy==2.4.6 && python dropout.py

As in github.com/chenxin061/pdarts (commit b880e87): linear while the architecture is frozen, exponential with factor 0.2 after that.
"""
import json
import pathlib

import numpy as np

EPOCHS, FROZEN, FACTOR = 25, 10, 0.2


def rate(initial, epoch):
    if epoch < FROZEN:
        return initial * (EPOCHS - epoch - 1) / EPOCHS
    return float(initial * np.exp(-(epoch - FROZEN) * FACTOR))


rates = {str(p): [rate(p, e) for e in range(EPOCHS)] for p in (0.0, 0.4, 0.7)}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(rates, indent=1) + "\n")
