"""Bad input: one clear error with file, key and remedy, exit status 2, and nothing started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from integration.cli import Cli
from integration.hostile import nothing_is_left, nothing_is_stored

SOURCES = """
from kflite import dsl


@dsl.component
def add(n: int) -> int:
    return n + 1


@dsl.pipeline
def needs(n: int, s: str = "x") -> int:
    return add(n=n).output
"""

CYCLE = """
from kflite import dsl


@dsl.component
def add(n: int) -> int:
    return n + 1


@dsl.pipeline
def circle():
    first = add(n=1)
    second = add(n=first.output)
    first.after(second)
"""

# The smallest document that is a pipeline; tests spoil one thing in it.
SOUND = """
pipelineInfo: {name: sound}
schemaVersion: 2.1.0
sdkVersion: kfp-2.0.0
components:
  comp-say:
    executorLabel: exec-say
    outputDefinitions: {artifacts: {out: {artifactType: {schemaTitle: system.Artifact, schemaVersion: 0.0.1}}}}
deploymentSpec: {executors: {exec-say: {container: {image: busybox, command: [echo]}}}}
root:
  dag:
    tasks:
      say: {componentRef: {name: comp-say}, taskInfo: {name: say}}
"""


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    folder = tmp_path_factory.mktemp("input")
    cli = Cli.at(folder)
    (folder / "needs.py").write_text(SOURCES)
    (folder / "circle.py").write_text(CYCLE)
    (folder / "broken.py").write_text("from kflite import dsl\n\ndef half(:\n")
    return cli


def refused(cli: Cli, *arguments: str, saying: tuple[str, ...]) -> None:
    done = cli.full(*arguments, status=2)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("kflite: ")
    assert len(done.stderr.splitlines()) <= 3, done.stderr
    assert all(part in done.stderr for part in saying), done.stderr
    nothing_is_stored(cli)
    nothing_is_left(cli)


@pytest.mark.parametrize(
    ("arguments", "saying"),
    [
        (["needs.py"], ("needs.py:needs", "parameter n", "--param n=")),
        (["needs.py", "-p", "n=1.5"], ("needs", "parameter n", "'1.5' is not a whole number")),
        (["needs.py", "-p", "n=one"], ("needs", "parameter n", "'one' is not a whole number")),
        (["needs.py", "-p", "n=1", "-p", "m=2"], ("parameter m", "there is 'n'")),
        (["needs.py", "-p", "n\nn=1"], (r"parameter 'n\nn'",)),
        (["needs.py", "-p", "n=1", "--name", "a\nb"], ("--name", r"a\nb", "leave out line breaks")),
        (["needs.py", "-p", "n=1", "--experiment", "a\x1b[2Jb"], ("--experiment", "control characters")),
        (["needs.py:need"], ("needs.py", "'need'", "needs.py:needs")),
        (["circle.py"], ("circle.py:", "'add'", "'add-2'", ".after()")),
        (["broken.py"], ("broken.py:3", "SyntaxError")),
        (["../nowhere.py"], ("../nowhere.py",)),
        (["."], ("folder", "name a file")),
    ],
)
def test_bad_targets_and_parameters_start_nothing(cli: Cli, arguments: list[str], saying: tuple[str, ...]) -> None:
    refused(cli, "run", *arguments, saying=saying)


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n", ("bad.yaml", "'ConfigMap'")),
        ("just: a\nmapping: of mine\n", ("bad.yaml",)),
        ("- a\n- list\n", ("bad.yaml",)),
        ("a: [unclosed\n", ("bad.yaml", "line")),
        ("[" * 100_000, ("bad.yaml", "nests deeper")),
        ("!!python/object/apply:os.system ['touch pwned']\n", ("bad.yaml: line 1", "not allowed")),
        (SOUND.replace("name: sound", r'name: "so\nund"'), ("bad.yaml: pipelineInfo.name", r"so\nund", "use lower-case")),
        (SOUND.replace("name: sound", "name: ../../up"), ("bad.yaml: pipelineInfo.name", "../../up")),
        (SOUND.replace("      say: {", "      ../../../say: {"), ("bad.yaml: root.dag.tasks", "../../../say", "use letters")),
        (SOUND.replace("{out:", "{../../../../out:"), ("comp-say.outputDefinitions.artifacts", "leave out '/'")),
        (SOUND.replace("taskInfo:", "dependentTasks: [say], taskInfo:"), ("say -> say", "remove one")),
        (SOUND.replace("executorLabel: exec-say", "executorLabel: exec-other"), ("comp-say", "exec-other")),
        (SOUND + "surprise: 1\n", ("surprise",)),
    ],
)
def test_bad_documents_start_nothing(cli: Cli, text: str, saying: tuple[str, ...]) -> None:
    (cli.folder / "bad.yaml").write_text(text)
    refused(cli, "run", "bad.yaml", saying=saying)
    assert not (cli.folder / "pwned").exists()


def test_bytes_that_are_no_text_start_nothing(cli: Cli) -> None:
    (cli.folder / "bytes.yaml").write_bytes(bytes(range(256)))
    refused(cli, "run", "bytes.yaml", saying=("bytes.yaml", "not UTF-8", "is it a pipeline?"))


def test_a_huge_document_is_refused_before_it_is_read(cli: Cli) -> None:
    path = cli.folder / "huge.yaml"
    path.write_text(SOUND)
    with path.open("r+b") as file:
        file.truncate(100_000_000)
    refused(cli, "run", "huge.yaml", saying=("huge.yaml", "larger than the limit"))


@pytest.mark.parametrize("option", [["bomb.yaml"], ["needs.py", "--params", "bomb.yaml"]])
def test_aliases_that_expand_are_not_expanded(cli: Cli, option: list[str]) -> None:
    lines = ["a0: &a0 [" + ", ".join(["lol"] * 9) + "]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, 12)]
    (cli.folder / "bomb.yaml").write_text("\n".join(lines))
    refused(cli, "run", *option, saying=("bomb.yaml: line", "aliases expand"))


@pytest.mark.parametrize("run", ["../../etc", "a\nb", "", "nothing\x1b[2J"])
def test_runs_that_are_not_there_are_named_harmlessly(cli: Cli, run: str) -> None:
    for verb in ("show", "logs", "cancel", "rm", "resume") if run else ("show", "logs"):
        done = cli.full(verb, run, status=2)
        assert done.stderr.startswith("kflite: ")
        assert "\x1b" not in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_working_folder_that_is_gone_is_named(cli: Cli, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = ["sh", "-c", 'cd "$1" && rmdir "$1" && exec "$0" -m kflite ls', sys.executable, str(gone)]
    done = subprocess.run(command, env=cli.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "kflite: the folder that you work in is gone: change to one that is there\n"


def test_the_sound_document_is_one_indeed(cli: Cli) -> None:
    (cli.folder / "sound.yaml").write_text(SOUND)
    cli("check", "sound.yaml")


def test_an_unknown_image_is_known_once_its_task_starts(tmp_path: Path, docker_image: str) -> None:
    """No daemon need be asked before, and the run that fails tells which task; so its status is that of a failed run."""
    cli = Cli.at(tmp_path)
    (tmp_path / "sound.yaml").write_text(SOUND.replace("busybox", "nowhere.invalid/none:1"))
    done = cli.full("run", "sound.yaml", "--on", "docker", status=1)
    assert "say  FAILED" in done.stdout
    assert "ImageNotFound: no image nowhere.invalid/none:1" in done.stdout
    assert "[images]" in done.stderr
