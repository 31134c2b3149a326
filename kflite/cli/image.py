"""`kflite image`: images for clusters."""

from __future__ import annotations

import click

from kflite.cli.common import CliContext, out


@click.group()
def image() -> None:
    """Images for clusters."""


@image.command()
@click.option("--for", "purpose", type=click.Choice(["all", "staging"]), default="all", help="staging: without kflite itself.")
@click.option("--name", default="", help="Its name; kflite/PURPOSE:VERSION if not given.")
@click.option("--base", default="", help="An image with Python to make it from; the staging image of the settings if not given.")
@click.pass_obj
def build(context: CliContext, purpose: str, name: str, base: str) -> None:
    """Build an image with Docker, and print its name.

    It copies artifacts between pods and S3, and, but for staging, runs a scheduler in the cluster. Push it to where the cluster
    pulls from.
    """
    from kflite.images.cluster_image import build

    out().line(build(context.settings, purpose, name, base))
