"""Builds images for clusters: a Python image with packages that this machine's pip installs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from kflite import __version__
from kflite.errors import ExecutorError

if TYPE_CHECKING:
    from kflite.config import Settings

_CONTAINERFILE = Path(__file__).parent / "Containerfile"
_STAGING = ("fsspec", "s3fs")
_EXTRAS = ("s3", "postgres")
_PLATFORM_PROBE = (
    "import platform, sys; print(f'{sys.version_info[0]}.{sys.version_info[1]}', platform.machine(), platform.libc_ver()[0])"
)
_TAGS = {"glibc": ("manylinux2014", "manylinux_2_17", "manylinux_2_27", "manylinux_2_28"), "": ("musllinux_1_1", "musllinux_1_2")}


def build(settings: Settings, purpose: str, name: str, base: str) -> str:
    """Build the image; returns its name. purpose: "staging", or "all" for one with kflite in it; base: "" for the staging image.

    pip runs here, for the image's Python: its index, proxies and certificates are this machine's. Blocks. Raises ExecutorError.
    """
    from kflite.executors.images import ImageMap

    base = ImageMap(settings.images).image(base or settings.kubernetes.staging_image)
    name = name or f"kflite/{purpose}:{__version__}"
    with TemporaryDirectory() as folder:
        packages = Path(folder, "packages")
        install(packages, base, _STAGING if purpose == "staging" else _needed())
        if purpose != "staging":
            shutil.copytree(Path(__file__).parents[1], packages / "kflite", ignore=shutil.ignore_patterns("__pycache__"))
        _run("docker", "build", "--quiet", "--file", str(_CONTAINERFILE), "--build-arg", f"BASE={base}", "--tag", name, folder)
    return name


def install(target: Path, base: str, packages: tuple[str, ...]) -> None:
    """Install packages, or other arguments of pip, for the Python of the image `base`. Raises ExecutorError."""
    version, machine, *libc = _run("docker", "run", "--rm", base, "python3", "-c", _PLATFORM_PROBE).split()
    tags = _TAGS["glibc" if "glibc" in libc else ""]
    kinds = [word for tag in tags for word in ("--platform", f"{tag}_{machine}")]
    options = ["--quiet", "--disable-pip-version-check", "--only-binary=:all:", "--python-version", version, *kinds]
    _run(sys.executable, "-m", "pip", "install", "--target", str(target), *options, *packages)


def _needed() -> tuple[str, ...]:
    """kflite's requirements, with the extras that a scheduler in a cluster uses."""
    from packaging.requirements import Requirement

    try:
        requirements = [Requirement(text) for text in requires("kflite") or ()]
    except PackageNotFoundError:
        raise ExecutorError("pip install kflite first: what it needs is not known here", "BuildFailed") from None
    needed = [
        need for need in requirements if not need.marker or any(need.marker.evaluate({"extra": extra}) for extra in _EXTRAS)
    ]
    return tuple(str(need).partition(";")[0].strip() for need in needed)


def _run(*command: str) -> str:
    try:
        completed = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ExecutorError(f"{command[0]} is not installed here, which builds the image", "NoDocker") from None
    if completed.returncode:
        raise ExecutorError(f"{' '.join(command[:3])}: {completed.stderr.strip()[-500:]}", "BuildFailed")
    return completed.stdout
