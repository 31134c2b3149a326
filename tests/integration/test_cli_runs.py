"""What is done with runs that are there: showing, comparing, retrying, removing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from integration.cli import Cli, tasks


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli.at(tmp_path)


def test_ls_lists_the_newest_first(cli: Cli) -> None:
    first, second = cli.json("run", "p.py:sound"), cli.json("run", "p.py:loop")
    listed = json.loads(cli("ls", "--json"))
    assert [run["run"] for run in listed] == [second["run"], first["run"]]
    assert list(listed[0]) == ["run", "name", "state", "kind", "started", "ended", "experiment", "labels", "archived"]
    assert listed[0]["kind"] == "pipeline"
    assert "sound" in cli("ls")


def test_show_prints_the_tree_with_inputs_outputs_and_logs(cli: Cli) -> None:
    ran = cli.json("run", "p.py:sound")
    shown = cli("show", str(ran["run"]))
    assert "✓ double" in shown or "+ double" in shown
    assert "n = 3" in shown
    assert "Output = 6" in shown
    assert "/double/1/log" in shown
    assert cli.json("show", str(ran["run"])) == ran
    assert cli.json("show") == ran


def test_a_run_is_named_by_a_unique_beginning(cli: Cli) -> None:
    run = str(cli.json("run", "p.py:sound")["run"])
    assert cli.json("show", run[:-2])["run"] == run


def test_show_of_a_task_prints_its_attempts(cli: Cli) -> None:
    cli.json("run", "p.py:broken", status=1)
    shown = cli("show", "broken", "fail")
    assert "attempt 1" in shown
    assert "exit 1" in shown
    assert cli.json("show", "broken", "fail")["state"] == "FAILED"


def test_iterations_are_named_by_their_paths(cli: Cli) -> None:
    ran = tasks(cli.json("run", "p.py:loop"))
    assert {f"for-loop-2[{i}]/double" for i in range(3)} <= set(ran)


def test_logs_are_those_of_the_task(cli: Cli) -> None:
    cli("run", "p.py:sound")
    assert cli("logs", "sound", "double") == "doubling 3\n"
    assert cli("logs") == "doubling 3\n"


def test_logs_of_several_tasks_carry_their_names(cli: Cli) -> None:
    cli("run", "p.py:loop")
    lines = cli("logs", "loop").splitlines()
    assert sorted(lines) == [f"for-loop-2[{i}]/double | doubling {i + 1}" for i in range(3)]


def test_followed_logs_end_with_the_run(cli: Cli) -> None:
    flag = cli.folder / "flag"
    run = cli("run", "p.py:waiting", "-p", f"file={flag}", "--detach").strip()
    cli.wait_for(flag)
    following = cli.start("logs", "-f", run)
    (cli.folder / "flag.go").touch()
    following.communicate(timeout=60)
    assert following.returncode == 0


def test_cancel_stops_a_run_of_another_process(cli: Cli) -> None:
    flag = cli.folder / "flag"
    run = cli("run", "p.py:waiting", "-p", f"file={flag}", "--detach").strip()
    cli.wait_for(flag)
    assert "CANCELLED" in cli("cancel", run)
    assert cli.json("show", run)["state"] == "CANCELLED"
    assert "has ended already" in cli("cancel", run)


def test_retry_keeps_what_succeeded(cli: Cli) -> None:
    flag = cli.folder / "flag"
    cli("run", "p.py:later", "-p", f"file={flag}", status=1)
    flag.touch()
    ran = cli.json("retry", "later")
    assert ran["state"] == "SUCCEEDED"
    assert ran["outputs"] == {"Output": 1}
    assert tasks(ran)["double"]["attempts"] == 1
    assert "nothing to retry" in cli.full("retry", "later", status=2).stderr


def test_a_retry_can_be_left_in_the_background(cli: Cli) -> None:
    flag = cli.folder / "flag"
    cli("run", "p.py:later", "-p", f"file={flag}", status=1)
    flag.touch()
    run = cli("retry", "later", "--detach").strip()
    assert "SUCCEEDED" in cli("watch", run)


def test_resume_goes_on_after_a_killed_scheduler(cli: Cli) -> None:
    flag = cli.folder / "flag"
    process = cli.start("run", "p.py:waiting", "-p", f"file={flag}")
    cli.wait_for(flag, process)
    process.kill()
    process.communicate()
    (cli.folder / "flag.go").touch()
    ran = cli.json("resume", "waiting")
    assert ran["state"] == "SUCCEEDED"
    assert tasks(ran)["wait"]["attempts"] == 1


def test_clone_runs_again_with_other_parameters(cli: Cli) -> None:
    first = cli.json("run", "p.py:sound")
    second = cli.json("clone", str(first["run"]), "-p", "n=5")
    assert second["run"] != first["run"]
    assert second["outputs"] == {"Output": 10}


def test_diff_shows_what_differs(cli: Cli) -> None:
    first, second, third = (str(cli.json("run", "p.py:sound", "-p", f"n={n}")["run"]) for n in (3, 5, 3))
    compared = cli.json("diff", first, second, third)
    assert compared["runs"] == [first, second, third]
    assert compared["parameters"] == {"n": {"values": [3, 5, 3], "same": False}}
    assert compared["outputs"] == {"Output": {"values": [6, 10, 6], "same": False}}
    printed = cli("diff", first, second)
    assert "parameters" in printed
    assert "10  +4 (+66.7 %)" in printed
    assert "the same" in cli("diff", first, first)
    assert "name another run" in cli.full("diff", first, status=2).stderr


def test_rm_removes_records_logs_and_artifacts(cli: Cli) -> None:
    ran = cli.json("run", "p.py:sound")
    artifact = Path(tasks(ran)["write"]["artifacts"]["text"]["uri"])  # type: ignore[index]
    cli("rm", str(ran["run"]))
    assert not artifact.exists()
    assert not (cli.folder / "home" / "runs" / str(ran["run"])).exists()
    assert json.loads(cli("ls", "--json")) == []


def test_artifacts_are_listed_and_copied_out(cli: Cli) -> None:
    cli("run", "p.py:sound")
    (made,) = json.loads(cli("artifacts", "ls", "--json"))
    assert (made["task"], made["output"]) == ("write", "text")
    cli("artifacts", "get", made["id"], "copy.txt")
    assert (cli.folder / "copy.txt").read_text() == "xxxxxx"
    assert "exists" in cli.full("artifacts", "get", made["id"], "copy.txt", status=2).stderr


def test_cache_why_tells_input_by_input(cli: Cli) -> None:
    first = str(cli.json("run", "p.py:sound")["run"])
    assert cli.json("cache", "why", first, "double")["verdict"] == "first"
    hit = str(cli.json("run", "p.py:sound")["run"])
    assert cli.json("cache", "why", hit, "double")["hit"] is True
    other = str(cli.json("run", "p.py:sound", "-p", "n=5")["run"])
    why = cli.json("cache", "why", other, "double")
    assert why["verdict"] == "changed"
    assert [part for part in why["inputs"] if not part["same"]] == [  # type: ignore[union-attr, index, call-overload]
        {"name": "parameter n", "old": "3", "new": "5", "same": False}
    ]
    off = str(cli.json("run", "p.py:sound", "--no-cache")["run"])
    assert cli.json("cache", "why", off, "double")["verdict"] == "off"


def test_cache_why_names_the_artifact_that_is_gone(cli: Cli) -> None:
    ran = cli.json("run", "p.py:sound")
    Path(tasks(ran)["write"]["artifacts"]["text"]["uri"]).unlink()  # type: ignore[index]
    again = str(cli.json("run", "p.py:sound")["run"])
    assert cli.json("cache", "why", again, "write")["verdict"] == "gone"


def test_forgotten_results_are_not_used(cli: Cli) -> None:
    cli("run", "p.py:sound")
    assert len(json.loads(cli("cache", "ls", "--json"))) == 3
    cli("cache", "rm", "--all")
    assert {task["attempts"] for task in tasks(cli.json("run", "p.py:sound")).values()} == {1}


def test_tune_finds_the_best_trial(cli: Cli) -> None:
    printed = cli(
        "tune",
        "p.py:measured",
        "--space",
        "c=double:0..4",
        "--metric",
        "Output",
        "--trials",
        "6",
        "--parallel",
        "2",
        "--label",
        "k=v",
    )
    assert "trial-5" in printed
    assert "best = " in printed
    assert [run["kind"] for run in json.loads(cli("ls", "--where", "label.k=v", "--json"))] == ["tuning"]


def test_compile_writes_what_check_and_run_read(cli: Cli) -> None:
    cli("compile", "p.py:sound", "-o", "sound.yaml")
    assert "is valid" in cli("check", "sound.yaml")
    assert cli.json("check", "sound.yaml")["ignored"] == []
    assert cli.json("run", "sound.yaml")["outputs"] == {"Output": 6}


def test_doctor_tells_where_settings_come_from(cli: Cli) -> None:
    findings = cli.doctor()
    assert [f["text"].endswith("  from KFLITE_HOME") for f in findings if f["name"] == "setting home"] == [True]
    printed = cli("doctor", status=int(any(f["state"] == "wrong" for f in findings)))
    assert "KFLITE_HOME" in printed
    assert "python" in printed


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(cli: Cli, shell: str) -> None:
    assert "_KFLITE_COMPLETE" in cli("completion", shell)


def test_settings_may_stand_before_or_after_the_verb(cli: Cli) -> None:
    cli("run", "p.py:sound")
    other = f"sqlite:///{cli.folder / 'other.db'}"
    assert json.loads(cli("--store", other, "ls", "--json")) == []
    assert json.loads(cli("ls", "--json", "--store", other)) == []
    assert json.loads(cli("cache", "ls", "--json", "--store", other)) == []


def test_a_closed_standard_output_is_no_trouble(cli: Cli) -> None:
    import subprocess
    import sys

    done = subprocess.run(
        ["sh", "-c", '"$0" -m kflite ls >&-', sys.executable],
        cwd=cli.folder,
        env=cli.environment,
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""


@pytest.mark.parametrize(("url", "status"), [("mysql://x", 2), ("sqlite:////proc/nowhere/x.db", 1)])
def test_a_store_that_cannot_be_opened_is_named_with_the_remedy(cli: Cli, url: str, status: int) -> None:
    said = cli.full("ls", "--store", url, status=status).stderr
    assert url in said
    assert "Traceback" not in said
