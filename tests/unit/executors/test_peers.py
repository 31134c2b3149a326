from __future__ import annotations

import json
import socket
from dataclasses import replace

import pytest
from contract.jobs import Jobs

from kflite.core.job import Port, Role
from kflite.errors import ExecutorError
from kflite.executors.peers import environments, free_ports


def test_every_replica_is_told_of_all(jobs: Jobs) -> None:
    job = jobs.job(Role(name="chief", ports=(Port("meet"),)), Role(name="worker", replicas=2), attempt=3)
    chief, _, last = environments(job, ["a", "b", "c"], [{"meet": 1234}, {}, {}])
    assert {env["KFLITE_HOSTS"] for env in (chief, last)} == {"a,b,c"}
    assert (chief["KFLITE_PORTS"], last["KFLITE_PORTS"]) == ("meet=1234", "")
    assert [last[f"KFLITE_{name}"] for name in ("ROLE", "INDEX", "RANK", "WORLD_SIZE")] == ["worker", "1", "2", "3"]
    assert [chief[name] for name in ("KFLITE_JOB", "KFLITE_ATTEMPT", "KFP_RETRY_INDEX")] == ["run/task", "3", "2"]
    assert json.loads(chief["KFLITE_GANG"]) == json.loads(last["KFLITE_GANG"])
    assert json.loads(last["KFLITE_GANG"])[0] == {"role": "chief", "index": 0, "host": "a", "ports": {"meet": 1234}}


def test_ports_are_free_and_each_is_given_once(jobs: Jobs) -> None:
    job = jobs.job(replace(Role(ports=(Port("one"), Port("two"))), replicas=20))
    ports = [port for own in free_ports(job) for port in own.values()]
    assert len(set(ports)) == 40


def test_a_port_that_is_asked_for_is_given_and_one_that_is_taken_is_told(jobs: Jobs) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        job = jobs.job(Role(ports=(Port("http", number), Port("own"))))
        with pytest.raises(ExecutorError, match=rf"the port {number} \(http\) of 127\.0\.0\.1"):
            free_ports(job)
    assert free_ports(job)[0]["http"] == number
