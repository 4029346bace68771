"""Statistics of small samples, for lib/study/findings: writes peers.json beside this file.

    pip install scipy==1.17.1 statsmodels==0.15.0
    python lib/study/findings/testdata/peers.py
"""
import json
import pathlib

import numpy as np
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests

random = np.random.default_rng(7)
cases = {"means": [], "paired": [], "holm": [], "kendall": [], "welch": [], "power": [], "percentiles": []}

for n in (2, 3, 5, 20):
    x = random.normal(93, 1.5, n).round(2)
    low, high = stats.t.interval(0.95, n - 1, loc=x.mean(), scale=stats.sem(x))
    cases["means"].append({"x": x.tolist(), "mean": x.mean(), "low": low, "high": high})

for n, shift in ((2, 0.5), (3, 2.0), (5, 0.3), (10, -1.0)):
    a = random.normal(93, 1.5, n).round(2)
    b = (a - shift + random.normal(0, 0.5, n)).round(2)
    test = stats.ttest_rel(a, b)
    interval = test.confidence_interval(0.95)
    cases["paired"].append({"a": a.tolist(), "b": b.tolist(), "t": test.statistic, "p": test.pvalue, "low": interval.low, "high": interval.high})

for p in ([0.01, 0.04, 0.03], [0.5, 0.9, 0.02, 0.02], [0.001], random.uniform(0, 0.2, 9).round(4).tolist()):
    cases["holm"].append({"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()})


def kendall(x, y, method):
    r = stats.kendalltau(x, y, method=method)
    cases["kendall"].append({"x": np.asarray(x).tolist(), "y": np.asarray(y).tolist(), "tau": r.statistic, "p": r.pvalue})


for n in (2, 3, 6, 13, 26, 50):  # without ties: exact
    x = random.permutation(n) / 7
    kendall(x, x + random.normal(0, n / 10, n), "exact")
for n in (4, 9, 26):  # ties in one side, in the other, and in both at once
    x, y = random.integers(0, 4, n), random.integers(0, n, n)
    kendall(x, y, "asymptotic")
    kendall(y, x, "asymptotic")
    kendall(x, x // 2 + random.integers(0, 2, n), "asymptotic")
kendall(random.permutation(70), random.permutation(70), "asymptotic")  # many

for n, m, shift in ((5, 30, 2.0), (2, 8, 0.0), (5, 5, -1.0)):
    a, b = random.normal(62 + shift, 1, n).round(2), random.normal(62, 2, m).round(2)
    test = stats.ttest_ind(a, b, equal_var=False)
    interval = test.confidence_interval(0.95)
    cases["welch"].append({"a": a.tolist(), "b": b.tolist(), "t": test.statistic, "p": test.pvalue, "low": interval.low, "high": interval.high})

for n in (5, 10, 30):  # of a paired test: the difference in standard deviations that is found with a probability of 0.8
    t = stats.t.ppf(0.975, n - 1)
    effect = optimize.brentq(lambda d: stats.nct.sf(t, n - 1, d * np.sqrt(n)) - 0.8, 0.1, 4)
    d = random.normal(0.3, 1, n).round(2)
    below = stats.ttest_1samp(d, -1, alternative="greater").pvalue
    cases["power"].append({"differences": d.tolist(), "detectable": effect * d.std(ddof=1), "not_below_1": below})

values, reference = [0, 2, 2.5, 9], [1, 2, 2, 3]
cases["percentiles"].append({"values": values, "reference": reference, "percentiles": [float(stats.percentileofscore(reference, v, kind="mean")) for v in values]})

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(cases, indent=None) + "\n")
