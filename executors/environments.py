"""Python environments for components that name packages: built once by content, reused by every task and every scheduler.

An environment sees the packages of the interpreter that it was made from, and its own before them.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from kflite.core.job import Python
from kflite.errors import ExecutorError

_LOCK_S = 0.1  # between two looks at a lock that another scheduler holds; building takes seconds
_LINES = 5  # of the installer's output that an error shows
_SITES = """
import importlib.util, json, site
sites = site.getsitepackages() + [site.getusersitepackages()] * bool(site.ENABLE_USER_SITE)
print(json.dumps([sites, bool(importlib.util.find_spec("pip"))]))
"""
_DONE = "complete"
# Runs a command that ends with whoever holds the other end of its standard input: an installer never outlives its scheduler.
_LEASHED = """
import os, subprocess, sys, threading
def end():
    os.read(0, 1)
    os.killpg(0, 9)
threading.Thread(target=end, daemon=True).start()
sys.exit(subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL))
"""
_LEASH = (sys.executable, "-I", "-S", "-c", _LEASHED)


class Environments:
    """Environments in `folder`, made with the interpreter `python`."""

    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        self._folder, self._python = folder, python
        self._building: dict[str, asyncio.Task[str]] = {}
        self._known: dict[Python, str] = {}

    async def python(self, needs: Python) -> str:
        """The interpreter that has the packages; builds an environment when there is none, which takes seconds.

        Raises ExecutorError, reason EnvironmentFailed, with the last lines of the installer.
        """
        content = replace(needs, code="", argv=())
        if content not in self._known:
            self._known[content] = await self._find(content)
        return self._known[content]

    async def _find(self, needs: Python) -> str:
        if self._python == sys.executable and all(map(satisfied, needs.packages)):
            return self._python
        key = self._key(needs)
        if (self._folder / key / _DONE).exists():
            return str(self._folder / key / "bin" / "python")
        if key not in self._building:
            self._building[key] = asyncio.create_task(self._build(key, needs))
            self._building[key].add_done_callback(lambda _: self._building.pop(key))
        return await asyncio.shield(self._building[key])

    async def close(self) -> None:
        """Stop building."""
        building = list(self._building.values())
        for task in building:
            task.cancel()
        await asyncio.gather(*building, return_exceptions=True)

    def _key(self, needs: Python) -> str:
        base = [self._python, os.path.realpath(self._python), list(sys.version_info[:3])]
        content = [sorted(needs.packages), needs.index_urls, needs.trusted_hosts, base]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    async def _build(self, key: str, needs: Python) -> str:
        folder, log = self._folder / key, self._folder / f"{key}.log"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        async with _locked(self._folder / f"{key}.lock"):
            if not (folder / _DONE).exists():
                log.touch(0o600)
                shutil.rmtree(folder, ignore_errors=True)
                log.unlink(missing_ok=True)
                await self._create(folder, log)
                await self._install(folder, log, needs)
                (folder / _DONE).touch()
        return str(folder / "bin" / "python")

    async def _create(self, folder: Path, log: Path) -> None:
        process = await asyncio.create_subprocess_exec(self._python, "-c", _SITES, stdout=asyncio.subprocess.PIPE)
        said, _ = await process.communicate()
        sites, has_pip = json.loads(said)
        options = ["--without-pip"] if has_pip or self._uv() else []
        await _must([self._python, "-m", "venv", *options, str(folder)], log, "a virtual environment cannot be made")
        _add_sites(folder, sites)

    def _uv(self) -> str | None:
        return shutil.which("uv", path=f"{Path(self._python).parent}{os.pathsep}{os.environ.get('PATH', '')}")

    async def _install(self, folder: Path, log: Path, needs: Python) -> None:
        python = str(folder / "bin" / "python")
        what = "cannot install " + " ".join(needs.packages)
        uv = self._uv()
        if uv and not await _run(_uv(uv, python, needs), log):
            return
        options = ["--quiet", "--disable-pip-version-check", "--no-input", *_places(needs, "--trusted-host")]
        await _must([python, "-m", "pip", "install", *options, "--", *needs.packages], log, what)


def satisfied(requirement: str) -> bool:
    """Whether this interpreter satisfies a requirement; False where that is not easy to see."""
    plain = re.fullmatch(r"\s*([A-Za-z0-9][\w.-]*)\s*(.*?)\s*", requirement)
    if not plain:
        return False
    from importlib import metadata  # 10 ms, and only components with packages need it

    try:
        version = metadata.version(plain[1])
    except metadata.PackageNotFoundError:
        return False
    return not plain[2] or _allowed(plain[2], version)


def _allowed(rest: str, version: str) -> bool:
    try:
        from packaging.specifiers import InvalidSpecifier, SpecifierSet
    except ImportError:
        return rest.removeprefix("==").strip() == version
    try:
        return SpecifierSet(rest).contains(version, prereleases=True)
    except InvalidSpecifier:
        return False


def _add_sites(folder: Path, sites: list[str]) -> None:
    """Let the environment search these folders after its own, with their .pth files, which a plain path would leave out."""
    own = next(folder.glob("lib/python*/site-packages"))
    lines = [f"import site; site.addsitedir({index!r})\n" for index in sites]
    (own / "_kflite_base.pth").write_text("".join(lines), "utf-8")


def _uv(uv: str, python: str, needs: Python) -> list[str]:
    options = ["--quiet", "--compile-bytecode", *_places(needs, "--allow-insecure-host")]
    if not needs.index_urls and "PIP_INDEX_URL" in os.environ:
        options += ["--index-url", os.environ["PIP_INDEX_URL"]]
    return [uv, "pip", "install", "--python", python, *options, "--", *needs.packages]


def _places(needs: Python, trust: str) -> list[str]:
    options = [("--extra-index-url" if index else "--index-url", url) for index, url in enumerate(needs.index_urls)]
    options += [(trust, host) for host in needs.trusted_hosts]
    return [word for option in options for word in option]


async def _must(command: Sequence[str], log: Path, what: str) -> None:
    if await _run(command, log):
        raise ExecutorError(f"{what}: correct packages_to_install or the index; see {log}{_last(log)}", "EnvironmentFailed")


def _last(log: Path) -> str:
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    return "".join(f"\n  {line}" for line in lines[-_LINES:])


async def _run(command: Sequence[str], log: Path) -> int:
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            *_LEASH, *command, stdin=asyncio.subprocess.PIPE, stdout=out, stderr=out, start_new_session=True
        )
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)


@asynccontextmanager
async def _locked(path: Path) -> AsyncIterator[None]:
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_LOCK_S)
        yield
