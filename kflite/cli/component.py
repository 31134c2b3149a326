"""`kflite component`: images that hold the code of Python components."""

from __future__ import annotations

from pathlib import Path

import click

from kflite.cli.common import CliContext, out

_PATTERN = "Which files may have components; all Python files below FOLDER if not given."


@click.group()
def component() -> None:
    """Images that hold the code of Python components."""


@component.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--component-filepattern", "--pattern", "pattern", default="", metavar="GLOB", help=_PATTERN)
@click.option("--dry-run", is_flag=True, help="Print the Dockerfile; write and build nothing.")
@click.option("--overwrite-dockerfile", is_flag=True, help="Replace a Dockerfile of yours in FOLDER.")
@click.option("--build-image/--no-build-image", "builds", default=True, help="Build the image, or only write its files.")
@click.option("--check/--no-check", "checks", default=True, help="Load each component in the built image.")
@click.option("--push-image/--no-push-image", "--push/--no-push", "pushes", default=False, help="Push the image to its registry.")
@click.option(
    "--platform", default="", metavar="OS/ARCH", help="The image's platform, such as linux/amd64; by default Docker's own."
)
@click.option(
    "--pip",
    type=click.Choice(["image", "here"]),
    default="image",
    help="Which pip installs packages: the image's, or the one here.",
)
@click.option("--engine", type=click.Choice(["docker"]), default="docker", hidden=True)
@click.pass_obj
def build(
    context: CliContext,
    folder: Path,
    pattern: str,
    dry_run: bool,
    overwrite_dockerfile: bool,
    builds: bool,
    checks: bool,
    pushes: bool,
    platform: str,
    pip: str,
    engine: str,
) -> None:
    """Build the image of the components in FOLDER that have a target_image, and print its name.

    This writes a Dockerfile beside them, which begins with their base_image, installs requirements.txt and their
    packages_to_install, and copies FOLDER. A Dockerfile of yours is used unchanged. The image runs components of kflite and
    of kfp, even if neither is installed in it.
    """
    from kflite.images.component_build import DockerCli
    from kflite.images.component_files import ImageSpec, dockerfile, write
    from kflite.images.component_sources import PATTERN, components

    if pushes and not builds:
        raise click.UsageError("--push is of an image that is built: leave --no-build-image out")
    recipe = ImageSpec(folder, components(folder, pattern or PATTERN), pip == "here")
    if dry_run:
        return out().line(dockerfile(recipe).rstrip())
    write(recipe, overwrite_dockerfile, _tell)
    docker = DockerCli(context.settings, _tell)
    if builds:
        docker.build(recipe, platform)
    if builds and checks:
        docker.check(recipe, platform)
    if pushes:
        docker.push(recipe)
    return out().line(recipe.target)


def _tell(line: str) -> None:
    click.echo(line, err=True)
