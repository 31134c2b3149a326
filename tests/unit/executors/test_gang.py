from __future__ import annotations

import json
from dataclasses import replace

from contract.jobs import Jobs

from kflite.core.job import Role
from kflite.executors.gang import environments, free_ports


def test_every_replica_is_told_of_all(jobs: Jobs) -> None:
    job = jobs.job(Role(name="chief", ports=("meet",)), Role(name="worker", replicas=2), attempt=3)
    chief, _, last = environments(job, ["a", "b", "c"], [{"meet": 1234}, {}, {}])
    assert {env["KFLITE_HOSTS"] for env in (chief, last)} == {"a,b,c"}
    assert (chief["KFLITE_PORTS"], last["KFLITE_PORTS"]) == ("meet=1234", "")
    assert [last[f"KFLITE_{name}"] for name in ("ROLE", "INDEX", "RANK", "WORLD_SIZE")] == ["worker", "1", "2", "3"]
    assert [chief[name] for name in ("KFLITE_JOB", "KFLITE_ATTEMPT", "KFP_RETRY_INDEX")] == ["run/task", "3", "2"]
    assert json.loads(chief["KFLITE_GANG"]) == json.loads(last["KFLITE_GANG"])
    assert json.loads(last["KFLITE_GANG"])[0] == {"role": "chief", "index": 0, "host": "a", "ports": {"meet": 1234}}


def test_ports_are_free_and_each_is_given_once(jobs: Jobs) -> None:
    job = jobs.job(replace(Role(ports=("one", "two")), replicas=20))
    ports = [port for own in free_ports(job) for port in own.values()]
    assert len(set(ports)) == 40
