"""Building, checking and pushing an image of components, by Docker's own command."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kflite.errors import ExecutorError
from kflite.images.cluster_image import install
from kflite.images.component_files import OWN, Recipe
from kflite.runtime.bootstrap import checker

if TYPE_CHECKING:
    from kflite.config import Settings

_LAST = 12  # lines of a command's output that its error shows
_NOBODY = "65534:65534"  # tasks run as whoever starts them, so that anyone must be able to read the code
_NO_ACCESS = re.compile("permission denied.*docker", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Docker:
    """Docker's command. tell: gets each line of what it says."""

    settings: Settings
    tell: Callable[[str], None]

    def build(self, recipe: Recipe, platform: str) -> None:
        """Builds the image. platform: "" for that of the daemon. Raises ExecutorError."""
        from kflite.executors.images import ImageMap

        self._ask()
        base = ImageMap(self.settings.images).image(recipe.base)
        if recipe.here:
            self._install(recipe, base)
        words = ["--file", str(recipe.dockerfile), "--build-arg", f"BASE_IMAGE={base}", "--tag", recipe.target]
        try:
            self._run("build", *(["--platform", platform] if platform else []), *words, str(recipe.folder))
        except ExecutorError as error:
            if not recipe.requirements or recipe.here or error.reason != "BuildFailed":
                raise
            raise ExecutorError(
                f"{error}; where it is pip, --pip here has this machine's install the packages", "BuildFailed"
            ) from None

    def check(self, recipe: Recipe, platform: str) -> None:
        """Loads each component in the image, as whoever runs it. Raises ExecutorError."""
        each = json.dumps([[one.name, one.module] for one in recipe.components])
        where = ["--platform", platform] if platform else []
        options = ["--rm", "--network", "none", "--user", _NOBODY, "--entrypoint", "python3", *where]
        said = self._run("run", *options, recipe.target, "-c", checker(_INSIDE.read_text("utf-8")), each, quiet=True)
        try:
            wrong = json.loads(said[-1])
        except (ValueError, IndexError):
            raise ExecutorError(f"{recipe.target} was built, and nobody can tell what it holds: {said}", "BuildFailed") from None
        if wrong:
            lines = "".join(f"\n  {name}: {text}" for name, text in wrong.items())
            what = f"{recipe.target} was built, and components cannot be loaded in it (--no-check leaves this out):{lines}"
            raise ExecutorError(f"{what}\n  {_remedy(' '.join(wrong.values()))}", "BuildFailed")

    def push(self, recipe: Recipe) -> None:
        """Pushes the image. Raises ExecutorError."""
        try:
            self._run("push", recipe.target)
        except ExecutorError as error:
            remedy = "its registry is the first part of its name, and `docker login` may be needed"
            raise ExecutorError(f"{recipe.target} was built, and not pushed: {error}; {remedy}", "PushFailed") from None

    def _install(self, recipe: Recipe, base: str) -> None:
        packages = recipe.folder / OWN / "packages"
        shutil.rmtree(packages, ignore_errors=True)
        if recipe.requirements:
            files = [word for file in recipe.requirements for word in ("-r", str(recipe.folder / file))]
            install(packages, base, (*recipe.pip_options, *files))

    def _ask(self) -> None:
        """Raises ExecutorError where there is no Docker, or none that answers."""
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
        """Runs it; gives the lines that it wrote. Raises ExecutorError."""
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
            said = [line for line in lines if line][-_LAST if quiet else -1 :]
            raise ExecutorError(f"docker {words[0]} failed: " + "\n  ".join(said), "BuildFailed")
        return lines


def _remedy(wrong: str) -> str:
    if "No module named" in wrong:
        return "name what is missing in packages_to_install or requirements.txt; a folder's own modules may be in .dockerignore"
    if "Permission denied" in wrong:
        return "let everyone read the files, as by chmod -R a+rX: a task runs as whoever starts it"
    return "make it work where python3 imports these files in the image, as one who is not root"


_INSIDE = Path(__file__).parent / "component_entry.py"
