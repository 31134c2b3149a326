"""`kflite image`: images for clusters."""

from __future__ import annotations

import click

from kflite.cli.common import CliContext, out


@click.group()
def image() -> None:
    """Images for clusters."""


@image.command()
@click.option(
    "--for",
    "purpose",
    type=click.Choice(["all", "staging"]),
    default="all",
    help="What the image is for; staging: without kflite.",
)
@click.option("--name", default="", help="The image's name; by default kflite/PURPOSE:VERSION.")
@click.option("--base", default="", help="A base image with Python; by default the staging image of the settings.")
@click.pass_obj
def build(context: CliContext, purpose: str, name: str, base: str) -> None:
    """Build an image with Docker, and print its name.

    The image copies artifacts between pods and S3 and, unless it is for staging only, runs a scheduler in the cluster. Push it
    to a registry that the cluster pulls from.
    """
    from kflite.images.cluster_image import build

    out().line(build(context.settings, purpose, name, base))
