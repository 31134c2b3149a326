"""Parts of a Pod's specification, as Kubernetes' API has them."""

from __future__ import annotations

from kflite.core.job import Mount, MountSource
from kflite.core.podspec import affinity, volumes

REQUIRED, PREFERRED = (f"{word}DuringSchedulingIgnoredDuringExecution" for word in ("required", "preferred"))
SSD = {"key": "disk", "operator": "In", "values": ["ssd"]}


def test_a_node_term_without_a_weight_is_required_and_one_with_a_weight_preferred() -> None:
    terms = [{"matchExpressions": [SSD]}, {"matchFields": [SSD], "weight": 5}]
    assert affinity({"nodeAffinity": [*terms]}) == {
        "nodeAffinity": {
            REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [SSD]}]},
            PREFERRED: [{"weight": 5, "preference": {"matchFields": [SSD]}}],
        }
    }


def test_terms_given_as_json_are_added_to_the_others() -> None:
    given = {REQUIRED: {"nodeSelectorTerms": [{"matchFields": [SSD]}]}}
    terms = [{"matchExpressions": [SSD]}, {"nodeAffinityJson": given}]
    (found,) = affinity({"nodeAffinity": [*terms]}).values()
    assert found == {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [SSD]}, {"matchFields": [SSD]}]}}


def test_pod_terms_attract_or_repel() -> None:
    near = {"topologyKey": "zone", "matchPodLabels": {"app": "db"}, "namespaces": ["n"]}
    apart = {"topologyKey": "host", "matchNamespaceExpressions": [SSD], "weight": 2, "anti": True}
    term = {"topologyKey": "host", "namespaceSelector": {"matchExpressions": [SSD]}}
    assert affinity({"podAffinity": [near, apart]}) == {
        "podAffinity": {
            REQUIRED: [{"topologyKey": "zone", "namespaces": ["n"], "labelSelector": {"matchLabels": {"app": "db"}}}]
        },
        "podAntiAffinity": {PREFERRED: [{"weight": 2, "podAffinityTerm": term}]},
    }


def test_no_terms_are_no_affinity() -> None:
    assert affinity({}) == {}


def test_volumes_have_names_that_kubernetes_takes() -> None:
    claim = {"accessModes": ["ReadWriteOnce"], "size": "1Gi", "storageClassName": "fast"}
    mounts = [
        Mount("/a", MountSource.VOLUME, "Data.one"),
        Mount("/b", MountSource.CONFIG_MAP, "data-one"),
        Mount("/c", MountSource.EMPTY, "tmp", options={"medium": "Memory"}),
        Mount("/d", MountSource.EMPTY, "", options={**claim}),
        Mount("/e", MountSource.EMPTY, "x" * 80),
    ]
    found, places = volumes(mounts)
    names = ["data-one", "data-one-2", "tmp", "volume", "x" * 59]
    assert [volume["name"] for volume in found] == [place["name"] for place in places] == names
    assert found[2] == {"name": "tmp", "emptyDir": {"medium": "Memory"}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "fast"}
    assert found[3] == {"name": "volume", "ephemeral": {"volumeClaimTemplate": {"spec": spec}}}
