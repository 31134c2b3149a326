# kflite run examples/evaluation.py
"""How good is a classifier? Metrics, a ROC curve, a confusion matrix, the same by slices of the data, and two documents.

`kflite show` draws them in the terminal, `kflite artifacts open` in the browser. Run it again with `-p c=0.0005`, and
`kflite diff` lays the runs side by side, `kflite diff --open` with their curves in one figure.
"""

from kflite import dsl


@dsl.component
def evaluate(
    c: float,
    metrics: dsl.Output[dsl.Metrics],
    judged: dsl.Output[dsl.ClassificationMetrics],
    by_radius: dsl.Output[dsl.SlicedClassificationMetrics],
    card: dsl.Output[dsl.Markdown],
    mistakes: dsl.Output[dsl.HTML],
) -> float:
    """Tells malignant tumours from benign ones by 30 measures of 569 patients."""
    import html

    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import confusion_matrix, log_loss, roc_auc_score, roc_curve
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    data = load_breast_cancer()
    names = [str(name) for name in data.target_names]
    train, test, known, truth = train_test_split(data.data, data.target, test_size=0.4, random_state=1, stratify=data.target)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=c)).fit(train, known)
    score, said = model.predict_proba(test)[:, 1], model.predict(test)

    auc = float(roc_auc_score(truth, score))
    metrics.log_metric("accuracy", float((said == truth).mean()))
    metrics.log_metric("auc", auc)
    metrics.log_metric("log_loss", float(log_loss(truth, score)))

    judged.log_roc_curve(*(series.tolist() for series in roc_curve(truth, score)))
    judged.log_confusion_matrix(names, confusion_matrix(truth, said).tolist())

    small = test[:, 0] < 14
    for slice_name, rows in (("radius below 14", small), ("radius from 14 on", ~small)):
        rates = roc_curve(truth[rows], score[rows])
        by_radius.load_roc_readings(slice_name, [[threshold, tpr, fpr] for fpr, tpr, threshold in zip(*rates, strict=True)])
        by_radius.load_confusion_matrix(slice_name, names, confusion_matrix(truth[rows], said[rows]).tolist())

    with open(card.path, "w") as file:
        file.write(f"# Tumours, by logistic regression\n\nTrained on **{len(train)}** patients, judged on **{len(test)}**.\n\n")
        file.write("| setting | value |\n| --- | --- |\n")
        file.write(f"| C | {c:g} |\n| features | {data.data.shape[1]}, scaled |\n\nIt is *no* medical device.\n")

    wrong = said != truth
    cells = zip(test[wrong, 0], truth[wrong], score[wrong], strict=True)
    rows = [f"<tr><td>{r:.1f}</td><td>{html.escape(names[is_])}</td><td>{benign:.3f}</td></tr>" for r, is_, benign in cells]
    with open(mistakes.path, "w") as file:
        file.write("<h2>What it got wrong</h2><table><tr><th>radius</th><th>is</th><th>probability of benign</th></tr>")
        file.write(f"{''.join(rows)}</table>")
    return auc


@dsl.pipeline
def evaluation(c: float = 1.0) -> float:
    return evaluate(c=c).outputs["Output"]
