"""Writes sklearn.json, the scores that score_test.go compares with.

    pip install scikit-learn==1.9.1 scipy==1.17.1 && python sklearn.py
"""
import json
import pathlib
import sys

sys.path = [p for p in sys.path if p != str(pathlib.Path(__file__).parent)]  # this file's name must not hide the module's

import numpy as np
from scipy.special import softmax
from scipy.stats import binomtest
from sklearn import metrics


def case(name, logits, labels):
    classes = np.arange(logits.shape[1])
    logits = logits.astype(np.float32)
    predicted = logits.argmax(axis=1)
    precision, recall, f1, images = metrics.precision_recall_fscore_support(labels, predicted, labels=classes, zero_division=0)
    micro = metrics.precision_recall_fscore_support(labels, predicted, labels=classes, average="micro")
    one_vs_rest = metrics.multilabel_confusion_matrix(labels, predicted, labels=classes)
    hits = int((labels == predicted).sum())
    wilson = binomtest(hits, len(labels)).proportion_ci(method="wilson")
    if len(classes) > 5:
        top5 = metrics.top_k_accuracy_score(labels, logits, k=5, labels=classes)
    else:
        top5 = 1
    return {
        "name": name,
        "logits": [[float(x) for x in row] for row in logits],
        "labels": labels.tolist(),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
        "images": [int(n) for n in images],
        "accuracy": [(m[0, 0] + m[1, 1]) / m.sum() for m in one_vs_rest],
        "all": list(micro[:3]) + [metrics.accuracy_score(labels, predicted)],
        "macro": list(metrics.precision_recall_fscore_support(labels, predicted, average="macro", zero_division=0)[:3]),
        "confusion": metrics.confusion_matrix(labels, predicted, labels=classes).tolist(),
        "loss": metrics.log_loss(labels, softmax(logits.astype(np.float64), axis=1), labels=classes),
        "top1": metrics.accuracy_score(labels, predicted),
        "top5": top5,
        "top1_95": [wilson.low, wilson.high],
    }


def main():
    random = np.random.default_rng(1)

    def noisy(labels, classes, signal):
        return random.normal(size=(len(labels), classes)).round(3) + signal * np.eye(classes)[labels]

    ten = np.arange(60) % 10
    few = np.arange(24) % 8
    never = noisy(few, 8, 2)
    never[:, 3] = -20  # class 3 is there, but never predicted
    absent = np.where(few == 5, 6, few)  # class 5 is not there
    cases = [
        case("ten classes", noisy(ten, 10, 1.5), ten),
        case("one class is never predicted, another never there", never, absent),
        case("fewer than five classes, all right", noisy(np.arange(9) % 3, 3, 30), np.arange(9) % 3),
        case("all wrong", -15 * np.eye(7)[np.arange(14) % 7] + noisy(np.arange(14) % 7, 7, 0), np.arange(14) % 7),
    ]
    text = json.dumps(cases, separators=(",", ":")).replace('{"name"', '\n{"name"')
    pathlib.Path(__file__).with_name("sklearn.json").write_text(text + "\n")


main()
