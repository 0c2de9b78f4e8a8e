"""Writes test/fixtures/report/probability-curves.json: areas and calibration by scikit-learn.

Run: python tools/curve_fixtures.py   (scikit-learn 1.9.1, numpy 2)

Each case holds labels, probabilities of each class (rounded, so that many are equal), the names of the
classes, and what scikit-learn makes of them: area below the ROC curve and average precision of each class
against the others, and the points of the calibration curve of the predicted class.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, roc_auc_score

warnings.simplefilter("ignore")  # classes without samples


def case(name, samples, classes, decimals, seed, missing=None):
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=samples)
    if missing is not None:
        labels[labels == missing] = (missing + 1) % classes
    logits = rng.normal(size=(samples, classes)) * 1.5
    logits[np.arange(samples), labels] += 1.5
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    probabilities = probabilities.round(decimals)
    confidences = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    accuracy, confidence = calibration_curve(is_right, confidences, n_bins=10)

    def area(measure, c):
        positive = labels == c
        return None if positive.all() or not positive.any() else float(measure(positive, probabilities[:, c]))

    return {
        "name": name,
        "labels": labels.tolist(),
        "probabilities": probabilities.ravel().tolist(),
        "classes": [f"class {c}" for c in range(classes)],
        "rocAreas": [area(roc_auc_score, c) for c in range(classes)],
        "averagePrecisions": [area(average_precision_score, c) for c in range(classes)],
        "calibration": {"accuracy": accuracy.tolist(), "confidence": confidence.tolist()},
    }


cases = [
    case("three classes", 200, 3, 3, seed=1),
    case("many equal probabilities", 120, 4, 1, seed=2),
    case("a class without samples", 60, 3, 2, seed=3, missing=1),
    case("two classes", 40, 2, 4, seed=4),
]
target = Path(__file__).parent.parent / "test/fixtures/report/probability-curves.json"
made_by = f"scikit-learn {sklearn.__version__}, numpy {np.__version__}"
target.write_text(json.dumps({"made_by": made_by, "cases": cases}) + "\n")
