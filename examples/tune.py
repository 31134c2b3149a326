# python examples/tune.py
"""Random search over a pipeline's parameters, four trials at once. On the command line:

kflite tune examples/tune.py:train --space c=double:0.01..100:log --metric Output --goal maximize --trials 12 --parallel 4
"""

import kflite
from kflite import dsl


@dsl.component
def score(c: float, gamma: float) -> float:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import cross_val_score
    from sklearn.svm import SVC

    digits = load_digits()
    return float(cross_val_score(SVC(C=c, gamma=gamma), digits.data[:600], digits.target[:600], cv=3).mean())


@dsl.pipeline
def train(c: float = 1.0, gamma: float = 0.001) -> float:
    return score(c=c, gamma=gamma).output


if __name__ == "__main__":
    tuning = kflite.tune(
        train,
        {"c": kflite.space.double(0.01, 100, log=True), "gamma": kflite.space.double(1e-5, 1e-1, log=True)},
        metric="Output",
        goal="maximize",
        trials=12,
        parallel=4,
    )
    print(tuning.best)
