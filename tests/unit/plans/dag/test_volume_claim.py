"""CreatePVC and DeletePVC: tasks that are a volume's creation and its end, and nothing that runs."""

from __future__ import annotations

from pathlib import Path

from builder import Document, Pipeline, constant, of, optional, parameters, task
from drive import Driven, gives, plan_of

from kflite.core.event_kind import State
from kflite.core.job import Exit, VolumeClaim
from kflite.core.paths import RunPaths
from kflite.core.plan import Work
from kflite.core.value import Outputs

PLACE = RunPaths(Path("/home"), "/artifacts", "p", "run-1")
CREATE = parameters(
    pvc_name=optional(str),
    pvc_name_suffix=optional(str),
    access_modes=list,
    size=str,
    storage_class_name=optional(str),
    annotations=optional(dict),
)
NEEDED = {"access_modes": constant(["ReadWriteOnce"]), "size": constant("5Gi")}
CACHED = {"cachingOptions": {"enableCache": True, "cacheKey": "k"}}


def pipeline() -> Pipeline:
    made = Pipeline().leaf("createpvc", CREATE, parameters(name=str), image="argostub/createpvc", command=[])
    return made.leaf("deletepvc", parameters(pvc_name=str), image="argostub/deletepvc", command=[])


def created(**given: Document) -> Work:
    document = pipeline().document(t=task("createpvc", inputs={**NEEDED, **given}, **CACHED))
    return Driven(plan_of(document), lambda task, work: gives(name="n")).works["t"]


def claim(of: Work) -> VolumeClaim | None:
    return of.job(PLACE, "t", 1).claim


def test_a_claim_has_the_name_and_what_a_cluster_makes_it_from() -> None:
    found = created(pvc_name=constant("data"), storage_class_name=constant(""), annotations=constant({"a": "b"}))
    options = {"accessModes": ["ReadWriteOnce"], "size": "5Gi", "storageClassName": "", "annotations": {"a": "b"}}
    assert claim(found) == VolumeClaim("data", options=options)
    assert found.job(PLACE, "t", 1).roles == ()


def test_a_suffix_follows_the_runs_id() -> None:
    names = [claim(created(pvc_name_suffix=constant(suffix))) for suffix in ("-data", "data")]
    assert [found.name for found in names if found] == ["run-1-data"] * 2


def test_the_name_is_its_output() -> None:
    found = created(pvc_name=constant("data"))
    assert found.collect(PLACE, "t", 1, Exit(0)) == (Exit(0), Outputs({"name": "data"}))


def test_a_claim_is_never_taken_from_the_cache() -> None:
    assert created(pvc_name=constant("data")).key_parts is None


def test_a_volume_is_deleted_by_the_name_that_another_task_gives() -> None:
    document = pipeline().document(
        c=task("createpvc", inputs=NEEDED | {"pvc_name": constant("data")}),
        d=task("deletepvc", inputs={"pvc_name": of("c", "name")}),
    )
    found = Driven(plan_of(document), lambda task, work: gives(name="data")).works["d"]
    assert claim(found) == VolumeClaim("data", delete=True)
    assert found.collect(PLACE, "d", 1, Exit(0)) == (Exit(0), Outputs())


def test_a_claim_without_a_name_fails_its_task() -> None:
    driven = Driven(plan_of(pipeline().document(t=task("createpvc", inputs=NEEDED))), lambda task, work: gives())
    assert driven.states["t"] is State.FAILED
    assert "give pvc_name, or pvc_name_suffix" in driven.messages["t"]
