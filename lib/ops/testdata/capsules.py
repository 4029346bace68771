"""Computes capsules.json: what the capsule operations are, capsule by capsule in NumPy, in float64.

    python capsules.py            (numpy 2.4.6)

Each case is one operation of a search network: ReLU, depthwise 3x3, pointwise, norm, squash, routing, norm. The loops follow
the papers' procedures for one position at a time: routing by agreement (Sabour, Frosst and Hinton, arXiv:1710.09829, procedure
1), EM (Hinton, Sabour and Frosst, 2018, procedure 1; inverse temperature 1, variances plus 0.01), self-routing (Hahn, Pyeon and
Kim, 2019, equations 3 to 5). Arrays are [channels, height, width, batch]; names and order of the weights are those of package ops.
"""

import json
import pathlib

import numpy as np

FLOOR, TINY = 0.01, 1e-8


def normed(x):
    mean = x.mean(axis=(1, 2, 3), keepdims=True)
    return (x - mean) / np.sqrt(x.var(axis=(1, 2, 3), keepdims=True) + 1e-5)


def separable(x, depthwise, pointwise, stride):
    c, h, _, b = x.shape
    x = np.pad(np.maximum(x, 0), ((0, 0), (1, 1), (1, 1), (0, 0)))
    n = (h + stride - 1) // stride
    y = np.zeros((c, n, n, b))
    for i in range(n):
        for j in range(n):
            window = x[:, i * stride : i * stride + 3, j * stride : j * stride + 3]  # [c, 3, 3, b]
            y[:, i, j] = np.einsum("cklb,klc->cb", window, depthwise)
    return np.einsum("oc,chwb->ohwb", pointwise, y)


def squash(s):
    q = s @ s
    return np.sqrt(q + TINY) / (1 + q) * s


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def dynamic(votes, rounds):
    children, parents, _ = votes.shape
    logits = np.zeros((children, parents))
    for r in range(rounds):
        coupling = np.array([softmax(row) for row in logits])
        poses = [squash(sum(coupling[i, j] * votes[i, j] for i in range(children))) for j in range(parents)]
        for i in range(children):
            for j in range(parents):
                logits[i, j] += votes[i, j] @ poses[j]
    return np.array(poses)


def em(votes, a, beta_u, beta_a, rounds):
    children, parents, pose = votes.shape
    r = np.full((children, parents), 1 / parents)
    for _ in range(rounds):
        r = r * a[:, None]
        mean, variance, active = np.zeros((parents, pose)), np.zeros((parents, pose)), np.zeros(parents)
        for j in range(parents):
            total = r[:, j].sum()
            weight = r[:, j] / (total + TINY)
            for h in range(pose):
                mean[j, h] = (weight * votes[:, j, h]).sum()
                variance[j, h] = (weight * (votes[:, j, h] - mean[j, h]) ** 2).sum() + FLOOR
            cost = sum(beta_u[j] + np.log(np.sqrt(variance[j, h])) for h in range(pose)) * total
            active[j] = 1 / (1 + np.exp(-(beta_a[j] - cost)))
        for i in range(children):
            p = np.array([np.prod([np.exp(-((votes[i, j, h] - mean[j, h]) ** 2) / (2 * variance[j, h])) / np.sqrt(2 * np.pi * variance[j, h]) for h in range(pose)]) for j in range(parents)])
            r[i] = active * p / (active * p).sum()
    return active[:, None] * mean


def self_routing(votes, a, logits):
    children, parents, _ = votes.shape
    c = np.array([softmax(row) for row in logits])
    poses = [sum(c[i, j] * a[i] * votes[i, j] for i in range(children)) / sum(c[i, j] * a[i] for i in range(children)) for j in range(parents)]
    active = [sum(c[i, j] * a[i] for i in range(children)) / (sum(a) + TINY) for j in range(parents)]
    return np.array([a * p for a, p in zip(active, poses)])


def operation(name, x, w, groups, types, pose, stride):
    kind, rounds = name.split("_")[1], int(name.split("_")[2]) if name.count("_") == 2 else 2
    x = normed(separable(x, w["depthwise0"], w["pointwise0"], stride))
    y = np.zeros_like(x)
    _, h, wide, b = x.shape
    for g in range(groups):
        first = g * types
        for at in np.ndindex(h, wide, b):
            child = [x[(slice((first + i) * pose, (first + i + 1) * pose),) + at] for i in range(types)]
            u = [squash(s) for s in child]
            a = np.array([s @ s / (1 + s @ s) for s in child])
            votes = np.array([(w["transform"][first + i] @ u[i]).reshape(types, pose) for i in range(types)])
            if kind == "dynamic":
                out = dynamic(votes, rounds)
            elif kind == "em":
                out = em(votes, a, w["beta_u"][first : first + types], w["beta_a"][first : first + types], rounds)
            else:
                out = self_routing(votes, a, np.array([w["route"][first + i] @ u[i] for i in range(types)]))
            y[(slice(first * pose, (first + types) * pose),) + at] = out.reshape(-1)
    return normed(y)


def main():
    cases = []
    for number, (name, (groups, types, pose), side, stride) in enumerate([
        ("capsule_dynamic", (1, 2, 2), 6, 1), ("capsule_dynamic", (2, 3, 3), 4, 2), ("capsule_dynamic_1", (1, 2, 4), 4, 1), ("capsule_dynamic_3", (2, 3, 3), 4, 1),
        ("capsule_em", (1, 2, 2), 6, 1), ("capsule_em", (2, 3, 3), 4, 2), ("capsule_em_1", (1, 2, 4), 4, 1), ("capsule_em_3", (2, 3, 3), 4, 1),
        ("capsule_self", (1, 2, 2), 6, 1), ("capsule_self", (2, 3, 3), 4, 2), ("capsule_self", (1, 4, 4), 4, 1),
    ]):
        draws = np.random.default_rng(number)
        normal = lambda *shape, scale=1.0: (scale * draws.standard_normal(shape)).astype(np.float32).astype(np.float64)
        n, capsules = groups * types * pose, groups * types
        x = normal(n, side, side, 2)
        w = {"depthwise0": normal(3, 3, n, scale=1 / 3), "pointwise0": normal(n, n, scale=n**-0.5), "transform": normal(capsules, types * pose, pose, scale=1.5 * pose**-0.5)}
        if "em" in name:
            w |= {"beta_u": normal(capsules, scale=0.3), "beta_a": normal(capsules, scale=0.3)}
        if "self" in name:
            w["route"] = normal(capsules, types, pose)
        y = operation(name, x, w, groups, types, pose, stride)
        flat = lambda a: [float(f"{v:.8g}") for v in a.reshape(-1)]
        cases.append({"name": name, "channels": n, "side": side, "stride": stride, "x": flat(x), "weights": [v for a in w.values() for v in flat(a)], "y": flat(y)})
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


main()
