"""An API server that is away while tasks run: the run goes on, logs are whole, nothing runs twice, nothing is left.

    KUBECONFIG=... KFLITE_IMAGES='python:*=IMAGE' python benchmarks/away.py [SECONDS [NAMESPACE]]

The server is reached through a connection of our own, which is shut for SECONDS once all tasks run. One task talks all the
time, one ends meanwhile with outputs that must be fetched, one fails meanwhile, and one follows. The namespace must exist.
Prints what was seen, and exits with 1 where that is not what it must be.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from kflite import dsl
from kflite.client import Client
from kflite.core.task_event import TaskWaiting

OURS = "app.kubernetes.io/managed-by=kflite"


@dsl.component(base_image="python:3.11")
def talk(seconds: float) -> int:
    import time

    for n in range(int(seconds * 2)):
        print(n, flush=True)
        time.sleep(0.5)
    return int(seconds * 2)


@dsl.component(base_image="python:3.11")
def make(seconds: float, made: dsl.Output[dsl.Dataset]):
    import time

    time.sleep(seconds)
    with open(made.path, "wb") as file:
        file.write(bytes(range(256)) * 20_000)


@dsl.component(base_image="python:3.11")
def fail(seconds: float):
    import sys
    import time

    time.sleep(seconds)
    sys.exit(3)


@dsl.component(base_image="python:3.11")
def size(made: dsl.Input[dsl.Dataset]) -> int:
    import os

    return os.path.getsize(made.path)


@dsl.pipeline
def away(seconds: float, soon: float):
    talk(seconds=seconds)
    fail(seconds=soon)
    size(made=make(seconds=soon).outputs["made"])


class Proxy:
    """Passes bytes on to the API server while it is open."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port, self.open = host, port, True
        self.writers: set[asyncio.StreamWriter] = set()

    def shut(self) -> None:
        self.open = False
        for writer in self.writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.open:
            return writer.transport.abort()
        there, back = await asyncio.open_connection(self.host, self.port)
        self.writers |= {writer, back}
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self.copy(reader, back), self.copy(there, writer))
        self.writers -= {writer, back}
        return None

    async def copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()


def kubectl(config: str, *words: str) -> str:
    return subprocess.run(["kubectl", "--kubeconfig", config, *words], capture_output=True, text=True, check=True).stdout


def left(config: str, namespace: str) -> list[str]:
    return kubectl(config, "-n", namespace, "get", "pods,services,configmaps", "-l", OURS, "-o", "name").split()


async def main(seconds: float, namespace: str) -> bool:
    config = os.environ["KUBECONFIG"]
    held = json.loads(kubectl(config, "config", "view", "--raw", "--minify", "-o", "json"))
    host, _, port = held["clusters"][0]["cluster"]["server"].removeprefix("https://").partition(":")
    proxy = Proxy(host, int(port))
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    held["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with tempfile.TemporaryDirectory() as folder:
        through = f"{folder}/kubeconfig"
        await asyncio.to_thread(Path(through).write_text, json.dumps(held))
        os.environ["KUBECONFIG"] = through
        client = Client(home=f"{folder}/home", store=f"sqlite:///{folder}/kflite.db", artifacts=f"{folder}/artifacts")
        async with client:
            run = await client.submit(away, {"seconds": seconds + 20, "soon": 15.0}, on=f"kubernetes:/{namespace}")
            await running(config, namespace, 3)
            proxy.shut()
            await asyncio.sleep(seconds)
            proxy.open = True
            await run.wait()
            events = client.session.store.events(run.id, 0)
            tasks = client.session.store.tasks(run.id)
            log = run.tasks["talk"].logs()
    seen = {
        "states": {task.task: (task.state.value, task.attempts) for task in tasks},
        "size": next(task for task in tasks if task.task == "size").outputs,
        "talked": log.split() == [str(n) for n in range(int((seconds + 20) * 2))],
        "told": sorted({event.data.message for event in events if isinstance(event.data, TaskWaiting)}),
        "left": left(config, namespace),
    }
    print(json.dumps(seen, indent=1))
    states = {"talk": ("SUCCEEDED", 1), "make": ("SUCCEEDED", 1), "fail": ("FAILED", 1), "size": ("SUCCEEDED", 1)}
    return seen["states"] == states and bool(seen["talked"]) and not seen["left"]


async def running(config: str, namespace: str, count: int) -> None:
    """Until so many tasks run."""
    path = "{range .items[*]}{.status.initContainerStatuses[1].state.running.startedAt} {end}"
    deadline = time.monotonic() + 120
    while (
        len((await asyncio.to_thread(kubectl, config, "-n", namespace, "get", "pods", "-o", f"jsonpath={path}")).split()) < count
    ):
        assert time.monotonic() < deadline, "the tasks did not start"


if __name__ == "__main__":
    seconds, namespace = [*sys.argv[1:], *["60", "default"][len(sys.argv) - 1 :]]
    began = time.monotonic()
    well = asyncio.run(main(float(seconds), namespace))
    print(f"{'as it must be' if well else 'NOT as it must be'}, {time.monotonic() - began:.0f} s")
    sys.exit(not well)
