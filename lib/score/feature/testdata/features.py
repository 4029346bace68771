"""Writes features.json: what scikit-learn's nearest neighbours and logistic regression make of given features.

    pip install scikit-learn==1.9.1 numpy==2.4.6
    python lib/score/feature/testdata/features.py

Three clouds in 6 dimensions that overlap: 90 rows to learn from, 40 to classify. knn are the probabilities of a vote of the k nearest by cosine with the
weight exp(similarity / temperature) (KNeighborsClassifier with metric "cosine", whose distance is 1 - similarity); linear those of LogisticRegression on
features that StandardScaler has scaled, with C = 1/(l2 n).
"""

import json
import os

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(4)
centres = rng.normal(size=(3, 6))


def cloud(n):
    y = np.arange(n) % 3
    return (centres[y] + rng.normal(size=(n, 6)) * np.array([1, 1, 1, 0.5, 2, 5])).astype(np.float32), y


x, y = cloud(90)
q, _ = cloud(40)
out = {"x": x.tolist(), "y": y.tolist(), "q": q.tolist(), "knn": [], "linear": []}
for k, t in [(1, 0.1), (5, 0.1), (20, 0.07), (20, 1.0), (90, 0.5)]:
    c = KNeighborsClassifier(k, metric="cosine", algorithm="brute", weights=lambda d: np.exp((1 - d) / t)).fit(x, y)
    out["knn"].append({"k": k, "temperature": t, "p": c.predict_proba(q).tolist()})
scaler = StandardScaler().fit(x.astype(np.float64))
for l2 in [1e-3, 1e-2, 1.0]:
    c = LogisticRegression(C=1 / (l2 * len(x)), tol=1e-10, max_iter=10000).fit(scaler.transform(x.astype(np.float64)), y)
    out["linear"].append({"l2": l2, "p": c.predict_proba(scaler.transform(q.astype(np.float64))).tolist()})
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "features.json"), "w") as f:
    f.write(json.dumps(out).replace('], "', '],\n"') + "\n")
