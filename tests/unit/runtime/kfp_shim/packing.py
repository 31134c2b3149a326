"""A component of kfp's compiler as its container sees it: the command, and an executor_input for it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Ended:
    """How a component ended. written: its executor_output.json, None where there is none; files: contents of other outputs."""

    status: int
    log: str
    written: dict[str, Any] | None
    files: dict[str, str]

    @property
    def output(self) -> object:
        assert self.written, self.log
        return self.written["parameterValues"]["Output"]


@dataclass
class Packed:
    """What the compiler made of a component."""

    command: list[str]
    args: list[str]
    outputs: dict[str, Any]

    @property
    def function(self) -> str:
        return self.args[self.args.index("--function_to_execute") + 1]

    @property
    def source(self) -> str:
        return self.command[-1]

    def given(self, folder: Path, parameters: dict[str, Any], artifacts: dict[str, Any]) -> dict[str, Any]:
        """An executor_input whose outputs lie in the folder."""
        made = {
            name: {"artifacts": [{"name": name, "uri": f"{folder}/made/{name}", "type": kind["artifactType"], "metadata": {}}]}
            for name, kind in self.outputs.get("artifacts", {}).items()
        }
        files = {name: {"outputFile": f"{folder}/parameters/{name}"} for name in self.outputs.get("parameters", {})}
        told = {"parameters": files, "artifacts": made, "outputFile": f"{folder}/executor_output.json"}
        return {"inputs": {"parameterValues": parameters, "artifacts": artifacts}, "outputs": told}

    def words(self, executor_input: object) -> list[str]:
        """The container's arguments."""
        return [json.dumps(executor_input) if word == "{{$}}" else word for word in self.args]


def pack(component: object) -> Packed:
    """From a component of kfp's."""
    from google.protobuf import json_format

    document = json_format.MessageToDict(component.pipeline_spec)  # type: ignore[attr-defined]
    ((_, executor),) = document["deploymentSpec"]["executors"].items()
    inner = next(v for k, v in document["components"].items())
    box = executor["container"]
    return Packed(box["command"], box["args"], inner.get("outputDefinitions", {}))


def run(argv: list[str], folder: Path, **options: Any) -> Ended:
    """Runs a command that writes below the folder."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60, cwd=folder, **options)
    file = folder / "executor_output.json"
    written = json.loads(file.read_text()) if file.exists() else None
    places = [path for name in ("made", "parameters") for path in sorted((folder / name).glob("*")) if path.is_file()]
    return Ended(done.returncode, done.stdout + done.stderr, written, {path.name: path.read_text() for path in places})


def artifacts(name: str, *uris: str, title: str = "system.Dataset", **more: object) -> dict[str, Any]:
    """An input's part of an executor_input."""
    kind = {"schemaTitle": title, "schemaVersion": "0.0.1"}
    return {name: {"artifacts": [{"name": name, "uri": uri, "type": kind, "metadata": {}, **more} for uri in uris]}}
