# kflite run examples/digits.py
"""Which model reads handwritten digits best? Several are trained at once on scikit-learn's scans, and the best is kept.

Needs nothing but kflite: scikit-learn comes with it, and the scans with scikit-learn.
"""

from typing import NamedTuple

from kflite import dsl


class Split(NamedTuple):
    train_size: int
    test_size: int


@dsl.component
def load(scans: dsl.Output[dsl.Dataset]) -> int:
    """1797 scans of 8 x 8 pixels, each with its digit."""
    import numpy
    from sklearn.datasets import load_digits

    digits = load_digits()
    with open(scans.path, "wb") as file:
        numpy.savez(file, images=digits.data, labels=digits.target)
    scans.metadata["classes"] = len(digits.target_names)
    return len(digits.target)


@dsl.component
def split(
    scans: dsl.Input[dsl.Dataset],
    train: dsl.Output[dsl.Dataset],
    test: dsl.Output[dsl.Dataset],
    test_share: float = 0.25,
    seed: int = 0,
) -> Split:
    import numpy
    from sklearn.model_selection import train_test_split

    data = numpy.load(scans.path)
    parts = train_test_split(data["images"], data["labels"], test_size=test_share, random_state=seed, stratify=data["labels"])
    train_images, test_images, train_labels, test_labels = parts
    for part, images, labels in ((train, train_images, train_labels), (test, test_images, test_labels)):
        with open(part.path, "wb") as file:
            numpy.savez(file, images=images, labels=labels)
    return Split(len(train_labels), len(test_labels))


@dsl.component
def fit(
    train: dsl.Input[dsl.Dataset],
    test: dsl.Input[dsl.Dataset],
    candidate: dict,
    model: dsl.Output[dsl.Model],
    metrics: dsl.Output[dsl.Metrics],
) -> float:
    import joblib
    import numpy
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import SVC

    kinds = {"forest": RandomForestClassifier, "neighbours": KNeighborsClassifier, "svm": SVC}
    known, unseen = numpy.load(train.path), numpy.load(test.path)
    settings = {name: value for name, value in candidate.items() if name != "kind"}
    classifier = kinds[candidate["kind"]](**settings).fit(known["images"], known["labels"])
    accuracy = float(classifier.score(unseen["images"], unseen["labels"]))
    print(f"{candidate}: {accuracy:.3f}")

    joblib.dump(classifier, model.path)
    model.metadata["candidate"] = candidate
    metrics.log_metric("accuracy", accuracy)
    return accuracy


@dsl.component
def choose(
    models: dsl.Input[list[dsl.Model]],
    accuracies: list[float],
    test: dsl.Input[dsl.Dataset],
    best: dsl.Output[dsl.Model],
    confusion: dsl.Output[dsl.ClassificationMetrics],
) -> float:
    """Keep the best model, and show which digits it takes for which."""
    import shutil

    import joblib
    import numpy
    from sklearn.metrics import confusion_matrix

    place = max(range(len(models)), key=lambda i: accuracies[i])
    shutil.copyfile(models[place].path, best.path)
    best.metadata.update(models[place].metadata, accuracy=accuracies[place])

    unseen = numpy.load(test.path)
    predicted = joblib.load(best.path).predict(unseen["images"])
    digits = [str(digit) for digit in range(10)]
    confusion.log_confusion_matrix(digits, confusion_matrix(unseen["labels"], predicted).tolist())
    return accuracies[place]


@dsl.pipeline
def digits(test_share: float = 0.25, seed: int = 0) -> float:
    scans = load()
    parts = split(scans=scans.outputs["scans"], test_share=test_share, seed=seed)
    candidates = [
        {"kind": "svm", "C": 1.0},
        {"kind": "svm", "C": 10.0, "gamma": 0.001},
        {"kind": "forest", "n_estimators": 100, "random_state": 0},
        {"kind": "neighbours", "n_neighbors": 3},
    ]
    with dsl.ParallelFor(candidates) as candidate:
        trained = fit(train=parts.outputs["train"], test=parts.outputs["test"], candidate=candidate)
    return choose(
        models=dsl.Collected(trained.outputs["model"]),
        accuracies=dsl.Collected(trained.outputs["Output"]),
        test=parts.outputs["test"],
    ).outputs["Output"]
