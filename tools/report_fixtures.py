"""Writes test/fixtures/report/classification-reports.json: reports by scikit-learn.

Run: python tools/report_fixtures.py   (scikit-learn 1.9.1, numpy 2)

Each case holds labels (y_true), predictions (y_pred), the names of the classes and the number of
digits, and what scikit-learn makes of them: the text, the numbers, the confusion matrix.
"""

import json
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import classification_report, confusion_matrix

CLOTHES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
           "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]


def whole_support(text):
    """Support as whole numbers: where no sample at all is right, scikit-learn prints 2 as 2.0."""
    return re.sub(r" *(\d+)\.0$", lambda found: found[1].rjust(len(found[0])), text, flags=re.M)


def case(name, labels, predictions, classes, digits=2):
    indices = list(range(len(classes)))
    given = dict(labels=indices, target_names=classes)
    return {
        "name": name,
        "labels": [int(i) for i in labels],
        "predictions": [int(i) for i in predictions],
        "classes": classes,
        "digits": digits,
        "matrix": confusion_matrix(labels, predictions, labels=indices).tolist(),
        "text": whole_support(classification_report(labels, predictions, digits=digits, **given)),
        # Names of classes may collide with "accuracy" here, so the numbers go by index.
        "scores": classification_report(labels, predictions, output_dict=True,
                                        labels=indices, target_names=[str(i) for i in indices]),
    }


def noisy(rng, rows, classes, right):
    labels = rng.integers(0, classes, rows)
    guesses = rng.integers(0, classes, rows)
    return labels, np.where(rng.random(rows) < right, labels, guesses)


def cases(rng):
    labels, predictions = noisy(rng, 200, 10, 0.7)
    for digits in (2, 0, 1, 3, 6, 14):
        yield case(f"ten kinds of clothes, {digits} digits", labels, predictions, CLOTHES, digits)
    yield case("all right", [0, 1, 2, 2], [0, 1, 2, 2], ["a", "b", "c"])
    yield case("all wrong", [0, 1, 1, 0], [1, 0, 0, 1], ["a", "b"])
    yield case("a class that is never predicted", [0, 1, 2, 2], [0, 1, 1, 0], ["a", "b", "c"])
    yield case("a class without samples", [0, 1, 1, 0], [0, 1, 2, 2], ["a", "b", "c"])
    yield case("a class that is in neither", [0, 2, 2, 0], [0, 2, 0, 0], ["a", "b", "c"])
    yield case("one class", [0, 0], [0, 0], ["only"])
    yield case("names longer than the averages'", [0, 1, 1], [0, 1, 0],
               ["a name that is longer than weighted avg", "ångström 👟"])
    # 1/8, 3/8, 5/8, 7/8: exactly between two results at two digits
    yield case("halves are rounded to even", [0] * 8 + [1] * 8 + [2] * 8 + [3] * 8,
               [0] + [1] * 7 + [1] * 3 + [0] * 5 + [2] * 5 + [3] * 3 + [3] * 7 + [2],
               ["a", "b", "c", "d"])
    yield case("many classes", *noisy(rng, 400, 150, 0.5), [f"class {i}" for i in range(150)], 4)
    yield case("large numbers", *noisy(rng, 1500, 3, 0.9), ["a", "b", "c"], 5)


def main():
    warnings.simplefilter("ignore")  # of undefined measures, which are 0
    out = Path(__file__).parent.parent / "test/fixtures/report/classification-reports.json"
    if len(sys.argv) == 3:  # COUNT FILE: that many random cases instead, for a longer check
        rng = np.random.default_rng(1)
        out = Path(sys.argv[2])
        made = []
        for i in range(int(sys.argv[1])):
            classes = int(rng.integers(1, 24))
            sample = noisy(rng, int(rng.integers(1, 60)), classes, rng.random())
            names = [f"c{k}" for k in range(classes)]
            made.append(case(f"random {i}", *sample, names, int(rng.integers(0, 6))))
    else:
        made = list(cases(np.random.default_rng(0)))
    document = {"made_by": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}",
                "cases": made}
    out.write_text(json.dumps(document, ensure_ascii=False) + "\n")


main()
