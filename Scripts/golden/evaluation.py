"""Makes Tests/ClassificationTests/Golden/evaluation.json.

    python Scripts/golden/evaluation.py

Confusion counts, precision, recall, F1, their curve, ROC curve, its area and calibration of small sets of probabilities by
scikit-learn, ties and empty bins among them, and the figures of a classifier of four labels; 95 % intervals of shares and means by statsmodels, of the ROC area by
DeLong's formula as his paper has it; McNemar's exact test by statsmodels. Needs numpy, scikit-learn and statsmodels.
"""

from pathlib import Path

import numpy as np
import sklearn
import statsmodels
from scipy.stats import norm
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    confusion_matrix,
    f1_score,
    precision_recall_curve,
    precision_recall_fscore_support,
    roc_auc_score,
    roc_curve,
)
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

import layout

FILE = Path(__file__).resolve().parents[2] / "Tests/ClassificationTests/Golden/evaluation.json"


def wilson(part, whole):
    return list(proportion_confint(part, whole, alpha=0.05, method="wilson")) if whole else None


def delong(probabilities, labels):
    """The interval of the area, from the kernel of every pair, [positives, negatives]."""
    x, y = probabilities[labels == 1], probabilities[labels == 0]
    if len(x) < 2 or len(y) < 2:
        return None
    kernel = (x[:, None] > y) + 0.5 * (x[:, None] == y)
    error = np.sqrt(kernel.mean(1).var(ddof=1) / len(x) + kernel.mean(0).var(ddof=1) / len(y))
    return list(np.clip(kernel.mean() + norm.ppf([0.025, 0.975]) * error, 0, 1))


def defined(value):
    return None if np.isnan(value) else value


def case(name, probabilities, labels, threshold=0.5):
    probabilities = layout.representable(probabilities)
    answers = probabilities > threshold
    tn, fp, fn, tp = confusion_matrix(labels, answers).ravel()
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, answers, average="binary", zero_division=np.nan)  # fmt: skip
    share = wilson(tp, tp + fp + fn)
    false_positive_rate, true_positive_rate, _ = roc_curve(labels, probabilities, drop_intermediate=False)
    bin_share, bin_mean = calibration_curve(labels, probabilities, n_bins=10)
    # From the lowest threshold to the highest, and then 1 and 0 without one.
    precisions, recalls, thresholds = precision_recall_curve(labels, probabilities)
    points = [[p, r] for p, r, t in zip(precisions[::-1][1:], recalls[::-1][1:], thresholds[::-1]) if t > 0]
    return {
        "name": name,
        "probabilities": layout.Exact(probabilities),
        "labels": labels,
        # Rows: true label; columns: the answer.
        "threshold": threshold,
        "confusion": [tn, fp, fn, tp],
        "precision": defined(precision),
        "recall": defined(recall),
        "f1": defined(f1),
        "accuracyInterval": wilson(tn + tp, len(labels)),
        "precisionInterval": wilson(tp, tp + fp),
        "recallInterval": wilson(tp, tp + fn),
        # F1 is 2 J / (1 + J) of the share J = TP / (TP + FP + FN).
        "f1Interval": share and [2 * bound / (1 + bound) for bound in share],
        "rocAreaInterval": delong(probabilities, labels),
        "meanInterval": list(DescrStatsW(probabilities).zconfint_mean()),
        "falsePositiveRates": false_positive_rate,
        "truePositiveRates": true_positive_rate,
        "rocArea": roc_auc_score(labels, probabilities),
        "precisionRecallCurve": points,
        "averagePrecision": average_precision_score(labels, probabilities),
        "positiveShares": bin_share,
        "meanProbabilities": bin_mean,
    }


def multiclass(predicted, labels, label_count):
    """A label that is never predicted has no precision; in the macro F1 it counts as 0."""
    every = list(range(label_count))
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=every, zero_division=np.nan)  # fmt: skip
    right = int(np.sum(np.equal(predicted, labels)))
    return {
        "predicted": predicted,
        "labels": labels,
        "labelCount": label_count,
        "confusion": [list(map(int, row)) for row in confusion_matrix(labels, predicted, labels=every)],
        "accuracy": accuracy_score(labels, predicted),
        "accuracyInterval": wilson(right, len(labels)),
        "support": support,
        "precision": list(map(defined, precision)),
        "recall": list(map(defined, recall)),
        "f1": list(map(defined, f1)),
        "macroF1": f1_score(labels, predicted, labels=every, average="macro", zero_division=0),
    }


def paired(both, first, second, neither):
    """Texts for which both answers are right, only the first, only the second, neither; and how far from chance that is."""
    test = mcnemar([[both, first], [second, neither]], exact=True)
    return {"counts": [both, first, second, neither], "pValue": test.pvalue}


def main():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 150)
    scores = 1 / (1 + np.exp(-generator.normal(1.5 * (2 * labels - 1), 2)))
    cases = [
        case("few ties", scores, labels),
        case("many ties", np.round(scores * 8) / 8, labels),
        case("one tie of all", np.full(5, 0.5), np.array([0, 1, 1, 0, 1])),
        case("every pair right", [0, 0.25, 0.75, 1], np.array([0, 0, 1, 1])),
        case("every pair wrong", [0, 0.25, 0.75, 1], np.array([1, 1, 0, 0])),
        case("a half answers 0", [0.5, 0.5, 0.625, 0.375], np.array([1, 0, 1, 0])),
        case("another threshold", np.round(scores * 8) / 8, labels, threshold=0.75),
        case("all answers 0", [0.25, 0.25, 0.375, 0.125], np.array([0, 0, 1, 0])),
    ]
    layout.write(FILE, {
        "madeBy": "Scripts/golden/evaluation.py",
        "versions": layout.versions(np, sklearn, statsmodels),
        "cases": cases,
        "paired": [
            paired(*counts)
            for counts in [
                (0, 0, 0, 0), (5, 0, 0, 5), (5, 1, 0, 2), (5, 3, 3, 2), (9, 2, 11, 3), (2650, 118, 136, 490),
                (20000, 1500, 1700, 1800), (100, 0, 400, 0), (22000, 900, 1600, 500),
            ]
        ],
        "multiclass": multiclass([0, 2, 0, 1, 2, 2, 2, 0, 2, 2], [0, 0, 0, 1, 1, 2, 2, 2, 2, 3], 4),
    })  # fmt: skip


main()
