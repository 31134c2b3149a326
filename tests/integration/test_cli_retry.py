"""A run goes on with a changed pipeline, or from a given step."""

from __future__ import annotations

from pathlib import Path

import pytest
from integration.cli import Cli, tasks

import kflite
from kflite.errors import InputError

LINE = """
from kflite import dsl


@dsl.component
def load(n: int) -> int:
    print("load")
    return n


@dsl.component
def fit(n: int, model: dsl.Output[dsl.Model]) -> int:
    assert n > LIMIT, "too small"
    with open(model.path, "w") as file:
        file.write("m" * n)
    return n


@dsl.component
def size(model: dsl.Input[dsl.Model]) -> int:
    with open(model.path) as file:
        return len(file.read())


@dsl.component
def note(text: str):
    print(text)


@dsl.pipeline
def line(n: int = 3) -> int:
    fitted = fit(n=load(n=n).output)
    note(text="beside")
    return size(model=fitted.outputs["model"]).output
"""


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """A folder with a failed run `line`, whose code is corrected in `line.py`."""
    cli = Cli.at(tmp_path)
    write(cli, LINE.replace("LIMIT", "5"))
    cli("run", "line.py", status=1)
    write(cli, LINE.replace("LIMIT", "2"))
    return cli


def write(cli: Cli, text: str) -> None:
    (cli.folder / "line.py").write_text(text)


def attempts(run: dict[str, object]) -> dict[str, object]:
    return {name: task["attempts"] for name, task in tasks(run).items()}


def test_a_corrected_step_is_done_again_and_what_succeeded_stays(cli: Cli) -> None:
    ran = cli.json("retry", "line", "--with", "line.py")
    assert (ran["state"], ran["outputs"]) == ("SUCCEEDED", {"Output": 3})
    assert attempts(ran) == {"load": 1, "note": 1, "fit": 2, "size": 1}
    assert "its pipeline is the same" in cli.full("retry", "line", "--with", "line.py", status=2).stderr


def test_a_step_that_changed_is_done_again_with_what_follows_from_it(cli: Cli) -> None:
    write(cli, LINE.replace("LIMIT", "2").replace("return n\n", "return n + 1\n", 1))
    ran = cli.json("retry", "--with", "line.py")
    assert ran["outputs"] == {"Output": 4}
    assert attempts(ran) == {"load": 2, "note": 1, "fit": 2, "size": 1}
    (model,) = (made["uri"] for made in [tasks(ran)["fit"]["artifacts"]["model"]])  # type: ignore[index]
    assert Path(model).read_text() == "mmmm"
    assert cli.json("retry", "--with", "line.py", "-t", "fit")["outputs"] == {"Output": 4}


def test_what_succeeded_is_kept_on_request(cli: Cli) -> None:
    write(cli, LINE.replace("LIMIT", "2").replace("return n\n", "return n + 1\n", 1))
    assert attempts(cli.json("retry", "--with", "line.py", "--keep")) == {"load": 1, "note": 1, "fit": 2, "size": 1}


def test_a_run_is_done_again_from_a_step(cli: Cli) -> None:
    cli("retry", "line", "--with", "line.py")
    ran = cli.json("retry", "line", "--task", "fit", "-t", "note")
    assert attempts(ran) == {"load": 1, "note": 2, "fit": 3, "size": 2}
    assert "✓ fit" in cli("show", "line") or "+ fit" in cli("show", "line")


def test_a_step_may_be_new_and_another_gone(cli: Cli) -> None:
    write(cli, LINE.replace("LIMIT", "2").replace('note(text="beside")', "size(model=fitted.outputs['model'])"))
    ran = cli.json("retry", "line", "--with", "line.py")
    assert ran["state"] == "SUCCEEDED"
    gone = tasks(ran)["note"]
    assert (gone["state"], gone["reason"]) == ("SKIPPED", "no longer part of the run")
    assert tasks(ran)["size-2"]["state"] == "SUCCEEDED"


def test_a_changed_run_goes_on_in_the_background_and_is_cloned_as_it_is_now(cli: Cli) -> None:
    cli("pipelines", "upload", "line.py")
    run = cli("retry", "line", "--with", "pipeline:line", "--detach").strip()
    assert "SUCCEEDED" in cli("watch", run)
    assert cli.json("clone", run, "-p", "n=4")["outputs"] == {"Output": 4}
    cli("rm", run)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--with", "p.py:sound"), "is the pipeline 'sound', and run"),
        (("--with", "nothing.py"), "there is no such file"),
        (("--with", "needs.py"), "parameter m: it is required and not given"),
        (("--keep",), "give the changed one, --with TARGET"),
        (("--task", "nothing"), "has no task nothing"),
    ],
)
def test_what_cannot_be_retried_is_refused_and_leaves_the_run_as_it_is(cli: Cli, arguments: tuple[str, ...], said: str) -> None:
    text = LINE.replace("LIMIT", "2").replace("def line(n: int = 3)", "def line(m: int, n: int = 3)")
    (cli.folder / "needs.py").write_text(text)
    assert said in cli.full("retry", "line", *arguments, status=2).stderr
    assert cli.json("show", "line")["state"] == "FAILED"


def test_a_search_is_retried_whole(cli: Cli) -> None:
    cli("tune", "p.py:broken", "-s", "n=integer:1..2", "--metric", "x", "--trials", "1", status=2)
    cli("tune", "p.py:measured", "-s", "c=double:0..1", "--metric", "Output", "--trials", "1", "--name", "search")
    assert "is a search for parameters" in cli.full("retry", "search", "--task", "square", status=2).stderr


@pytest.mark.anyio
async def test_the_client_does_the_same(cli: Cli, home: Path) -> None:
    async with kflite.Client(home=cli.folder / "home") as client:
        (row,) = await client.runs()
        run = await (await client.retry(row.id, str(cli.folder / "line.py"))).wait()
        assert dict(run.outputs) == {"Output": 3}
        again = await (await client.retry(row.id, tasks=["fit"])).wait()
        assert [len(again.tasks[name].attempts) for name in ("load", "fit", "size")] == [1, 3, 2]
        with pytest.raises(InputError, match="nothing to retry"):
            await client.retry(row.id)
