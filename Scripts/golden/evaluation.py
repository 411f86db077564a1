"""Makes Tests/ReportTests/Golden/evaluation.json.

    python Scripts/golden/evaluation.py

Confusion counts, ROC curve, its area and calibration of small sets of probabilities by scikit-learn, ties and empty
bins among them. Needs numpy and scikit-learn.
"""

from pathlib import Path

import numpy as np
import sklearn
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix, roc_auc_score, roc_curve

import layout

FILE = Path(__file__).resolve().parents[2] / "Tests/ReportTests/Golden/evaluation.json"


def case(name, probabilities, labels):
    probabilities = layout.representable(probabilities)
    false_positive_rate, true_positive_rate, _ = roc_curve(labels, probabilities, drop_intermediate=False)
    share, mean = calibration_curve(labels, probabilities, n_bins=10)
    return {
        "name": name,
        "probabilities": layout.Exact(probabilities),
        "labels": labels,
        # Rows: true label; columns: the answer.
        "confusion": confusion_matrix(labels, probabilities > 0.5).ravel(),
        "falsePositiveRates": false_positive_rate,
        "truePositiveRates": true_positive_rate,
        "rocArea": roc_auc_score(labels, probabilities),
        "positiveShares": share,
        "meanProbabilities": mean,
    }


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
    ]
    layout.write(FILE, {
        "madeBy": "Scripts/golden/evaluation.py",
        "versions": layout.versions(np, sklearn),
        "cases": cases,
    })  # fmt: skip


main()
