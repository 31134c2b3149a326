"""`kflite deploy`: the manifests of a scheduler in a cluster."""

from __future__ import annotations

import sys

import click

from kflite.errors import InputError


@click.command()
@click.option("--image", default="", help="An image with kflite in it: kflite image build makes one.")
@click.option("--namespace", "-n", default="", help="The namespace of the scheduler and its pods; by default that of kubectl.")
@click.option("--secret", default="", metavar="NAME", help="A secret with KFLITE_STORE (postgresql://…) and more settings.")
@click.option(
    "--storage-secret", "storage", default="", metavar="NAME", help="A secret with the keys of s3:// (AWS_…), for tasks."
)
@click.option("--replicas", type=click.IntRange(min=1), default=1, help="Schedulers; more than one needs --secret.")
@click.option("--size", default="10Gi", help="The size of the volume that is used without --secret.")
@click.option("--rights", "only", is_flag=True, help="Print only the account and its rights, for a scheduler elsewhere.")
def deploy(image: str, namespace: str, secret: str, storage: str, replicas: int, size: str, only: bool) -> int:
    """Print the manifests of a scheduler that runs in a cluster, for `kubectl apply -f -`.

    The scheduler runs what `kflite run --submit --on kubernetes` leaves in its store, in its own namespace.
    """
    import yaml

    from kflite.engine.deployment import deployment, rights

    if not only and not image:
        raise InputError("--image is missing: name an image with kflite in it, which `kflite image build` makes")
    if replicas > 1 and not secret:
        raise InputError("--replicas: several schedulers need PostgreSQL; name a secret with KFLITE_STORE by --secret")
    documents = rights(namespace) if only else deployment(image, namespace, secret, storage, replicas, size)
    yaml.safe_dump_all(documents, sys.stdout, sort_keys=False)
    return 0
