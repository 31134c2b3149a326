"""Hints for scripts that call methods of `kfp.Client`: what does the same here."""

from __future__ import annotations

_RUN = "kflite.run(pipeline, parameters), or await client.submit(pipeline, parameters)"
_PIPELINES = "client.pipelines, or kflite pipelines"
_EXPERIMENTS = "client.experiments; a run is put into one by its name: experiment=..."
_METHODS = {
    "create_run_from_pipeline_func": _RUN,
    "create_run_from_pipeline_package": _RUN,
    "run_pipeline": _RUN,
    "wait_for_run_completion": "await run.wait()",
    "get_run": "await client.run(id)",
    "list_runs": "await client.runs()",
    "terminate_run": "await client.cancel(id)",
    "delete_run": "await client.delete(id)",
    "archive_run": "await client.archive(id)",
    "unarchive_run": "await client.unarchive(id)",
    "upload_pipeline": _PIPELINES,
    "upload_pipeline_version": _PIPELINES,
    "upload_pipeline_from_pipeline_func": _PIPELINES,
    "upload_pipeline_version_from_pipeline_func": _PIPELINES,
    "get_pipeline": _PIPELINES,
    "list_pipelines": _PIPELINES,
    "create_experiment": _EXPERIMENTS,
    "get_experiment": _EXPERIMENTS,
    "list_experiments": _EXPERIMENTS,
}


def elsewhere(client: object, name: str) -> object:
    """Raises AttributeError, with a hint for a method of kfp's client."""
    hint = f"; kfp's client has it, and here it is {_METHODS[name]}" if name in _METHODS else ""
    raise AttributeError(f"{type(client).__name__!r} object has no attribute {name!r}{hint}", name=name, obj=client)
