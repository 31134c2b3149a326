"""Pipelines that ask for each thing that only Kubernetes has; test_against_kfp compiles this file with kfp and with kflite."""

# ruff: noqa: B006 - kfp reads this too

from kflite import dsl, kubernetes


@dsl.component
def echo(x: str = "a") -> str:
    return x


@dsl.component
def labels() -> dict:
    return {}


@dsl.pipeline
def names_of_secrets_and_config_maps(name: str = "n"):
    made = echo()
    task = echo(x="b")
    kubernetes.use_secret_as_env(task, "known", {"password": "PASSWORD", "user": "NAME"}, optional=True)
    kubernetes.use_secret_as_env(task, name, {"a": "A"})
    kubernetes.use_secret_as_volume(task, made.output, "/secrets")
    kubernetes.use_secret_as_volume(task, "known", "/secrets/known", optional=True)
    kubernetes.use_config_map_as_env(task, config_map_name="known", config_map_key_to_env={"a": "B"})
    kubernetes.use_config_map_as_env(task, name, {"a": "C"}, optional=True)
    kubernetes.use_config_map_as_volume(task, "known", "/maps", True)
    kubernetes.use_config_map_as_volume(task, made.output, mount_path="/maps/made")
    kubernetes.use_field_path_as_env(task, env_name="POD", field_path="metadata.name")
    kubernetes.set_image_pull_secrets(task, ["known", name, made.output])


@dsl.pipeline
def volumes(claim: str = "c"):
    made = kubernetes.CreatePVC(
        access_modes=["ReadWriteOnce"], size="5Gi", pvc_name_suffix="-data", storage_class_name="standard", annotations={"a": "b"}
    )
    task = echo()
    kubernetes.mount_pvc(task, pvc_name=made.outputs["name"], mount_path="/data")
    kubernetes.mount_pvc(task, claim, "/claim", sub_path="inner")
    kubernetes.mount_pvc(task, "known", "/known")
    kubernetes.add_ephemeral_volume(task, "scratch", "/scratch", ["ReadWriteOnce"], "1Gi")
    kubernetes.add_ephemeral_volume(
        task,
        volume_name="fast",
        mount_path="/fast",
        access_modes=["ReadWriteOnce", "ReadOnlyMany"],
        size="2Gi",
        storage_class_name="fast",
        labels={"a": "b"},
        annotations={"c": "d"},
    )
    kubernetes.empty_dir_mount(task, "empty", "/empty")
    kubernetes.empty_dir_mount(task, "memory", "/memory", medium="Memory", size_limit="1Gi")
    kubernetes.DeletePVC(pvc_name=made.outputs["name"]).after(task)


@dsl.pipeline
def nodes(selector: dict = {}, tolerations: list = [], affinity: dict = {}):
    made = labels()
    task = echo()
    kubernetes.add_node_selector(task, "disk", "ssd")
    kubernetes.add_node_selector(task, label_key="node-role", label_value="")
    kubernetes.add_node_affinity(task, match_expressions=[{"key": "zone", "operator": "In", "values": ["a", "b"]}])
    kubernetes.add_node_affinity(task, match_fields=[{"key": "metadata.name", "operator": "Exists"}], weight=5)
    kubernetes.add_toleration(task, key="gpu", operator="Equal", value="true", effect="NoSchedule")
    kubernetes.add_toleration(task, operator="Exists", effect="NoExecute", toleration_seconds=0)
    kubernetes.add_toleration_json(task, {"key": "a", "operator": "Exists", "toleration_seconds": 5})
    kubernetes.add_toleration_json(task, [{"key": "b", "value": "c"}, {"key": "d"}])
    given = echo(x="b")
    kubernetes.add_node_selector_json(given, selector)
    kubernetes.add_toleration_json(given, tolerations)
    kubernetes.add_node_affinity_json(given, {"preferredDuringSchedulingIgnoredDuringExecution": []})
    kubernetes.add_node_affinity_json(given, affinity)
    late = echo(x="c")
    kubernetes.add_node_selector_json(late, {"a": "b"})
    kubernetes.add_toleration_json(late, made.output)
    kubernetes.add_node_affinity_json(
        late, {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": []}]}}
    )


@dsl.pipeline
def pods():
    task = echo()
    kubernetes.add_pod_label(task, label_key="team", label_value="a")
    kubernetes.add_pod_label(task, "stage", "")
    kubernetes.add_pod_annotation(task, annotation_key="note", annotation_value="b c")
    kubernetes.set_image_pull_policy(task, "Always")
    kubernetes.set_timeout(task, seconds=60)
    kubernetes.set_security_context(task, run_as_user=0, run_as_group=1000, run_as_non_root=False)
    forever = echo(x="b")
    kubernetes.set_timeout(forever, 20)
    kubernetes.set_timeout(forever, 0)
    kubernetes.set_security_context(forever, run_as_non_root=True)


@dsl.pipeline
def names_inside_groups(name: str = "n", names: list = ["a"]):
    made = echo()
    with dsl.If(name == "n"):
        inner = echo(x="b")
        kubernetes.use_secret_as_env(inner, name, {"a": "A"})
        kubernetes.mount_pvc(inner, made.output, "/data")
        kubernetes.set_image_pull_secrets(inner, [name])
    with dsl.ParallelFor(names) as item:
        each = echo(x="c")
        kubernetes.use_config_map_as_volume(each, item, "/maps")
        kubernetes.mount_pvc(each, name, "/data")
