"""Computes the cases of metric-cases.ts with the libraries that the metrics come from, and says what differs.

usage: check_metrics.py cases.json scipy|sklearn|evidently|nannyml
"""

import json
import math
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore")
cases = json.load(open(sys.argv[1]))
compared: dict[str, int] = {}
problems: list[str] = []


def same(name, case, ours, theirs, relative=1e-10, absolute=0.0):
    compared[name] = compared.get(name, 0) + 1
    if ours is None:
        ours = math.nan
    theirs = float(theirs)
    if math.isnan(ours) and math.isnan(theirs):
        return
    if abs(ours - theirs) <= absolute + relative * abs(theirs):
        return
    if len(problems) < 20:
        problems.append(f"{name}: {ours!r}, expected {theirs!r}: {json.dumps(case)[:300]}")


def same_distance(name, case, ours, theirs, slack=0.0):
    """Upstream takes the root of what is left when nearly equal terms cancel; so squares are compared."""
    same(name, case, ours * ours, theirs * theirs, absolute=1e-14 + slack)


def azureml_edges(x, y):
    k = math.ceil(math.log2(min(len(x), len(y))) + 1)
    lo, hi = float(min(x.min(), y.min())), float(max(x.max(), y.max()))
    if lo == hi:
        d = 0.005 if lo == 0 else abs(0.005 * lo)
        return np.array([lo - d, lo + d])
    w = (hi - lo) / k
    return np.array([lo] + [lo + i * w for i in range(1, k + 1)])


def counts_of(case):
    """Counts of bins or categories, and the rows of either side."""
    x, y = case["baseline"], case["production"]
    if isinstance(x[0], str):
        names = sorted(set(x) | set(y))
        return np.array([x.count(n) for n in names]), np.array([y.count(n) for n in names]), len(x), len(y)
    x, y = np.array(x, float), np.array(y, float)
    edges = azureml_edges(x, y)
    p, q = np.histogram(x, edges)[0], np.histogram(y, edges)[0]
    if p.sum() == 0 or q.sum() == 0:
        edges[-1] = max(x.max(), y.max())
        p, q = np.histogram(x, edges)[0], np.histogram(y, edges)[0]
    return p, q, len(x), len(y)


def check_scipy():
    from scipy import stats
    from scipy.spatial import distance
    from scipy.special import kolmogorov

    for kind in ("numbers", "categories"):
        for case in cases[kind]:
            ours = case["ours"]
            p, q, m, n = counts_of(case)
            same_distance("JensenShannonDistance", case, ours["js"], distance.jensenshannon(p, q, 2))
            a, b = (p + 1) / (m + len(p)), (q + 1) / (n + len(q))
            same("PopulationStabilityIndex", case, ours["psi"], np.sum((b - a) * np.log(b / a)), absolute=1e-15)
            a, b = p / p.sum(), q / q.sum()
            same_distance("Hellinger", case, ours["hellinger"], math.sqrt(max(0, 1 - np.sum(np.sqrt(a * b)))))
            same("TotalVariation", case, ours["tvd"], np.abs(a - b).sum() / 2, absolute=1e-15)
            same("Chebyshev", case, ours["chebyshev"], distance.chebyshev(a, b), absolute=1e-15)
    for case in cases["numbers"]:
        x, y, ours = np.array(case["baseline"], float), np.array(case["production"], float), case["ours"]
        w1 = stats.wasserstein_distance(x, y)
        # Sums of large values: as many digits as those have.
        slack = 1e-13 * max(abs(x).max(), abs(y).max()) / max(x.std(ddof=1), 0.001)
        same("NormalizedWassersteinDistance", case, ours["w1"], w1 / max(x.std(ddof=1), 0.001), absolute=slack)
        test = stats.ks_2samp(x, y, method="exact")
        same("KolmogorovSmirnov statistic", case, ours["ks_statistic"], test.statistic)
        same("KolmogorovSmirnov p", case, ours["ks_p"], test.pvalue)
    for case in cases["categories"]:
        p, q, m, n = counts_of(case)
        with np.errstate(all="ignore"):
            # Of a single category, scipy's answer is NaN or 0, by its version.
            expected = stats.chisquare(q, p * (n / m)).pvalue if len(p) > 1 else math.nan
        same("PearsonsChiSquared p", case, case["ours"]["chi"], expected)
    for case in cases["pairs"]:
        p, q, m, n = counts_of(case)
        pooled = (p[0] + q[0]) / (m + n)
        z = (p[0] / m - q[0] / n) / math.sqrt(pooled * (1 - pooled) * (1 / m + 1 / n))
        # Nearly equal shares: as many digits as their difference has.
        same("TwoProportionZTest p", case, case["ours"]["z"], 2 * stats.norm.sf(abs(z)), absolute=1e-14)
        # Below the least normal number scipy says 0.
        theirs = stats.chisquare(q, p * (n / m)).pvalue
        same("PearsonsChiSquared p of two", case, case["ours"]["chi"], theirs, absolute=1e-307)
    for case in cases["rankings"]:
        positive = [s for s, label in zip(case["scores"], case["labels"]) if label == 1]
        negative = [s for s, label in zip(case["scores"], case["labels"]) if label == 0]
        # The share of pairs in order, ties being half: Mann and Whitney's statistic.
        u = stats.mannwhitneyu(positive, negative).statistic
        same("AreaUnderCurve", case, case["ours"]["auc"], u / (len(positive) * len(negative)))
    for case in cases["tails"]:
        theirs = stats.kstwo.sf(case["distance"], case["rows"])
        # 1 - p: its last digits are gone upstream.
        same("KolmogorovSmirnov one-sample", case, case["ours"]["kstwo"], theirs, 1e-9, 1e-11)
        same("KolmogorovSmirnov limit", case, case["ours"]["limit"], kolmogorov(case["x"]), absolute=1e-14)


def check_sklearn():
    from sklearn import metrics
    from sklearn.isotonic import IsotonicRegression

    for case in cases["importances"]:
        theirs = metrics.ndcg_score([case["baseline"]], [case["production"]])
        same("NDCG", case, case["ours"]["ndcg"], theirs)
    for case in cases["classifications"]:
        x, y, ours = case["baseline"], case["production"], case["ours"]
        options = {"average": "macro", "zero_division": 0}
        same("accuracy", case, ours["accuracy"], metrics.accuracy_score(x, y))
        same("precision", case, ours["precision"], metrics.precision_score(x, y, **options))
        same("recall", case, ours["recall"], metrics.recall_score(x, y, **options))
        positive = [label == 1 for label in x]
        if len(set(positive)) == 2:
            same("AUC", case, ours["auc"], metrics.roc_auc_score(positive, case["scores"]))
    for case in cases["regressions"]:
        x, y, ours = case["baseline"], case["production"], case["ours"]
        slack = 1e-14 * max(abs(v) for v in x)
        same("RMSE", case, ours["rmse"], metrics.root_mean_squared_error(x, y), absolute=slack)
        same("MAE", case, ours["mae"], metrics.mean_absolute_error(x, y), absolute=slack)
    for case in cases["estimates"]:
        isotonic = IsotonicRegression(out_of_bounds="clip").fit(case["scores"], case["labels"])
        for ours, theirs in zip(case["calibrated"], isotonic.predict(case["later"])):
            same("calibration", case, ours, theirs, absolute=1e-12)


def check_evidently():
    import pandas as pd
    from evidently.legacy.calculations.stattests import hellinger_distance, jensenshannon, psi
    from evidently.legacy.calculations.stattests import tvd_stattest, wasserstein_distance_norm, z_stattest
    from evidently.legacy.core import ColumnType

    for kind in ("numbers", "categories"):
        feature = ColumnType.Numerical if kind == "numbers" else ColumnType.Categorical
        for case in cases[kind]:
            ours = case["ours"]
            dtype = float if kind == "numbers" else None
            x, y = pd.Series(case["baseline"], dtype=dtype), pd.Series(case["production"], dtype=dtype)
            theirs = jensenshannon._jensenshannon(x, y, feature, 0.1)[0]
            same_distance("jensenshannon", case, ours["evidently_js"], theirs)
            same("psi", case, ours["evidently_psi"], psi._psi(x, y, feature, 0.1)[0], absolute=1e-14)
            theirs = hellinger_distance._hellinger_distance(x.copy(), y.copy(), feature, 0.1)[0]
            # Upstream sums densities times widths: as many digits as differences of the edges have.
            slack = 1e-14 * abs(x).max() / (np.ptp(pd.concat([x, y])) or 1) if kind == "numbers" else 0
            same_distance("hellinger", case, ours["evidently_hellinger"], theirs, slack)
            if kind == "numbers":
                theirs = wasserstein_distance_norm._wasserstein_distance_norm(x, y, feature, 0.1)[0]
                slack = 1e-13 * max(abs(x).max(), abs(y).max()) / max(float(np.std(x)), 0.001)
                same("wasserstein", case, ours["evidently_w1"], theirs, absolute=slack)
            else:
                theirs = tvd_stattest._total_variation_distance(x, y)
                same("TVD", case, ours["evidently_tvd"], theirs, absolute=1e-15)
            if "evidently_z" in ours:
                same("z", case, ours["evidently_z"], z_stattest._z_stat_test(x, y, feature, 0.05)[0], absolute=1e-15)


def check_nannyml():
    from nannyml.performance_estimation.confidence_based import metrics

    for case in cases["estimates"]:
        y, p, ours = np.array(case["predicted"]), np.array(case["calibrated"]), case["ours"]
        for name in ("accuracy", "precision", "recall", "specificity", "f1"):
            same(name, case, ours[name], getattr(metrics, f"estimate_{name}")(y, p))
        # Upstream rounds its counts to five places.
        theirs = metrics.estimate_roc_auc(p, np.array(case["later"]))
        if math.isfinite(theirs):
            same("AUC", case, ours["auc"], theirs, 1e-4)


{"scipy": check_scipy, "sklearn": check_sklearn, "evidently": check_evidently, "nannyml": check_nannyml}[sys.argv[2]]()
print("; ".join(f"{name} {count}" for name, count in compared.items()))
for problem in problems:
    print(problem)
sys.exit(1 if problems else 0)
