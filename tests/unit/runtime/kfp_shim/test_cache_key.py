"""What the cache key of a component that kfp's compiler packed is made of."""

from __future__ import annotations

import json

import pytest

from kflite.core.plan import Origin, Ready
from kflite.plans import dag
from kflite.runtime import bootstrap

RUN = (
    'program_path=$(mktemp -d)\n\nprintf "%s" "$0" > "$program_path/ephemeral_component.py"\n_KFP_RUNTIME=true python3 -m '
    'kfp.dsl.executor_main --component_module_path "$program_path/ephemeral_component.py" "$@"\n'
)


def key_parts(source: str) -> object:
    """The parts of the key, for a task that runs this source."""
    box = {"image": "python:3.11", "command": ["sh", "-ec", RUN, source]}
    box["args"] = ["--executor_input", "{{$}}", "--function_to_execute", "f"]
    task = {"componentRef": {"name": "comp-f"}, "taskInfo": {"name": "f"}, "cachingOptions": {"enableCache": True}}
    document = {
        "schemaVersion": "2.1.0",
        "pipelineInfo": {"name": "p"},
        "root": {"dag": {"tasks": {"f": task}}},
        "components": {"comp-f": {"executorLabel": "exec-f"}},
        "deploymentSpec": {"executors": {"exec-f": {"container": box}}},
    }
    (step,) = (s for s in dag.plan(json.dumps(document), {}, Origin("r", "p", 0.0)).begin() if isinstance(s, Ready))
    return step.work.key_parts


def test_another_source_is_another_entry():
    assert key_parts("def f(): return 1") != key_parts("def f(): return 2")


def test_a_new_release_of_kflite_leaves_the_cache_whole(monkeypatch: pytest.MonkeyPatch):
    before = key_parts("def f(): pass")
    monkeypatch.setattr(bootstrap, "kfp_shim_text", lambda: "another program")
    assert before is not None
    assert key_parts("def f(): pass") == before
