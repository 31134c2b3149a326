"""Pages of runs: what stands in them, and that nothing in them is obeyed."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kflite import dsl
from kflite.core.event_kind import State
from kflite.core.paths import RunPaths
from kflite.core.value import Artifact, Value
from kflite.figures.content import Content, content
from kflite.figures.data import Confusion, Page, Roc, RocPoint
from kflite.figures.read import visualizations
from kflite.html.chart import chart
from kflite.html.document import document, markdown, write
from kflite.html.figure import confusion
from kflite.html.markup import Markup, tag
from kflite.html.run import run_page
from kflite.store.base import RunRow, TaskRow

EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'"
RUN = RunRow("r-1", "r", "pipeline", State.SUCCEEDED, "", "r", "", "local", "d", 0.0, 0.0, 3.0, "", {"c": 0.5}, {})
TASK = TaskRow("r-1", "fit", "fit", State.SUCCEEDED, "", "", 1, "process", 0.0, 1.0, 2.0, False, "", "")
CURVE = Roc((RocPoint(0.0, 0.5, float("inf")), RocPoint(0.5, 1.0, 0.5)))


class Elements(HTMLParser):
    """The elements of a page, and its attributes that are code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.code: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.code += [name for name, value in attrs if name.startswith("on") or (value or "").startswith("javascript:")]
        if tag not in ("meta", "br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def made(kind: str, uri: str = "/nowhere", metadata: dict[str, Value] | None = None) -> list[Value]:
    return [Artifact("m", uri, f"system.{kind}", metadata=metadata or {}).as_json()]


def page(tasks: list[TaskRow], paths: Path = Path("/nowhere"), run: RunRow = RUN) -> str:
    return run_page(run, tasks, visualizations(tasks), RunPaths(paths, str(paths), "r", "r-1"))


def test_text_and_attributes_are_escaped() -> None:
    assert tag("p", "<b>", Markup("<i>"), title='"') == '<p title="&quot;">&lt;b&gt;<i></p>'


def test_a_page_has_a_runs_parameters_metrics_and_tasks() -> None:
    text = page([replace(TASK, artifacts={"scores": made("Metrics", metadata={"accuracy": 0.75})})])
    assert all(word in text for word in ("SUCCEEDED", "r-1", "fit/scores", "accuracy", "0.75", "/nowhere"))
    assert Elements(text).open == []


def test_a_page_loads_nothing() -> None:
    text = page([TASK])
    assert "default-src 'none'" in unescape(text)
    assert not re.search(r"(?:src|href)=", text)


def test_what_users_wrote_is_no_code_in_a_page() -> None:
    logged = dsl.ClassificationMetrics()
    logged.log_confusion_matrix([EVIL, "b"], [[1, 0], [0, 1]])
    sliced: dict[str, Value] = {"evaluationSlices": [{"slice": EVIL, "sliceClassificationMetrics": logged.metadata}]}
    hostile = TASK
    for kind, metadata in (
        ("Metrics", {EVIL: EVIL}),
        ("ClassificationMetrics", logged.metadata),
        ("SlicedClassificationMetrics", sliced),
    ):
        hostile = replace(hostile, artifacts=dict(hostile.artifacts) | {f"{kind}{EVIL}": made(kind, EVIL, metadata)})
    run = replace(RUN, name=EVIL, reason=EVIL, parameters={EVIL: EVIL}, outputs={"parameters": {EVIL: [EVIL]}})
    found = Elements(page([replace(hostile, task=EVIL, reason=EVIL, message=EVIL)], run=run))
    assert "script" not in found.tags
    assert "img" not in found.tags
    assert found.code == []
    assert found.open == []


def test_html_stands_in_a_frame_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "plot").write_text(EVIL + "</iframe>")
    found = Elements(page([replace(TASK, artifacts={"plot": made("HTML", str(tmp_path / "plot"))})], tmp_path))
    assert found.tags.count("iframe") == 1
    assert "script" not in found.tags
    text = page([replace(TASK, artifacts={"plot": made("HTML", str(tmp_path / "plot"))})], tmp_path)
    assert 'sandbox="allow-scripts"' in text
    assert "allow-same-origin" not in text


def test_html_that_loads_from_the_network_is_told() -> None:
    held = Content('<script src="https://cdn.example/plot.js"></script>')
    assert "--network" in document(Page("HTML"), held, "plot", network=False)
    assert "--network" not in document(Page("HTML"), held, "plot", network=True)
    assert "--network" not in document(Page("HTML"), Content("<a href='https://x'>x</a>"), "plot", network=False)


@pytest.mark.parametrize(
    "text", [EVIL, "[x](javascript:alert(1))", "![x](http://x/y.png)", "<img src=x>", "<javascript:alert(1)>"]
)
def test_markdown_holds_no_code_and_loads_nothing(text: str) -> None:
    found = Elements(markdown(text))
    assert found.code == []
    assert not {"img", "script"} & set(found.tags)


def test_pictures_within_markdown_are_shown_and_others_named() -> None:
    held = "data:image/png;base64,AAAA"
    assert f'src="{held}"' in markdown(f"![a]({held})")
    assert "[picture: &lt;a]" in markdown("![<a](https://x/y.png)")
    assert 'src="https://x/y.png"' in markdown("![a](https://x/y.png)", network=True)


def test_markdown_is_laid_out() -> None:
    text = markdown("# One\n\n| a | b |\n| - | - |\n| 1 | 2 |\n")
    assert "<h1>One</h1>" in text
    assert "<td>2</td>" in text


def test_a_curve_says_in_words_what_it_shows() -> None:
    text = chart([(0, "", CURVE)])
    assert 'role="img"' in text
    assert "area under the curve 0.8750, true positive rate 0.50 at a false positive rate of 0.05" in text


def test_many_points_cost_no_more_than_the_picture_has() -> None:
    points = tuple(RocPoint(i / 1e5, i / 1e5, 0.5) for i in range(100_001))
    assert len(chart([(0, "", Roc(points)), (1, "b", CURVE)])) < 60_000


def test_a_large_matrix_is_told_by_its_worst_mistakes() -> None:
    labels = tuple(map(str, range(100)))
    rows = tuple(tuple(7.0 if (i, j) == (3, 4) else float(i == j) for j in range(100)) for i in range(100))
    text = confusion(Confusion(labels, rows))
    assert "too many to draw" in text
    assert "87.5 %" in text
    assert len(text) < 1000


def test_a_document_that_is_gone_or_too_long_is_told(tmp_path: Path) -> None:
    paths = RunPaths(tmp_path, str(tmp_path), "r", "r-1")
    (tmp_path / "long").write_text("x" * 100)
    assert "cannot be read" in content(Artifact("m", str(tmp_path / "gone")), paths).problem
    assert "longer than 99 B" in content(Artifact("m", str(tmp_path / "long")), paths, 99).problem
    assert content(Artifact("m", str(tmp_path / "long")), paths, 100).text == "x" * 100


def test_a_document_is_read_from_where_fsspec_finds_it(tmp_path: Path) -> None:
    import fsspec

    paths = RunPaths(tmp_path, "memory://root", "r", "r-1")
    with fsspec.open("memory://root/card", "wb") as file:
        file.write(b"\xef\xbb\xbf# One\xff")
    assert content(Artifact("m", "memory://root/card"), paths).text == "# One\N{REPLACEMENT CHARACTER}"
    assert "cannot be read" in content(Artifact("m", "memory://root/none"), paths).problem
    assert "no file system is known" in content(Artifact("m", "nothing://root/none"), paths).problem


def test_a_page_is_its_users_alone(tmp_path: Path) -> None:
    assert write("x", tmp_path / "new" / "page.html").stat().st_mode & 0o777 == 0o600


def test_a_page_of_thousands_of_tasks_tells_what_it_leaves_out() -> None:
    logged = dsl.ClassificationMetrics()
    logged.log_roc_curve([0.0, 1.0], [0.5, 1.0], [0.9, 0.1])
    one = {"m": made("Metrics", metadata={"loss": 0.5}), "roc": made("ClassificationMetrics", metadata=logged.metadata)}
    tasks = [replace(TASK, task=f"loop[{i}]/fit", artifacts=one) for i in range(1999)]
    tasks.append(replace(TASK, task="last", state=State.FAILED, reason="Error"))
    text = page(tasks)
    assert text.count("<svg") == 60
    assert "1939 more, from loop[60]/fit/roc on" in text
    assert "1499 more" in text
    assert 'scope="row" class="FAILED">last' in text
    assert len(text) < 2_000_000


def test_an_experiments_page_has_its_trials() -> None:
    trial = replace(TASK, task="trial-0", title="trial", group=True, parameters={"c": 0.25}, outputs={"score": 0.123456789})
    text = page([trial, replace(TASK, task="trial-0/fit")], run=replace(RUN, kind="tuning"))
    assert "trial-0</th>" in text
    assert '<td class="n" title="0.123456789">0.123457</td>' in text
    assert "Trials" not in page([trial])
