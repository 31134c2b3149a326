"""What tasks logged, shown in the terminal and written as pages."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from integration.cli import Cli

JUDGED = """
from kflite import dsl


@dsl.component
def judge(
    bias: float,
    scores: dsl.Output[dsl.Metrics],
    curve: dsl.Output[dsl.ClassificationMetrics],
    card: dsl.Output[dsl.Markdown],
    plot: dsl.Output[dsl.HTML],
    model: dsl.Output[dsl.Model],
):
    scores.log_metric("accuracy", 0.75 + bias)
    curve.log_roc_curve([0.0, 0.5 - bias, 1.0], [0.5, 1.0, 1.0], [float("inf"), 0.5, 0.0])
    curve.log_confusion_matrix(["cat", "dog"], [[8, 2], [5, 5]])
    curve.metadata["confidenceMetrics"].append("nonsense")
    model.framework = "none"
    for artifact, text in ((card, "# Card of *cats*"), (plot, "<p>words</p><script>evil()</script>"), (model, "m")):
        with open(artifact.path, "w") as file:
            file.write(text)


@dsl.pipeline
def judged(bias: float = 0.0):
    judge(bias=bias)
"""

SCRIPT = """
import asyncio

import kflite
from judged import judged

first = kflite.run(judged)
second = kflite.run(judged, {"bias": 0.25})
print(first.metrics)
print(first.figures["judge/curve"].figures[0].auc)
print([name for name, figure in first.figures.items() if figure.is_page])
compared = kflite.compare(first, second.id)
entry = next(entry for entry in compared.entries if entry.name == "judge/accuracy")
print(list(entry.values), entry.same)
first.report("report.html")
compared.save("compared.html")


async def twin():
    async with kflite.Client() as client:
        assert await client.compare(first, second.id) == compared


asyncio.run(twin())
assert "<svg" in first._repr_html_() and "<svg" in compared._repr_html_()
"""

MANY = """
from kflite import dsl


@dsl.component
def judge(accuracy: float, scores: dsl.Output[dsl.Metrics]):
    scores.log_metric("accuracy", accuracy)


@dsl.component
def idle() -> int:
    return 1


@dsl.pipeline
def many():
    idle()
    with dsl.ParallelFor([0.25, 0.5]) as accuracy:
        judge(accuracy=accuracy)
"""


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    cli = Cli.at(tmp_path)
    (tmp_path / "judged.py").write_text(JUDGED)
    return cli


def test_figures_are_shown_in_brief_and_whole(cli: Cli) -> None:
    run = str(cli.json("run", "judged.py")["run"])
    brief = cli("show", run)
    assert "accuracy 0.75" in brief
    assert "ROC AUC 0.8750; confusion matrix of 2 labels, 65.0 % right" in brief
    assert 'confidenceMetrics[3] is "nonsense"' in brief
    for whole in (cli("show", run, "judge"), cli("show", f"{run}/judge"), cli("artifacts", "show", run)):
        assert "true positive rate" in whole
        assert "Card of cats" in whole
        assert "words" in whole
        assert "evil" not in whole


def test_one_output_is_shown_by_name_or_id(cli: Cli) -> None:
    cli("run", "judged.py")
    assert cli("artifacts", "show", "judged", "judge", "scores") == cli("artifacts", "show", "judged/judge/scores")
    assert "none" in cli("artifacts", "show", "judged", "judge", "model")
    assert "it has card" in cli.full("artifacts", "show", "judged", "judge", "x", status=2).stderr


def test_a_page_is_written_and_opened(cli: Cli) -> None:
    opened = cli.folder / "opened"
    code = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"
    cli.environment["BROWSER"] = shlex.join([sys.executable, "-c", code, str(opened), "%s"])
    run = str(cli.json("run", "judged.py")["run"])
    page = Path(cli("artifacts", "open", run).splitlines()[0])
    assert page == cli.folder / "home" / "runs" / run / "report.html"
    assert opened.read_text() == page.as_uri()
    text = page.read_text()
    assert all(word in text for word in ("<svg", "judge/curve", "<em>cats</em>", "<iframe sandbox"))


def test_a_page_of_one_output_is_written_where_it_is_wanted(cli: Cli) -> None:
    cli("run", "judged.py")
    told = cli("artifacts", "open", "judged", "judge", "scores", "-o", "page.html", "--no-browser")
    assert told == f"{cli.folder / 'page.html'}\n"
    text = (cli.folder / "page.html").read_text()
    assert "accuracy" in text
    assert "<svg" not in text


def test_runs_are_compared_in_the_terminal_and_on_a_page(cli: Cli) -> None:
    runs = [str(cli.json("run", "judged.py", "-p", f"bias={bias}")["run"]) for bias in (0.0, 0.25, 0.0)]
    printed = cli("diff", *runs, "--all")
    assert "0.9375  +0.0625 (+7.1 %)" in printed
    assert printed.count("65.0 % right") == 3
    told = cli("diff", *runs, "--open", "--no-browser").strip()
    assert Path(told).parent == cli.folder / "home" / "comparisons"
    text = Path(told).read_text()
    assert text.count('class="curve"') == 3
    assert all(run in text for run in runs)


def test_a_script_reads_metrics_and_figures_and_compares(cli: Cli) -> None:
    (cli.folder / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=cli.folder, env=cli.environment, text=True, capture_output=True, check=False
    )
    assert done.stdout.splitlines() == [
        "{'judge/accuracy': 0.75}",
        "0.875",
        "['judge/card', 'judge/plot']",
        "[0.75, 1.0] False",
    ], done
    assert "<svg" in (cli.folder / "report.html").read_text()
    assert "2 runs compared" in (cli.folder / "compared.html").read_text()


def test_the_outputs_of_all_tasks_in_a_group_are_shown(cli: Cli) -> None:
    (cli.folder / "many.py").write_text(MANY)
    run = str(cli.json("run", "many.py:many")["run"])
    assert cli("artifacts", "show", run, "for-loop-2").split() == [
        *("for-loop-2[0]/judge/scores", "Metrics", "accuracy", "0.25"),
        *("for-loop-2[1]/judge/scores", "Metrics", "accuracy", "0.5"),
    ]
    shown = cli("show", run)
    assert "[0]/judge" in shown
    assert "accuracy 0.25" in shown
    assert "has no artifact that can be shown" in cli("artifacts", "show", run, "idle")
    cli("artifacts", "open", run, "idle", "-o", "idle.html", "--no-browser")
    assert "judge" not in (cli.folder / "idle.html").read_text()
