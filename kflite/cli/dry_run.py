"""`--dry-run`: the jobs that a run would start first, fully resolved."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kflite.core.plan import Opened
from kflite.engine.destination import cluster_of
from kflite.engine.dry_run import manifests
from kflite.engine.plan_of import FirstSteps, first_steps
from kflite.format import clean, size, value
from kflite.terminal.out import Out
from kflite.terminal.style import Line

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.core.job import Job, Resources, Role
    from kflite.core.value import Value
    from kflite.scheduler.submission import Submission

_OPENED = 8  # groups that are named


def dry(settings: Settings, submission: Submission, json_: bool) -> int:
    """Print what would start first; returns the exit status."""
    first = first_steps(settings, submission)
    out = Out(sys.stdout)
    on_cluster = cluster_of(submission.on) is not None
    if on_cluster and not json_:
        return _manifests(out, settings, submission)
    if json_:
        jobs: list[Value] = [
            {"task": task, "roles": [_role_json(role) for role in job.roles], **_claim(job)} for task, job in first.jobs
        ]
        more: dict[str, Value] = {"manifests": [*manifests(settings, submission)]} if on_cluster else {}
        out.document({"run": submission.run, "name": submission.name, "on": submission.on, "jobs": jobs, **more})
    else:
        out.lines(_lines(submission, first))
    return 0


def _manifests(out: Out, settings: Settings, submission: Submission) -> int:
    """The manifests that the run would create first, for kubectl."""
    import yaml

    text = yaml.safe_dump_all(manifests(settings, submission), sort_keys=False, allow_unicode=True, width=120)
    out.lines(((line, ""),) for line in text.splitlines())
    return 0


def _claim(job: Job) -> dict[str, Value]:
    return {"claim": {"name": job.claim.name, "delete": job.claim.delete}} if job.claim else {}


def _lines(submission: Submission, first: FirstSteps) -> Iterator[Line]:
    yield ((f"{submission.name}", "bold"), (f"  {submission.kind} on {submission.on}: nothing was started", "dim"))
    for name, parameter in submission.parameters.items():
        yield (("  with ", "dim"), (clean(name), ""), (" = ", "dim"), (value(parameter), ""))
    for name, group in submission.artifacts.items():
        yield from ((("  with ", "dim"), (clean(name), ""), (" = ", "dim"), (clean(a.uri), "")) for a in group)
    opened = [step.task for step in first.steps if isinstance(step, Opened)]
    if opened:
        more = f" and {len(opened) - _OPENED} more" if len(opened) > _OPENED else ""
        yield (("  opens ", "dim"), (", ".join(opened[:_OPENED]), ""), (more, "dim"))
    for task, job in first.jobs:
        yield ()
        yield ((task, "bold"),)
        if job.claim:
            yield (("  deletes " if job.claim.delete else "  creates ", "dim"), (f"the volume {clean(job.claim.name)}", ""))
        for role in job.roles:
            yield from _role(role)
    yield ()
    yield ((f"{len(first.jobs)} jobs would start first; what follows depends on how they end", "dim"),)


def _role(role: Role) -> Iterator[Line]:
    if role.name != "main" or role.replicas > 1:
        yield (("  role ", "dim"), (f"{role.name}, {role.replicas} replicas", ""))
    yield (("  image ", "dim"), (role.image or "none", ""))
    yield (("  runs ", "dim"), (command(role), ""))
    if role.python and role.python.packages:
        yield (("  packages ", "dim"), (" ".join(role.python.packages), ""))
    for title, resources in (("  asks for ", role.request), ("  limit ", role.limit)):
        if text := _resources(resources):
            yield ((title, "dim"), (text, ""))
    for name, text in role.env.items():
        yield (("  env ", "dim"), (clean(f"{name}={text}"), ""))
    for variable, source in _variables(role):
        yield (("  env ", "dim"), (clean(variable), ""), (" from ", "dim"), (clean(source), ""))
    for mount in role.mounts:
        part = f"{mount.name}/{mount.sub_path}" if mount.sub_path else mount.name
        yield (("  mounts ", "dim"), (clean(mount.path), ""), (" from ", "dim"), (clean(f"{mount.source} {part}"), ""))


def _variables(role: Role) -> Iterator[tuple[str, str]]:
    """Variables whose values are known when the task starts, with their sources."""
    for secret in role.secrets:
        yield secret.variable, f"{'config map' if secret.config else 'secret'} {secret.name}, key {secret.key}"
    yield from role.downward_api


def command(role: Role) -> str:
    """The command in one line; of a Python component only the function's name."""
    if role.python:
        argv = list(role.python.argv)
        option = next((word for word in ("--function", "--function_to_execute") if word in argv), "")
        return f"python function {argv[argv.index(option) + 1]}" if option else "python"
    words = [*role.command, *role.args]
    return " ".join(clean(word if len(word) <= 60 else word[:57] + "…") for word in words) or "the image's own command"


def _resources(resources: Resources) -> str:
    parts = [
        f"{resources.cpus:g} CPUs" if resources.cpus else "",
        f"{size(resources.memory)} memory" if resources.memory else "",
        f"{resources.gpus} GPUs" if resources.gpus else "",
    ]
    return ", ".join(filter(None, parts))


def _role_json(role: Role) -> dict[str, Value]:
    return {
        "name": role.name,
        "replicas": role.replicas,
        "image": role.image,
        "command": command(role) if role.python else [*role.command, *role.args],
        "packages": list(role.python.packages) if role.python else [],
        "env": dict(role.env),
        "variables": dict(_variables(role)),
        "mounts": [{"path": m.path, "from": m.source.value, "name": m.name, "sub_path": m.sub_path} for m in role.mounts],
        "request": {"cpus": role.request.cpus, "memory": role.request.memory, "gpus": role.request.gpus},
        "limit": {"cpus": role.limit.cpus, "memory": role.limit.memory, "gpus": role.limit.gpus},
    }
