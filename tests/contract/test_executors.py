"""The contract of every executor: what kflite.executors.base promises, tried from outside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from contract.jobs import Jobs
from contract.probes import HOLD, PATIENCE_S, free, there
from contract.subjects import Subject

from kflite.core.job import Exit, Job, Port, Role
from kflite.executors.base import Executor, ended

pytestmark = pytest.mark.anyio
SUCCESS = Exit(0)
MIB = 1 << 20


async def run(executor: Executor, job: Job) -> Exit:
    return await asyncio.wait_for(ended(executor, await executor.start(job)), PATIENCE_S)


async def test_a_job_that_succeeds_has_no_reason(executor: Executor, jobs: Jobs) -> None:
    assert await run(executor, jobs.ending(0)) == SUCCESS


async def test_an_exit_status_is_passed_on(executor: Executor, jobs: Jobs) -> None:
    exit = await run(executor, jobs.ending(3))
    assert (exit.code, exit.reason, exit.lost) == (3, "Error", False)


async def test_an_attempt_that_was_started_is_not_started_again(executor: Executor, jobs: Jobs) -> None:
    job = jobs.appending()
    refs = {await executor.start(job), await executor.start(job)}
    await asyncio.wait_for(ended(executor, refs.pop()), PATIENCE_S)
    assert not refs
    assert await run(executor, job) == SUCCESS
    assert jobs.out("made").read_text() == "ran\n"


@pytest.mark.needs("live")
async def test_the_next_attempt_runs_anew(executor: Executor, jobs: Jobs) -> None:
    await run(executor, jobs.appending(attempt=1))
    await run(executor, jobs.appending(attempt=2))
    assert jobs.out("made").read_text() == "ran\nran\n"


async def test_the_end_can_be_asked_for_again(executor: Executor, jobs: Jobs) -> None:
    ref = await executor.start(jobs.ending(3))
    assert [(await ended(executor, ref)).code, (await ended(executor, ref)).code] == [3, 3]


async def test_several_can_wait_for_one_end(executor: Executor, jobs: Jobs) -> None:
    ref = await executor.start(jobs.ending(3))
    first, second = await asyncio.gather(ended(executor, ref), ended(executor, ref))
    assert first.code == second.code == 3


async def test_many_jobs_run_beside_each_other(executor: Executor, jobs: Jobs) -> None:
    ends = await asyncio.gather(*(run(executor, jobs.ending(code, task=f"t{code}")) for code in range(20)))
    assert [exit.code for exit in ends] == list(range(20))


async def test_an_executor_tells_the_end_of_what_another_ran(make: Callable[[], Executor], jobs: Jobs) -> None:
    async with make() as executor:
        ref = await executor.start(jobs.ending(3))
        await ended(executor, ref)
    async with make() as executor:
        assert (await ended(executor, ref)).code == 3


async def test_it_offers_at_least_a_cpu(executor: Executor) -> None:
    assert executor.capacity().cpus >= 1


async def test_what_nothing_is_known_of_is_lost(
    make: Callable[[], Executor], subject: Subject, jobs: Jobs, tmp_path: Path
) -> None:
    async with make() as executor:
        ref = await executor.start(jobs.ending(0))
        await ended(executor, ref)
        exit = await asyncio.wait_for(ended(executor, ref.replace("task", "never")), PATIENCE_S)
    assert (exit.code, exit.reason, exit.lost) == (-1, "Lost", True)


@pytest.mark.needs("outlives")
async def test_what_runs_goes_on_when_its_executor_leaves(make: Callable[[], Executor], jobs: Jobs) -> None:
    async with make() as executor:
        ref = await executor.start(jobs.sleeping())
    async with make() as executor:
        waiting = asyncio.ensure_future(ended(executor, ref))
        await asyncio.wait([waiting], timeout=0.05)
        assert not waiting.done()
        await executor.stop(ref, PATIENCE_S)
        assert (await waiting).code != 0


@pytest.mark.needs("outlives")
async def test_what_runs_is_not_started_again_by_another_executor(make: Callable[[], Executor], jobs: Jobs) -> None:
    async with make() as executor:
        ref = await executor.start(jobs.appending())
    async with make() as executor:
        assert await executor.start(jobs.appending()) == ref
        assert await asyncio.wait_for(ended(executor, ref), PATIENCE_S) == SUCCESS
    assert jobs.out("made").read_text() == "ran\n"


@pytest.mark.needs("outlives")
async def test_two_executors_at_once_start_an_attempt_once(make: Callable[[], Executor], jobs: Jobs) -> None:
    async with make() as one, make() as other:
        ends = await asyncio.gather(run(one, jobs.appending()), run(other, jobs.appending()))
    assert ends == [SUCCESS, SUCCESS]
    assert jobs.out("made").read_text() == "ran\n"


@pytest.mark.needs("stop")
async def test_stop_returns_when_the_job_has_ended(executor: Executor, jobs: Jobs) -> None:
    ref = await executor.start(jobs.sleeping())
    await asyncio.wait_for(executor.stop(ref, PATIENCE_S), PATIENCE_S)
    exit = await asyncio.wait_for(ended(executor, ref), 1)
    assert exit.code != 0
    assert exit.reason == "Stopped"


@pytest.mark.needs("stop", "code")
@pytest.mark.needs("live")
async def test_a_job_that_ignores_sigterm_is_killed_after_the_grace(executor: Executor, jobs: Jobs) -> None:
    ref = await executor.start(jobs.sleeping(stubborn=True))
    await there(jobs.out("ready"))
    await asyncio.wait_for(executor.stop(ref, 0.2), PATIENCE_S)
    assert (await ended(executor, ref)).code == -9


@pytest.mark.needs("stop")
async def test_stopping_twice_is_stopping_once(executor: Executor, jobs: Jobs) -> None:
    ref = await executor.start(jobs.sleeping())
    await asyncio.gather(executor.stop(ref, PATIENCE_S), executor.stop(ref, PATIENCE_S))
    await executor.stop(ref, PATIENCE_S)
    assert (await ended(executor, ref)).reason == "Stopped"


@pytest.mark.needs("stop")
async def test_stopping_what_has_ended_changes_nothing(executor: Executor, jobs: Jobs) -> None:
    ref = await executor.start(jobs.ending(3))
    await ended(executor, ref)
    await executor.stop(ref, PATIENCE_S)
    assert (await ended(executor, ref)).code == 3


@pytest.mark.needs("stop", "outlives", "code")
@pytest.mark.needs("live")
async def test_another_executor_can_stop_it(make: Callable[[], Executor], jobs: Jobs) -> None:
    async with make() as executor:
        ref = await executor.start(jobs.sleeping(stubborn=True))
        await there(jobs.out("ready"))
    async with make() as executor:
        await asyncio.wait_for(executor.stop(ref, 0.1), PATIENCE_S)
        assert (await ended(executor, ref)).code == -9


@pytest.mark.needs("stop", "code")
@pytest.mark.needs("live")
async def test_a_job_can_end_in_its_own_way_when_asked_to(executor: Executor, jobs: Jobs) -> None:
    ready, made = str(jobs.out("ready")), str(jobs.out("made"))
    text = f"""
import signal, sys, time
def end(*_):
    open({made!r}, "w").write("saved")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
open({ready!r}, "w").close()
while True: time.sleep(1)
"""
    ref = await executor.start(jobs.python(text))
    await there(jobs.out("ready"))
    await executor.stop(ref, PATIENCE_S)
    assert jobs.out("made").read_text() == "saved"
    assert (await ended(executor, ref)).code == 0


@pytest.mark.needs("code")
async def test_code_gets_its_arguments(executor: Executor, jobs: Jobs) -> None:
    job = jobs.python("import sys; print(sys.argv, __name__)", "--a", "ä b")
    await run(executor, job)
    assert log(job) == "['-c', '--a', 'ä b'] __main__\n"


@pytest.mark.needs("code")
async def test_both_streams_come_to_the_log_in_order(executor: Executor, jobs: Jobs) -> None:
    job = jobs.python("import sys; print('one'); print('two', file=sys.stderr); print('three')")
    await run(executor, job)
    assert log(job) == "one\ntwo\nthree\n"


@pytest.mark.needs("code")
async def test_bytes_that_are_no_utf8_are_kept(executor: Executor, jobs: Jobs) -> None:
    job = jobs.python(r"import sys; sys.stdout.buffer.write(b'\xff\xfe\n'); sys.stdout.flush()")
    assert await run(executor, job) == SUCCESS
    assert (job.folder / "log").read_bytes() == b"\xff\xfe\n"


@pytest.mark.needs("code", "isolated")
async def test_a_long_log_is_kept(executor: Executor, jobs: Jobs, subject: Subject) -> None:
    size = 9 if subject.name == "kubernetes" else 100  # megabytes: a node keeps 10 of what is not read in time
    job = jobs.python(f"import sys\nfor _ in range({size}): sys.stdout.write('x' * 999_999 + '\\n')")
    assert await run(executor, job) == SUCCESS
    assert (job.folder / "log").stat().st_size == size * 1_000_000


@pytest.mark.needs("code")
async def test_an_uncaught_exception_is_in_the_log_and_in_the_message(executor: Executor, jobs: Jobs) -> None:
    job = jobs.python("raise ValueError('too cold')")
    exit = await run(executor, job)
    assert (exit.code, exit.reason) == (1, "Error")
    assert "ValueError: too cold" in exit.message
    assert log(job).startswith("Traceback")
    assert log(job).endswith("ValueError: too cold\n")


@pytest.mark.needs("code")
async def test_a_job_knows_what_it_is(executor: Executor, jobs: Jobs) -> None:
    job = jobs.job(replace(jobs.code(ENVIRONMENT), env={"COLOUR": "red"}), task="sub/fit", attempt=2)
    await run(executor, job)
    env = json.loads(log(job))
    assert env["COLOUR"] == "red"
    assert (env["KFLITE_JOB"], env["KFLITE_ATTEMPT"], env["KFP_RETRY_INDEX"]) == ("run/sub/fit", "2", "1")
    assert (env["KFLITE_RANK"], env["KFLITE_WORLD_SIZE"], env["KFLITE_ROLE"], env["KFLITE_INDEX"]) == ("0", "1", "main", "0")


@pytest.mark.needs("code")
async def test_a_job_has_a_working_folder_of_its_own(executor: Executor, jobs: Jobs) -> None:
    text = "import os; print(os.listdir('.')); open('left', 'w').close()"
    one, two = jobs.python(text, task="one"), jobs.python(text, task="two")
    assert [await run(executor, one), await run(executor, two)] == [SUCCESS, SUCCESS]
    assert log(one) == log(two) == "[]\n"


@pytest.mark.needs("code")
async def test_parents_of_outputs_and_files_are_there(executor: Executor, jobs: Jobs) -> None:
    file, output = jobs.root / "in" / "deep" / "text", jobs.out("new/deep/model")
    job = jobs.python(f"open({str(output)!r}, 'w').write(open({str(file)!r}).read())")
    assert await run(executor, replace(job, outputs=(output,), files={file: "grüße"})) == SUCCESS
    assert output.read_text() == "grüße"


@pytest.mark.needs("code")
async def test_what_a_job_leaves_is_private_to_the_user(executor: Executor, jobs: Jobs) -> None:
    job = jobs.python("print('secret')")
    await run(executor, job)
    assert job.folder.stat().st_mode & 0o777 == 0o700
    assert (job.folder / "log").stat().st_mode & 0o077 == 0
    assert job.folder.parent.stat().st_mode & 0o077 == 0


@pytest.mark.needs("isolated")
async def test_a_job_reads_nothing_from_the_terminal(executor: Executor, jobs: Jobs) -> None:
    job = jobs.python("import sys; print(repr(sys.stdin.read()))")
    await run(executor, job)
    assert log(job) == "''\n"


@pytest.mark.needs("commands")
async def test_a_command_runs_as_given(executor: Executor, jobs: Jobs) -> None:
    job = jobs.shell("echo one; echo two >&2; exit 4")
    exit = await run(executor, job)
    assert (exit.code, exit.reason, exit.message) == (4, "Error", "exit status 4: two")
    assert log(job) == "one\ntwo\n"


@pytest.mark.needs("commands")
async def test_a_command_that_is_not_there_is_named(executor: Executor, jobs: Jobs) -> None:
    exit = await run_or_refuse(executor, jobs.job(Role(jobs.image, ("no-such-command",), ("x",))))
    assert (exit.code, exit.reason) == (127, "CommandNotFound")
    assert "no-such-command" in exit.message


@pytest.mark.needs("commands")
async def test_a_file_that_is_no_program_is_named(executor: Executor, jobs: Jobs) -> None:
    exit = await run_or_refuse(executor, jobs.job(Role(jobs.image, ("/etc/hostname",))))
    assert (exit.code, exit.reason) == (126, "NotExecutable")
    assert "/etc/hostname" in exit.message


@pytest.mark.needs("commands")
async def test_a_signal_that_killed_it_is_named(executor: Executor, jobs: Jobs) -> None:
    exit = await run(executor, jobs.python("import os, signal; signal.raise_signal(signal.SIGKILL)"))
    assert (exit.code, exit.reason, exit.message) == (-9, "Killed", "killed by SIGKILL")


@pytest.mark.needs("isolated")
async def test_a_job_that_eats_its_memory_is_told_so(executor: Executor, jobs: Jobs) -> None:
    job = jobs.limited(jobs.python("held = [b'x' * 1_000_000 for _ in range(1000)]"), 100 * MIB)
    exit = await run(executor, job)
    assert exit.reason == "OutOfMemory"
    assert "100 MiB" in exit.message


@pytest.mark.needs("isolated")
@pytest.mark.parametrize("escape", ["", "os.setpgid(0, 0)", "os.setsid()", "os.setsid()\n    if os.fork(): os._exit(0)"])
@pytest.mark.needs("live")
async def test_what_a_job_leaves_running_is_ended(executor: Executor, jobs: Jobs, escape: str) -> None:
    held = jobs.out("held")
    job = jobs.python(HOLD.format(escape=escape or "pass", held=str(held)))
    assert await run(executor, job) == SUCCESS
    await free(held)


@pytest.mark.needs("isolated", "stop")
@pytest.mark.needs("live")
async def test_stop_reaches_what_a_job_has_forked(executor: Executor, jobs: Jobs) -> None:
    held = jobs.out("held")
    ref = await executor.start(jobs.python(HOLD.format(escape="os.setsid()", held=str(held)) + "time.sleep(600)"))
    await there(held.with_suffix(".ready"))
    await executor.stop(ref, 0.2)
    await free(held)


@pytest.mark.needs("gangs")
async def test_replicas_know_each_other_and_can_meet(executor: Executor, jobs: Jobs) -> None:
    chief = replace(jobs.code(SERVE), name="chief", ports=(Port("meet"), Port("spare")))
    job = jobs.job(chief, replace(jobs.code(MEET), name="worker", replicas=2))
    assert await run(executor, job) == SUCCESS
    assert sorted((job.folder / "log.chief.0").read_text().split()) == ["worker.0", "worker.1"]
    assert [(job.folder / f"log.worker.{index}").read_text() for index in (0, 1)] == ["1 of 3\n", "2 of 3\n"]


@pytest.mark.needs("gangs")
@pytest.mark.needs("live")
async def test_one_replica_that_fails_ends_the_others(executor: Executor, jobs: Jobs) -> None:
    sleeper = replace(jobs.sleeping().roles[0], name="worker", replicas=2)
    failing = jobs.code(
        f"import os, sys, time\nwhile not os.path.exists({str(jobs.out('ready'))!r}): time.sleep(0.01)\nsys.exit(5)"
    )
    exit = await run(executor, jobs.job(sleeper, replace(failing, name="chief")))
    assert (exit.code, exit.reason) == (5, "Error")
    assert "chief" in exit.message


@pytest.mark.needs("gangs")
async def test_a_gang_waits_for_its_last_replica(executor: Executor, jobs: Jobs) -> None:
    text = "import os, time\ntime.sleep(0.2 * int(os.environ['KFLITE_RANK']))\nprint('done')"
    job = jobs.job(replace(jobs.code(text), replicas=3))
    assert await run(executor, job) == SUCCESS
    assert [(job.folder / f"log.main.{index}").read_text() for index in range(3)] == ["done\n"] * 3


@pytest.mark.needs("gangs", "stop")
@pytest.mark.needs("live")
async def test_stop_ends_a_whole_gang(executor: Executor, jobs: Jobs) -> None:
    held = jobs.out("held")
    text = HOLD.format(escape="os.setsid()", held=str(held) + "-' + os.environ['KFLITE_RANK'] + '") + "time.sleep(600)"
    ref = await executor.start(jobs.job(replace(jobs.code(text), replicas=2)))
    for rank in range(2):
        await there(Path(f"{held}-{rank}.ready"))
    await executor.stop(ref, 0.2)
    assert (await ended(executor, ref)).reason == "Stopped"
    for rank in range(2):
        await free(Path(f"{held}-{rank}"))


ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"

SERVE = """
import os, socket
ports = dict(entry.split("=") for entry in os.environ["KFLITE_PORTS"].split(","))
with socket.create_server(("", int(ports["meet"]))) as server:
    for _ in range(2):
        connection, _ = server.accept()
        print(connection.recv(100).decode())
        connection.close()
"""

MEET = """
import json, os, socket, time
gang = json.loads(os.environ["KFLITE_GANG"])
chief = gang[0]
assert os.environ["KFLITE_HOSTS"].split(",")[0] == chief["host"]
print(os.environ["KFLITE_RANK"], "of", os.environ["KFLITE_WORLD_SIZE"])
me = os.environ["KFLITE_ROLE"] + "." + os.environ["KFLITE_INDEX"]
for _ in range(500):
    try:
        with socket.create_connection((chief["host"], chief["ports"]["meet"])) as connection:
            connection.sendall(me.encode())
        break
    except OSError:
        time.sleep(0.02)
else:
    raise SystemExit("the chief does not answer")
"""


def log(job: Job) -> str:
    return (job.folder / "log").read_text()


async def run_or_refuse(executor: Executor, job: Job) -> Exit:
    """An executor may know before the start what another learns from the end."""
    from kflite.errors import ExecutorError

    try:
        return await run(executor, job)
    except ExecutorError as error:
        return Exit({"CommandNotFound": 127, "NotExecutable": 126}[error.reason], error.reason, str(error))
