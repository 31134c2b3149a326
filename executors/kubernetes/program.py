"""What runs in the staging containers of a pod: `fetch` before main, `push` after it; `take` and `give` beside them.

The text of this file travels in a config map: standard library only, in Python 3.7's language, but for the drivers of artifact
stores. KFLITE_STAGE tells what to do. roots: [path, folder below the base]; sent: what comes by `take`; get, put: (URI, path)
to be copied from and to an artifact store; folders: to be made; files: texts by path; send: whether files come through `take`;
hosts: those whose names must resolve before main may start; outputs: what main was to write; the rest are times in seconds.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import socket
import sys
import time
import zlib
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, NoReturn, TypeAlias

    Stage: TypeAlias = dict[str, Any]
    Entry: TypeAlias = tuple[str, str, int, int]

BASE = "/kflite"
SENT, STORED, RECEIVED, PART = (os.path.join(BASE, name) for name in ("sent", "stored", "received", "part"))
MESSAGE = "/dev/termination-log"
LONGEST_MESSAGE = 4000  # bytes; the kubelet keeps 4096
SMALL = 16000  # bytes of outputs that may become a message once they are compressed
CHUNK = 1 << 18  # bytes
PAUSE_S = 0.02
FAILED, ALONE, LATE = 70, 75, 76  # exit statuses


def main(verb: str, stage: Stage) -> None:
    os.umask(0)  # the main container may run as any user
    try:
        {"fetch": fetch, "push": push, "take": take, "give": give}[verb](stage)
    except OSError as error:
        fail(f"{error.strerror}: {error.filename}" if error.filename else str(error))
    except ImportError as error:
        fail(f"{error}: take a staging image that `kflite image build` made")
    except Exception as error:  # noqa: BLE001 - drivers of artifact stores have errors of their own
        fail(f"{type(error).__name__}: {error}")


def fetch(stage: Stage) -> None:
    """Prepare the folders of main, and wait for its files and the other replicas."""
    for root, _ in stage["roots"]:  # one that is sent may be a file
        path = inside(stage, root)
        os.makedirs(os.path.dirname(path) if root in stage["sent"] else path, exist_ok=True)
    for path in stage["folders"]:
        os.makedirs(inside(stage, path), exist_ok=True)
    for name, content in stage["files"].items():
        path = inside(stage, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(path, 0o644)
    if stage["send"] and not until(lambda: os.path.exists(SENT), stage["send_s"]):
        fail(f"the inputs did not come within {stage['send_s']:.0f} s", LATE)
    for uri, name in stage["get"]:
        get(uri, inside(stage, name))
    missing = [host for host in stage["hosts"] if not until(partial(resolves, host), stage["gang_s"])]
    if missing:
        fail(
            f"not all replicas started within {stage['gang_s']:.0f} s: {len(missing)} of {len(stage['hosts'])} are missing", ALONE
        )


def push(stage: Stage) -> None:
    """Write small outputs to this container's message; keep others until `give` has sent them."""
    for uri, path in stage["put"]:
        if os.path.lexists(path):
            put(path, uri)
    found = list(entries(stage))
    small = message(found)
    if small:
        tell(small)
    elif not until(lambda: os.path.exists(STORED), stage["keep_s"]):
        fail(f"nobody fetched the outputs within {stage['keep_s']:.0f} s")


def get(uri: str, path: str) -> None:
    """Copy a file or folder from an artifact store."""
    from fsspec.core import url_to_fs

    driver, source = url_to_fs(uri)
    if not driver.exists(source):
        fail(f"nothing is at {uri}")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not driver.isdir(source):
        driver.get_file(source, path)
        return check(path, driver.info(source), uri)
    driver.get(source, path, recursive=True)
    for name, info in driver.find(source, detail=True).items():
        check(os.path.join(path, os.path.relpath(name, source)), info, uri)
    return None


def put(path: str, uri: str) -> None:
    """Copy a file or folder to an artifact store."""
    from fsspec.core import url_to_fs

    driver, target = url_to_fs(uri)
    driver.put(path, target, recursive=os.path.isdir(path))
    driver.invalidate_cache()
    names = [path] if os.path.isfile(path) else [os.path.join(at, name) for at, _, files in os.walk(path) for name in files]
    for name in names:
        below = os.path.relpath(name, path)
        check(name, driver.info(target if below == "." else target + "/" + below), uri)


def check(path: str, info: Stage, uri: str) -> None:
    """Compare a file with its copy in the store: by size, and by MD5 where that is the store's tag."""
    tag = str(info.get("ETag", "")).strip('"')
    wrong = os.path.getsize(path) != info["size"]
    if not wrong and re.fullmatch("[0-9a-f]{32}", tag):
        digest = hashlib.md5()
        with open(path, "rb") as file:
            for chunk in iter(lambda: file.read(CHUNK), b""):
                digest.update(chunk)
        wrong = digest.hexdigest() != tag
    if wrong:
        fail(f"{path} and its copy at {uri} are not the same")


def message(found: list[Entry]) -> str:
    """Files and folders as one short text; "" where they are too many or too large."""
    if sum(size for _, kind, _, size in found if kind == "file") > SMALL:
        return ""
    held = []
    for path, kind, mode, size in found:
        data = b""
        if kind == "file":
            with open(path, "rb") as file:
                data = file.read()
        held.append([path, kind, mode, size, base64.b64encode(data).decode()])
    packed = base64.b64encode(zlib.compress(json.dumps(held).encode(), 9)).decode()
    return packed if len(packed) <= LONGEST_MESSAGE else ""


def take(stage: Stage) -> None:
    """Receive files from standard input; what came before a break is told first, so that it need not come again."""
    done = text(RECEIVED).splitlines() if os.path.exists(RECEIVED) else []
    part = text(PART + ".path") if os.path.exists(PART) else ""
    say({"done": done, "part": part, "size": os.path.getsize(PART) if part else 0})
    for head in iter(hear, {"end": True}):
        path = inside(stage, head["path"])
        if head["kind"] == "folder":
            os.makedirs(path, exist_ok=True)
            continue
        with open(PART + ".path", "w") as file:
            file.write(head["path"])
        if not receive(head):
            say({"error": f"{head['path']} was damaged on its way"})
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.chmod(PART, 0o755 if head["mode"] & 0o100 else 0o644)
        os.replace(PART, path)
        with open(RECEIVED, "a") as file:
            file.write(head["path"] + "\n")
    open(SENT, "w").close()
    say({"ok": True})


def receive(head: Stage) -> bool:
    """Receive one file into PART; whether its checksum is right."""
    digest, left = hashlib.sha256(), head["size"] - head["offset"]
    if head["offset"]:
        with open(PART, "rb") as file:
            for chunk in iter(lambda: file.read(CHUNK), b""):
                digest.update(chunk)
    with open(PART, "r+b" if head["offset"] else "wb") as file:
        file.seek(head["offset"])
        while left:
            chunk = sys.stdin.buffer.read(min(left, CHUNK))
            if not chunk:
                raise SystemExit(FAILED)  # the connection broke: the next one goes on
            file.write(chunk)
            digest.update(chunk)
            left -= len(chunk)
        file.truncate()
    if hear()["digest"] == digest.hexdigest():
        return True
    os.remove(PART)
    return False


def give(stage: Stage) -> None:
    """Send the outputs to standard output, but for what the other side has; they are stored once it says so."""
    known = hear()
    for path, kind, mode, size in entries(stage):
        if path in known["done"]:
            continue
        offset = known["size"] if path == known["part"] and known["size"] <= size else 0
        say({"path": path, "kind": kind, "mode": mode, "size": size, "offset": offset})
        if kind == "file":
            send(path, size, offset)
    say({"end": True})
    if hear().get("stored"):
        open(STORED, "w").close()


def send(path: str, size: int, offset: int) -> None:
    digest, position = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while position < size:
            chunk = file.read(min(CHUNK, size - position))
            if not chunk:
                fail(f"{path} became shorter while it was read")
            digest.update(chunk)
            position += len(chunk)
            if position > offset:
                sys.stdout.buffer.write(chunk[max(0, len(chunk) - (position - offset)) :])
    say({"digest": digest.hexdigest()})


def entries(stage: Stage) -> Iterator[Entry]:
    """What main wrote, as (path, kind, mode, size); a link that leads out of the roots is not followed."""
    seen: set[str] = set()
    for output in stage["outputs"]:
        yield from below(stage, output, seen)


def below(stage: Stage, path: str, seen: set[str]) -> Iterator[Entry]:
    real = os.path.realpath(path)
    if path in seen or not any(real == root or real.startswith(root + "/") for root, _ in stage["roots"]):
        return
    seen.add(path)
    if os.path.isdir(path):
        if os.path.islink(path) and path.startswith(real + "/"):
            return
        yield path, "folder", 0o755, 0
        for name in sorted(os.listdir(path)):
            yield from below(stage, os.path.join(path, name), seen)
    elif os.path.isfile(path):
        about = os.stat(path)
        yield path, "file", about.st_mode & 0o777, about.st_size


def inside(stage: Stage, path: str) -> str:
    """Where a path of main lies below the base."""
    for root, name in stage["roots"]:
        if path == root or path.startswith(root + "/"):
            return os.path.join(BASE, name) + path[len(root) :]
    raise fail(f"{path} is outside of what the pod shares")


def text(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def resolves(host: str) -> bool:
    try:
        return bool(socket.getaddrinfo(host, None))
    except OSError:
        return False


def until(test: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            return False
        time.sleep(PAUSE_S)
    return True


def say(what: Stage) -> None:
    sys.stdout.buffer.write(json.dumps(what).encode() + b"\n")
    sys.stdout.buffer.flush()


def hear() -> Stage:
    """The next line from the other side."""
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        raise SystemExit(FAILED)
    said: Stage = json.loads(line)
    return said


def tell(text: str) -> None:
    with open(MESSAGE, "w") as file:
        file.write(text)


def fail(text: str, status: int = FAILED) -> NoReturn:
    tell(text)
    sys.stderr.write(text + "\n")
    raise SystemExit(status)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(os.environ["KFLITE_STAGE"]))
