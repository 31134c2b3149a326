"""From jobs to descriptions of containers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kflite.core.job import Job, Resources, Role
from kflite.errors import ExecutorError
from kflite.executors.docker.host import Host, describe
from kflite.executors.docker.names import group_labels
from kflite.executors.docker.options import DockerOptions
from kflite.executors.docker.spec import ContainerOrder, Image, container
from kflite.executors.ref import Ref

HOST = Host(user="1000:1000", groups=("1000",), cpus=4.0, memory=8 << 30)
IMAGE = Image("alpine:3", shell=True)
ORDER = ContainerOrder(IMAGE)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    role = Role("alpine:3", ("echo", "a"), ("b",))
    return Job("run/loop[0]/Fit the Model!", 2, (role,), tmp_path / "attempt", roots=(tmp_path,))


def body(job: Job, order: ContainerOrder = ORDER, host: Host = HOST) -> Any:
    return container(job, job.replicas[0], order, host)


def with_role(job: Job, **changes: Any) -> Job:
    return replace(job, roles=(replace(job.roles[0], **changes),))


def test_a_name_is_a_host_name_and_the_same_each_time(job: Job) -> None:
    name = Ref.of(job).name(0)
    assert name == Ref.of(job).name(0)
    assert name.startswith("kflite-fit-the-model-")
    assert len(name) <= 63


def test_names_differ_by_attempt_and_by_home(job: Job, tmp_path: Path) -> None:
    others = (replace(job, attempt=3), replace(job, folder=tmp_path / "other"), replace(job, id="run/loop[1]/Fit the Model!"))
    assert len({Ref.of(each).group for each in (job, *others)}) == 4


def test_a_ref_is_read_back(job: Job) -> None:
    ref = Ref.of(replace(job, folder=Path("/a@b/c")))
    assert Ref.parse(str(ref)) == ref


def test_labels_of_the_job_cannot_hide_whose_it_is(job: Job) -> None:
    labels = group_labels(replace(job, labels={"kflite.dev/profile": "team", "app.kubernetes.io/managed-by": "x"}))
    assert labels["kflite.dev/profile"] == "team"
    assert labels["app.kubernetes.io/managed-by"] == "kflite"
    assert (labels["kflite.dev/run"], labels["kflite.dev/task"]) == ("run", "loop[0]/Fit the Model!")


def test_a_shell_joins_the_streams_and_keeps_files_private(job: Job) -> None:
    assert body(job)["Entrypoint"] == ["/bin/sh", "-c", 'umask 077; exec "$0" "$@" 2>&1']
    assert body(job)["Cmd"] == ["echo", "a", "b"]


@pytest.mark.parametrize(
    ("image", "host", "env"),
    [
        (replace(IMAGE, shell=False), HOST, {}),
        (IMAGE, replace(HOST, user=""), {}),
        (IMAGE, HOST, {"my.name": "x"}),
        (replace(IMAGE, env=("my.name",)), HOST, {}),
    ],
)
def test_a_command_runs_bare_where_a_shell_would_change_it(job: Job, image: Image, host: Host, env: dict[str, str]) -> None:
    made = body(with_role(job, env=env), ContainerOrder(image), host)
    assert (made["Entrypoint"], made["Cmd"]) == (["echo"], ["a", "b"])


def test_an_image_without_a_command_needs_one(job: Job) -> None:
    with pytest.raises(ExecutorError, match="no command of its own"):
        body(with_role(job, command=(), args=()), ContainerOrder(replace(IMAGE, shell=False)))


def test_a_role_may_have_a_home_of_its_own(job: Job) -> None:
    assert f"HOME={job.folder}/home" in body(job)["Env"]
    assert "HOME=/root" in body(with_role(job, env={"HOME": "/root"}))["Env"]


def test_a_folder_below_another_is_mounted_with_it(job: Job, tmp_path: Path) -> None:
    assert [mount["Source"] for mount in body(job)["HostConfig"]["Mounts"]] == [str(tmp_path)]


def test_folders_apart_are_mounted_where_they_are(job: Job, tmp_path: Path) -> None:
    mounts = body(replace(job, folder=Path("/elsewhere")))["HostConfig"]["Mounts"]
    assert [(mount["Source"], mount["Target"]) for mount in mounts] == [
        ("/elsewhere", "/elsewhere"),
        (str(tmp_path), str(tmp_path)),
    ]


def test_without_limits_a_container_has_the_machine(job: Job) -> None:
    bounds = body(job)["HostConfig"]
    assert not bounds.keys() & {"NanoCpus", "Memory", "DeviceRequests"}
    assert bounds["ShmSize"] == 4 << 30


def test_more_processors_than_there_are_are_no_bound(job: Job) -> None:
    assert "NanoCpus" not in body(with_role(job, limit=Resources(cpus=64)))["HostConfig"]


def test_memory_has_no_swap_beside_it(job: Job) -> None:
    bounds = body(with_role(job, limit=Resources(memory=1 << 30)))["HostConfig"]
    assert bounds["Memory"] == bounds["MemorySwap"] == 1 << 30


def test_gpus_are_given_by_number_and_noted_for_other_schedulers(job: Job) -> None:
    made = body(job, ContainerOrder(IMAGE, gpus=("1", "3")))
    assert made["HostConfig"]["DeviceRequests"] == [{"Driver": "nvidia", "DeviceIDs": ["1", "3"], "Capabilities": [["gpu"]]}]
    assert made["Labels"]["kflite.dev/gpus"] == "1,3"


def test_a_gang_has_a_network(job: Job) -> None:
    made = body(job, ContainerOrder(IMAGE, network="net"))
    assert made["HostConfig"]["NetworkMode"] == "net"
    assert made["NetworkingConfig"]["EndpointsConfig"]["net"]["Aliases"] == [Ref.of(job).name(0)]


def test_proxies_indexes_and_authorities_are_passed_on(tmp_path: Path) -> None:
    file = tmp_path / "ca.crt"
    file.write_text("")
    environ = {"HTTPS_PROXY": "http://p:1", "PIP_INDEX_URL": "https://i", "PIP_CERT": str(file), "SSL_CERT_FILE": str(file)}
    host = describe({}, DockerOptions(), environ | {"REQUESTS_CA_BUNDLE": "/nowhere", "SECRET": "x"})
    target = "/run/kflite/authorities-0.crt"
    assert host.files == ((file, Path(target)),)
    assert host.env == {
        "USER": "kflite",
        "LOGNAME": "kflite",
        "HTTPS_PROXY": "http://p:1",
        "PIP_INDEX_URL": "https://i",
        "SSL_CERT_FILE": target,
        "PIP_CERT": target,
    }


def test_nothing_is_passed_on_when_that_is_not_wanted() -> None:
    host = describe({}, DockerOptions(pass_ca=False), {"HTTPS_PROXY": "http://p:1", "USER": "ada"})
    assert host.env == {"USER": "ada", "LOGNAME": "ada"}


def test_root_of_a_rootless_daemon_is_the_caller() -> None:
    assert describe({"SecurityOptions": ["name=seccomp,profile=default", "name=rootless"]}, DockerOptions(), {}).user == "0:0"
