"""The nodes that may run a task: selectors, affinities, tolerations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kflite.core.value import Value
from kflite.dsl import trace
from kflite.dsl.channels import Channel
from kflite.dsl.kubernetes.platform import DynamicValue, Tree, add, constant, non_empty, put, texts, tree
from kflite.dsl.types import LIST, STRUCT, Parameter

if TYPE_CHECKING:
    from kflite.dsl.task import PipelineTask

_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
_EFFECTS = ("NoExecute", "NoSchedule", "PreferNoSchedule")
_TOLERATION = ("key", "operator", "value", "effect", "toleration_seconds")


def add_node_selector(task: PipelineTask, label_key: str, label_value: str) -> PipelineTask:
    """Only nodes with this label may run the task."""
    call = "add_node_selector"
    label: Tree = {non_empty(label_key, call, "label_key"): constant(label_value, call, "label_value")}
    return put(task, call, "nodeSelector", "labels", entry=label)


def add_node_selector_json(task: PipelineTask, node_selector_json: Channel | dict[str, Value]) -> PipelineTask:
    """Only nodes with these labels may run the task; replaces the labels of add_node_selector."""
    call = "add_node_selector_json"
    return put(task, call, "nodeSelector", entry={"nodeSelectorJson": _json(node_selector_json, call, STRUCT)})


def add_node_affinity(
    task: PipelineTask,
    match_expressions: Sequence[Mapping[str, object]] | None = None,
    match_fields: Sequence[Mapping[str, object]] | None = None,
    weight: int | None = None,
) -> PipelineTask:
    """Nodes that match may run the task, or, with a `weight` of 1 to 100, are preferred.

    match_expressions (on labels), match_fields: dicts with `key`, `operator` (In, NotIn, Exists, DoesNotExist, Gt, Lt), `values`.
    """
    call = "add_node_affinity"
    terms: Tree = {
        "matchExpressions": _requirements(match_expressions, call, "match_expressions"),
        "matchFields": _requirements(match_fields, call, "match_fields"),
        "weight": _weight(weight, call),
    }
    return add(task, call, "nodeAffinity", terms)


def add_node_affinity_json(task: PipelineTask, node_affinity_json: Channel | dict[str, Value]) -> PipelineTask:
    """Set the pod's whole `nodeAffinity` in Kubernetes' terms; a second call replaces the first."""
    call = "add_node_affinity_json"
    terms = tree(task, call).get("nodeAffinity", [])
    assert isinstance(terms, list)
    terms[:] = [term for term in terms if not (isinstance(term, dict) and "nodeAffinityJson" in term)]
    return add(task, call, "nodeAffinity", {"nodeAffinityJson": _json(node_affinity_json, call, STRUCT)})


def add_pod_affinity(
    task: PipelineTask,
    match_labels: Mapping[str, str] | None = None,
    topology_key: str = "kubernetes.io/hostname",
    match_expressions: Sequence[Mapping[str, object]] | None = None,
    namespaces: Sequence[str] = (),
    weight: int | None = None,
    anti: bool = False,
) -> PipelineTask:
    """The task runs where pods that match run, or, with `anti`, where none does. KFP's format has this, and its SDK no call.

    topology_key: what "where" means: nodes with the same value of this label; weight: 1 to 100, prefers in place of requiring.
    """
    call = "add_pod_affinity"
    terms: Tree = {
        "matchPodLabels": texts(match_labels or {}, call, "match_labels"),
        "matchPodExpressions": _requirements(match_expressions, call, "match_expressions"),
        "topologyKey": non_empty(topology_key, call, "topology_key"),
        "namespaces": [constant(name, call, "namespaces") for name in namespaces],
        "weight": _weight(weight, call),
        "anti": anti or None,
    }
    return add(task, call, "podAffinity", terms)


def add_toleration(
    task: PipelineTask,
    key: str | None = None,
    operator: str | None = None,
    value: str | None = None,
    effect: str | None = None,
    toleration_seconds: int | None = None,
) -> PipelineTask:
    """Nodes with this taint may run the task too.

    operator: "Equal" (the default) or "Exists"; effect: "NoExecute", "NoSchedule", "PreferNoSchedule", or all;
    toleration_seconds: for how long the task stays on a node that gets the taint NoExecute.
    """
    call = "add_toleration"
    for what, choice, known in (("operator", operator, ("Equal", "Exists")), ("effect", effect, _EFFECTS)):
        if choice is not None and choice not in known:
            raise trace.refused(f"kubernetes.{call}() was given {what}={choice!r}: give one of {', '.join(known)}")
    seconds = None if toleration_seconds is None else str(_whole(toleration_seconds, call, "toleration_seconds"))
    entry: Tree = {"key": key, "operator": operator, "value": value, "effect": effect, "tolerationSeconds": seconds}
    return add(task, call, "tolerations", entry)


def add_toleration_json(
    task: PipelineTask, toleration_json: Channel | Mapping[str, object] | Sequence[Mapping[str, object]]
) -> PipelineTask:
    """Tolerations: a dict or a list of dicts with add_toleration's arguments as keys, or a channel of what Kubernetes reads."""
    call = "add_toleration_json"
    if isinstance(toleration_json, Channel):
        return add(task, call, "tolerations", {"tolerationJson": _json(toleration_json, call, STRUCT, LIST)})
    for toleration in [toleration_json] if isinstance(toleration_json, Mapping) else toleration_json:
        unknown = set(toleration) - set(_TOLERATION) - {"tolerationSeconds"} if isinstance(toleration, Mapping) else {toleration}
        if unknown:
            raise trace.refused(f"kubernetes.{call}() takes dicts with the keys {', '.join(_TOLERATION)}, not {toleration!r}")
        _add_toleration(task, {**toleration})
    return task


def _add_toleration(task: PipelineTask, toleration: dict[str, object]) -> None:
    seconds = toleration.get("toleration_seconds", toleration.get("tolerationSeconds"))
    number = None if seconds is None else _whole(seconds, "add_toleration_json", "toleration_seconds")
    key, operator, value, effect = (None if toleration.get(name) is None else str(toleration[name]) for name in _TOLERATION[:4])
    add_toleration(task, key, operator, value, effect, number)


def _requirements(entries: Sequence[Mapping[str, object]] | None, call: str, what: str) -> list[Tree]:
    requirements: list[Tree] = []
    for entry in entries or ():
        operator = entry.get("operator") if isinstance(entry, Mapping) else None
        if operator not in _OPERATORS:
            how = f"dicts with key, operator (one of {', '.join(_OPERATORS)}) and values"
            raise trace.refused(f"kubernetes.{call}() takes {what} as {how}, not {entry!r}")
        values = entry.get("values") or []
        assert isinstance(values, Sequence)
        requirement: Tree = {"key": non_empty(entry.get("key"), call, "key"), "operator": str(operator)}
        requirements.append(requirement | ({"values": [constant(value, call, "values") for value in values]} if values else {}))
    return requirements


def _weight(weight: int | None, call: str) -> int | None:
    if weight is not None and not 1 <= _whole(weight, call, "weight") <= 100:
        raise trace.refused(f"kubernetes.{call}() was given weight={weight}: give 1 to 100")
    return weight


def _whole(number: object, call: str, what: str) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise trace.refused(f"kubernetes.{call}() was given {what}={number!r}: give a whole number")
    return number


def _json(value: Channel | dict[str, Value], call: str, *types: str) -> DynamicValue:
    if isinstance(value, Channel):
        if value.type and not (isinstance(value.type, Parameter) and value.type.ir in types):
            raise trace.refused(f"kubernetes.{call}() takes a {' or '.join(types)}, and {value.title} is {value.type}")
    elif not isinstance(value, dict):
        raise trace.refused(f"kubernetes.{call}() takes a dict, or an input or output that is one, not {value!r}")
    return DynamicValue(value)
