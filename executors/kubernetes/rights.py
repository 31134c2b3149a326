"""What the executor must be allowed in its namespace, and what of that a cluster refuses.

Nothing is asked of the whole cluster, and no secret is read: pods name them. Source:
https://kubernetes.io/docs/reference/access-authn-authz/authorization/
"""

from __future__ import annotations

import asyncio
from typing import cast

from kflite.core.value import Value
from kflite.executors.kubernetes.api import Api

RIGHTS: dict[str, tuple[str, ...]] = {
    "pods": ("create", "get", "list", "watch", "delete"),
    "pods/log": ("get",),
    "pods/exec": ("create", "get"),  # newer servers ask for the one, older ones for the other
    "events": ("list", "watch"),  # what keeps a pod waiting, where its state does not tell
    "services": ("create", "delete"),
    "configmaps": ("create", "get", "list", "delete"),  # listed to find what dead schedulers left
    "persistentvolumeclaims": ("create", "get", "delete"),
}
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def rules() -> list[Value]:
    """The rules of a role that allows it all."""
    by_verbs: dict[tuple[str, ...], list[Value]] = {}
    for resource, verbs in RIGHTS.items():
        by_verbs.setdefault(verbs, []).append(resource)
    return [{"apiGroups": [""], "resources": resources, "verbs": [*verbs]} for verbs, resources in by_verbs.items()]


async def refused(api: Api) -> list[str]:
    """The rights that we lack, as `delete pods`. Raises Refused, Gone."""
    asked = [(verb, resource) for resource, verbs in RIGHTS.items() for verb in verbs]
    allowed = await asyncio.gather(*(_allowed(api, verb, resource) for verb, resource in asked))
    return [f"{verb} {resource}" for (verb, resource), yes in zip(asked, allowed, strict=True) if not yes]


async def _allowed(api: Api, verb: str, resource: str) -> bool:
    kind, _, part = resource.partition("/")
    attributes: dict[str, Value] = {"namespace": api.access.namespace, "verb": verb, "resource": kind, "subresource": part}
    body: dict[str, Value] = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    found = cast("dict[str, dict[str, bool]]", await api.call("POST", _REVIEWS, body))
    return found["status"]["allowed"]
