"""Builds, checks and pushes an image of components with the `docker` command."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kflite.core.frozen import dataclass
from kflite.errors import ExecutorError
from kflite.images.cluster_image import install
from kflite.images.component_files import GENERATED, ImageSpec
from kflite.runtime.bootstrap import checker_text

if TYPE_CHECKING:
    from kflite.config import Settings

_LAST = 12  # lines of a command's output in its error
_NOBODY = "65534:65534"  # tasks run as any user, who must be able to read the code
_NO_ACCESS = re.compile("permission denied.*docker", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DockerCli:
    """The `docker` command. tell: receives each line of its output."""

    settings: Settings
    tell: Callable[[str], None]

    def build(self, spec: ImageSpec, platform: str) -> None:
        """Build the image. platform: "" for the daemon's. Raises ExecutorError."""
        from kflite.executors.images import ImageMap

        self._check_daemon()
        base = ImageMap(self.settings.images).image(spec.base)
        if spec.install_here:
            self._install(spec, base)
        words = ["--file", str(spec.dockerfile), "--build-arg", f"BASE_IMAGE={base}", "--tag", spec.target]
        try:
            self._run("build", *(["--platform", platform] if platform else []), *words, str(spec.folder))
        except ExecutorError as error:
            if not spec.requirements or spec.install_here or error.reason != "BuildFailed":
                raise
            raise ExecutorError(
                f"{error}; where it is pip, --pip here has this machine's install the packages", "BuildFailed"
            ) from None

    def check(self, spec: ImageSpec, platform: str) -> None:
        """Load each component in the image, as an unprivileged user. Raises ExecutorError."""
        names = json.dumps([[component.name, component.module] for component in spec.components])
        where = ["--platform", platform] if platform else []
        options = ["--rm", "--network", "none", "--user", _NOBODY, "--entrypoint", "python3", *where]
        output = self._run("run", *options, spec.target, "-c", checker_text(_ENTRY.read_text("utf-8")), names, quiet=True)
        try:
            problems = json.loads(output[-1])
        except (ValueError, IndexError):
            raise ExecutorError(f"{spec.target} was built, and nobody can tell what it holds: {output}", "BuildFailed") from None
        if problems:
            lines = "".join(f"\n  {name}: {text}" for name, text in problems.items())
            what = f"{spec.target} was built, and components cannot be loaded in it (--no-check leaves this out):{lines}"
            raise ExecutorError(f"{what}\n  {_remedy(' '.join(problems.values()))}", "BuildFailed")

    def push(self, spec: ImageSpec) -> None:
        """Push the image. Raises ExecutorError."""
        try:
            self._run("push", spec.target)
        except ExecutorError as error:
            remedy = "its registry is the first part of its name, and `docker login` may be needed"
            raise ExecutorError(f"{spec.target} was built, and not pushed: {error}; {remedy}", "PushFailed") from None

    def _install(self, spec: ImageSpec, base: str) -> None:
        packages = spec.folder / GENERATED / "packages"
        shutil.rmtree(packages, ignore_errors=True)
        if spec.requirements:
            files = [word for file in spec.requirements for word in ("-r", str(spec.folder / file))]
            install(packages, base, (*spec.pip_options, *files))

    def _check_daemon(self) -> None:
        """Raise ExecutorError if Docker is missing or does not answer."""
        try:
            self._run("version", "--format", "{{.Server.Version}}", quiet=True)
        except ExecutorError as error:
            if error.reason == "NoDocker":
                raise
            remedy = "start it, or give --no-build-image and build the folder elsewhere"
            if _NO_ACCESS.search(str(error)):
                remedy = "join its group (docker), or give --no-build-image and build the folder elsewhere"
            raise ExecutorError(f"no Docker daemon answers, which builds the image: {remedy} ({error})", "NoDocker") from None

    def _run(self, *words: str, quiet: bool = False) -> list[str]:
        """Run the command; return its output's lines. Raises ExecutorError."""
        host = {"DOCKER_HOST": self.settings.docker.address} if self.settings.docker.address else {}
        try:
            process = subprocess.Popen(
                ("docker", *words),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env={**os.environ, **host},
            )
        except FileNotFoundError:
            remedy = "install Docker, or give --no-build-image and build the folder elsewhere"
            raise ExecutorError(f"docker is not installed here, which builds the image: {remedy}", "NoDocker") from None
        lines: list[str] = []
        with process:
            for line in process.stdout or ():
                lines.append(line.rstrip())
                if not quiet:
                    self.tell(line.rstrip())
        if process.returncode:
            output = [line for line in lines if line][-_LAST if quiet else -1 :]
            raise ExecutorError(f"docker {words[0]} failed: " + "\n  ".join(output), "BuildFailed")
        return lines


def _remedy(problems: str) -> str:
    if "No module named" in problems:
        return "name what is missing in packages_to_install or requirements.txt; a folder's own modules may be in .dockerignore"
    if "Permission denied" in problems:
        return "let everyone read the files, as by chmod -R a+rX: a task runs as whoever starts it"
    return "make it work where python3 imports these files in the image, as one who is not root"


_ENTRY = Path(__file__).parent / "component_entry.py"
