"""What a task asks of Kubernetes: what is written where kfp has no word or a wrong one, and what is refused."""

import re

import pytest
from unit.dsl.pieces import number, text

from kflite import dsl, kubernetes
from kflite.errors import CompileError


def executors(pipeline: dsl.Component) -> dict:
    return dsl.compile(pipeline).documents[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]


def test_a_loop_can_name_a_secret_by_an_entry_of_its_item():
    @dsl.pipeline
    def p():
        with dsl.ParallelFor([{"secret": "a"}, {"secret": "b"}]) as item:
            kubernetes.use_secret_as_env(text(), item.secret, {"k": "K"})

    (entry,) = executors(p)["exec-text"]["secretAsEnv"]
    assert entry["secretNameParameter"]["parameterExpressionSelector"] == 'parseJson(string_value)["secret"]'
    assert entry["secretNameParameter"]["componentInputParameter"].endswith("loop-item-param-1")


def test_a_name_may_be_put_together_from_what_the_run_knows():
    @dsl.pipeline
    def p(team: str):
        kubernetes.use_secret_as_env(text(), f"{team}-secret", {"k": "K"})

    (entry,) = executors(p)["exec-text"]["secretAsEnv"]
    assert entry["secretNameParameter"] == {
        "runtimeValue": {"constant": "{{$.inputs.parameters['pipelinechannel--team']}}-secret"}
    }
    assert "secretName" not in entry
    task = dsl.compile(p).documents[0]["root"]["dag"]["tasks"]["text"]
    assert task["inputs"]["parameters"]["pipelinechannel--team"] == {"componentInputParameter": "team"}


def test_tasks_that_ask_for_different_things_have_executors_of_their_own():
    @dsl.pipeline
    def p():
        for policy in ("Always", "Never", "Always"):
            kubernetes.set_image_pull_policy(text(), policy)

    assert {label: held["imagePullPolicy"] for label, held in executors(p).items()} == {
        "exec-text": "Always",
        "exec-text-2": "Never",
    }


def test_affinity_to_pods_and_shared_memory_are_written_though_kfp_has_no_call_for_them():
    @dsl.pipeline
    def p():
        task = text()
        kubernetes.add_pod_affinity(task, {"app": "db"}, weight=10)
        kubernetes.add_pod_affinity(
            task, None, "zone", [{"key": "a", "operator": "In", "values": ["b"]}], namespaces=["n"], anti=True
        )
        kubernetes.enable_shared_memory(task, "2Gi")

    assert executors(p)["exec-text"] == {
        "podAffinity": [
            {"matchPodLabels": {"app": "db"}, "topologyKey": "kubernetes.io/hostname", "weight": 10},
            {
                "matchPodExpressions": [{"key": "a", "operator": "In", "values": ["b"]}],
                "topologyKey": "zone",
                "namespaces": ["n"],
                "anti": True,
            },
        ],
        "enabledSharedMemory": {"volumeName": "shared-memory", "size": "2Gi"},
    }


def everything(name: str):
    task = text()
    kubernetes.use_secret_as_env(task, name, {"a": "A"})
    kubernetes.use_config_map_as_volume(task, f"{name}-x", "/maps", optional=True)
    kubernetes.mount_pvc(task, name, "/data", "inner")
    kubernetes.add_ephemeral_volume(task, "v", "/v", ["ReadWriteOnce"], "1Gi", labels={"a": "b"})
    kubernetes.add_node_affinity(task, [{"key": "a", "operator": "Exists"}], weight=1)
    kubernetes.add_pod_affinity(task, {"a": "b"}, anti=True, weight=3)
    kubernetes.add_toleration(task, "a", toleration_seconds=3)
    kubernetes.add_node_selector_json(task, {"a": {"deep": [1, None]}})
    kubernetes.enable_shared_memory(task)
    kubernetes.set_security_context(task, 1, 2, True)
    task.set_timeout(60)


def test_kfps_own_reader_takes_what_is_written():
    messages = pytest.importorskip("kfp.kubernetes.kubernetes_executor_config_pb2", exc_type=ImportError)
    from google.protobuf.json_format import MessageToDict, ParseDict
    from kfp.pipeline_spec.pipeline_spec_pb2 import PlatformSpec

    _, document = dsl.compile(dsl.pipeline(everything)).documents
    assert MessageToDict(ParseDict(document, PlatformSpec())) == document
    held = document["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-text"]
    assert MessageToDict(ParseDict(held, messages.KubernetesExecutorConfig())) == held


def test_the_calls_are_found_where_kfp_has_them():
    from kflite.dsl.kubernetes import use_secret_as_env
    from kflite.kubernetes import mount_pvc

    assert (use_secret_as_env, mount_pvc) == (kubernetes.use_secret_as_env, kubernetes.mount_pvc)


def test_methods_of_a_task_are_the_same_calls():
    @dsl.pipeline
    def p(secret: str):
        text().use_secret_as_env(secret, {"k": "K"}).set_timeout(5)

    held = executors(p)["exec-text"]
    assert held["secretAsEnv"][0]["secretNameParameter"] == {"componentInputParameter": "secret"}
    assert held["activeDeadlineSeconds"] == "5"


def late_label(task, words, count):
    kubernetes.add_pod_label(task, "a", words.output)


def late_path(task, words, count):
    kubernetes.mount_pvc(task, "c", f"/x/{words.output}")


def relative_path(task, words, count):
    kubernetes.use_secret_as_volume(task, "s", "secrets")


def number_as_name(task, words, count):
    kubernetes.use_secret_as_volume(task, count.output, "/secrets")


def no_name(task, words, count):
    kubernetes.use_config_map_as_env(task, "", {"a": "A"})


def text_as_selector(task, words, count):
    kubernetes.add_node_selector_json(task, words.output)


def odd_operator(task, words, count):
    kubernetes.add_node_affinity(task, [{"key": "a", "operator": "Is", "values": ["b"]}])


def heavy(task, words, count):
    kubernetes.add_node_affinity(task, [{"key": "a", "operator": "Exists"}], weight=101)


def odd_effect(task, words, count):
    kubernetes.add_toleration(task, "a", effect="Sometimes")


def odd_toleration(task, words, count):
    kubernetes.add_toleration_json(task, [{"keys": "a"}])


def odd_policy(task, words, count):
    kubernetes.set_image_pull_policy(task, "Sometimes")


def one_pull_secret(task, words, count):
    kubernetes.set_image_pull_secrets(task, "secret")


def nobody(task, words, count):
    kubernetes.set_security_context(task)


def negative_user(task, words, count):
    kubernetes.set_security_context(task, run_as_user=-1)


def negative_time(task, words, count):
    kubernetes.set_timeout(task, -1)


def nameless_claim(task, words, count):
    kubernetes.CreatePVC(access_modes=["ReadWriteOnce"], size="1Gi")


def claim_of_two_names(task, words, count):
    kubernetes.CreatePVC(access_modes=["ReadWriteOnce"], size="1Gi", pvc_name="a", pvc_name_suffix="b")


REFUSALS = {
    nameless_claim: "takes either pvc_name or pvc_name_suffix: give one of them",
    claim_of_two_names: "takes either pvc_name or pvc_name_suffix: give one of them",
    late_label: r"label_value=output 'Output' of 'text-2', which only the run knows.*: give a constant",
    late_path: "mount_path=.*, which only the run knows",
    relative_path: "mount_path='secrets': give an absolute path, like '/data'",
    number_as_name: "takes a name as text, and output 'Output' of 'number' is int",
    no_name: "takes a name as text, not ''",
    text_as_selector: "takes a STRUCT, and output 'Output' of 'text-2' is str",
    odd_operator: "match_expressions as dicts with key, operator .one of In, NotIn, ",
    heavy: "weight=101: give 1 to 100",
    odd_effect: "effect='Sometimes': give one of NoExecute, NoSchedule, PreferNoSchedule",
    odd_toleration: r"dicts with the keys key, operator, .*, not {'keys': 'a'}",
    odd_policy: "one of Always, Never, IfNotPresent, not 'Sometimes'",
    one_pull_secret: "a list of names, not 'secret'",
    nobody: "was given nothing: give run_as_user",
    negative_user: "0 or more, not -1",
    negative_time: "a whole number of seconds, 0 or more, not -1",
}


@pytest.mark.parametrize("function", REFUSALS, ids=lambda f: f.__name__)
def test_what_kubernetes_cannot_do_is_refused_with_line_and_remedy(function):
    with pytest.raises(CompileError, match=rf"^{re.escape(__file__)}:\d+: kubernetes\..*{REFUSALS[function]}"):

        @dsl.pipeline
        def p():
            function(text(), text(), number())


def test_a_pipeline_inside_another_has_no_pod():
    @dsl.pipeline
    def inner():
        text()

    with pytest.raises(CompileError, match=r"kubernetes.add_pod_label\(\) needs a task that runs code itself, and 'inner' does"):

        @dsl.pipeline
        def outer():
            kubernetes.add_pod_label(inner(), "a", "b")
