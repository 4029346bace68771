"""Writes pdarts.json: which operations P-DARTS keeps between phases, and the cells that it derives under each skip limit.

    pip install torch==2.15.0 numpy==2.4.6 && python pdarts.py

Written after the algorithm of arXiv:1904.12760 as github.com/chenxin061/pdarts (commit b880e87) has it, ties included: softmax in
float32; of equals argmin takes the first, so the later operation stays; edges are sorted by their strength, stably and
ascending, and the last two win. Each case is computed in float64, too, and refused where that decides otherwise: there a tie hangs
on the last bit.
"""
import json
import pathlib

import numpy as np
import torch

PRIMITIVES = ["none", "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"]
NONE, SKIP = 0, 3
EDGES, INPUTS = 14, [2, 3, 4, 5]  # edges that enter each state


def softmax(alphas, dtype):
    return torch.softmax(torch.tensor(alphas, dtype=torch.float32).to(dtype), dim=-1).numpy()


def smallest(p, k):
    """k times the index of the least, the first of equals."""
    p, drop = p.copy(), []
    for _ in range(k):
        drop.append(int(np.argmin(p)))
        p[drop[-1]] = 1
    return drop


def keep(alphas, n, dtype):
    """Indices that stay on each edge between two phases."""
    p = softmax(alphas, dtype)
    return [[o for o in range(len(row)) if o not in smallest(row, len(row) - n)] for row in p]


def one(ops, p):
    """The operation that is left on an edge at the end: none goes first, then the least."""
    at = [i for i, o in enumerate(ops) if o != NONE]
    left = p[at]
    drop = smallest(left, len(at) - 1)
    return ops[next(i for j, i in enumerate(at) if j not in drop)]


def two(strength):
    """The two edges that each state keeps."""
    kept, start = [], 0
    for n in INPUTS:
        order = sorted(range(n), key=lambda e: strength[start + e])
        kept += [start + order[-1], start + order[-2]]
        start += n
    return sorted(kept)


def cell(space, p):
    """{edge: operation} of a cell type."""
    strength = [max(row[i] for i, o in enumerate(ops) if o != NONE) for ops, row in zip(space, p)]
    return {e: one(space[e], p[e]) for e in two(strength)}


def restrict(space, p, limit):
    """The normal cell with at most so many skip connections: the least of them is zeroed until it holds."""
    p = p.copy()
    chosen = cell(space, p)
    while sum(o == SKIP for o in chosen.values()) > limit:
        skips = [p[e][space[e].index(SKIP)] if chosen.get(e) == SKIP else 1.0 for e in range(EDGES)]
        e = int(np.argmin(skips))
        p[e][space[e].index(SKIP)] = 0
        chosen = cell(space, p)
    return chosen


def genes(chosen):
    out, start = [], 0
    for n in INPUTS:
        out.append(sorted([PRIMITIVES[chosen[e]], e - start] for e in range(start, start + n) if e in chosen))
        start += n
    return out


def same(f):
    """f in both precisions, if they agree."""
    a, b = f(torch.float32), f(torch.float64)
    return a if a == b else None


def rows(r, n, ties):
    a = r.normal(size=(EDGES, n))
    if ties:
        a = np.round(2 * a) / 2  # equal operations on an edge
        for e in range(0, EDGES - 1, 2):
            a[e + 1] = a[e]  # equal edges
    return [[round(x, 2 if ties else 3) for x in row] for row in a.tolist()]


def main():
    r = np.random.default_rng(1)
    kept, derived = [], []
    for i in range(20):
        ties = i % 2 == 1
        for n, m in [(8, 5), (5, 3)]:
            alphas = rows(r, n, ties)
            if (k := same(lambda d: keep(alphas, m, d))) is not None:
                kept.append({"alphas": alphas, "keep": m, "kept": k})
    for i in range(40):
        ties = i % 2 == 1
        space = []
        for e in range(EDGES):
            ops = sorted(r.choice(len(PRIMITIVES), 3, replace=False).tolist())
            if i % 3 < 2 and SKIP not in ops:  # many skips, so that limits bite
                ops = sorted([SKIP] + ops[1:]) if NONE not in ops else sorted([NONE, SKIP, ops[2]])
            space.append(space[-1] if ties and e % 2 == 1 else ops)
        alphas = [rows(r, 3, ties) for _ in range(2)]
        if i % 3 == 0:
            for e in range(EDGES):
                if SKIP in space[e]:
                    alphas[0][e][space[e].index(SKIP)] += 1
        limits = {}
        for limit in range(1, 9):
            chosen = same(lambda d: genes(restrict(space, softmax(alphas[0], d), limit)))
            if chosen is not None:
                limits[limit] = chosen
        reduce = same(lambda d: genes(cell(space, softmax(alphas[1], d))))
        if len(limits) == 8 and reduce is not None:
            derived.append({"space": [[PRIMITIVES[o] for o in ops] for ops in space], "alphas": alphas, "normal": limits, "reduce": reduce})
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps({"kept": kept, "derived": derived}, separators=(",", ":")) + "\n")
    skips = [sum(g[0] == "skip_connect" for s in d["normal"][8] for g in s) for d in derived]
    print(len(kept), "phases;", len(derived), "derivations with", skips, "skips before the limit")


main()
