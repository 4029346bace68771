"""Computes calibration.json: calibration errors, Brier scores and temperatures of other programs.

    pip install torch torchmetrics==1.8.2 scikit-learn scipy numpy
    python lib/score/calibration/testdata/calibration.py
"""

import json
import pathlib

import numpy as np
import sklearn
import torch
import torchmetrics
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import brier_score_loss, log_loss
from torchmetrics.functional.classification import multiclass_calibration_error

cases = []
for seed, (n, classes, scale, levels) in enumerate([(400, 10, 3.0, 15), (250, 10, 0.5, 10), (120, 3, 6.0, 15), (60, 4, 1.0, 7)]):
    r = np.random.default_rng(seed)
    labels = r.integers(0, classes, n)
    logits = r.normal(size=(n, classes))
    logits[np.arange(n), labels] += 1.2
    logits = (scale * logits).astype(np.float32)
    z = logits.astype(np.float64)
    p = softmax(z, axis=1)
    error = lambda norm: multiclass_calibration_error(torch.tensor(p), torch.tensor(labels), classes, n_bins=levels, norm=norm).item()
    confidence, right = p.max(1), p.argmax(1) == labels
    order = np.argsort(confidence, kind="stable")
    adaptive = sum(len(k) / n * abs(right[k].mean() - confidence[k].mean())
                   for k in (order[i * n // levels : (i + 1) * n // levels] for i in range(levels)))
    nll = lambda b: -log_softmax(b * z, axis=1)[np.arange(n), labels].mean()
    best = minimize_scalar(nll, bounds=(0.01, 100), method="bounded", options={"xatol": 1e-10})
    cases.append(dict(
        logits=logits.tolist(), labels=labels.tolist(), levels=levels, ece=error("l1"), mce=error("max"), adaptive=adaptive,
        brier=brier_score_loss(labels, p, labels=np.arange(classes), scale_by_half=False), loss=log_loss(labels, p, labels=np.arange(classes)),
        temperature=1 / best.x, scaled=float(best.fun)))
    print({k: v for k, v in cases[-1].items() if k not in ("logits", "labels")})
path = pathlib.Path(__file__).with_name("calibration.json")
path.write_text(json.dumps({"made_by": f"torchmetrics {torchmetrics.__version__}, scikit-learn {sklearn.__version__}", "cases": cases}))
