"""What a queue of Kueue does to the pods of a namespace, as its documents tell: each is held by a gate until it is let in.

Kueue itself is not here: its web hook and its controller are played. Source: https://kueue.sigs.k8s.io/docs/tasks/run/plain_pods
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from contract.kube import PATIENCE_S, Space, kubectl

QUEUE, GROUP, COUNT = (f"kueue.x-k8s.io/{word}" for word in ("queue-name", "pod-group-name", "pod-group-total-count"))
_GATE = {"name": "kueue.x-k8s.io/admission"}


class Queue:
    """The pods of a namespace that ask for a queue."""

    def __init__(self, space: Space) -> None:
        self._space = space

    async def whole(self) -> list[dict[str, Any]]:
        """The pods of a group, once all are there and wait for nothing but the queue."""
        async with asyncio.timeout(PATIENCE_S):
            while not _whole(found := await asyncio.to_thread(self._pods)):
                pass
        return found

    def admit(self, pods: list[dict[str, Any]]) -> None:
        """Let them in."""
        for pod in pods:
            change = json.dumps([{"op": "remove", "path": "/spec/schedulingGates"}])
            self._space.kubectl("patch", "pod", pod["metadata"]["name"], "--type=json", "-p", change)

    def _pods(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self._space.kubectl("get", "pods", "-l", QUEUE, "-o", "json"))["items"]
        return found


def _whole(pods: list[dict[str, Any]]) -> bool:
    gated = [any(each.get("reason") == "SchedulingGated" for each in pod["status"].get("conditions", ())) for pod in pods]
    return bool(pods) and all(gated) and len(pods) == int(pods[0]["metadata"]["annotations"].get(COUNT, "1"))


@contextmanager
def queue(space: Space, folder: Path) -> Iterator[Queue]:
    """A queue for the namespace; the API server must reach this machine at its loopback."""
    certificate, key = folder / "hook.pem", folder / "hook.key"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hook"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*words, *names], check=True, capture_output=True)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hook) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        kubectl("create", "-f", "-", given=json.dumps(_registration(space, port, certificate.read_bytes())))
        try:
            yield Queue(space)
        finally:
            kubectl("delete", "mutatingwebhookconfiguration", space.name)
            server.shutdown()


def _registration(space: Space, port: int, certificate: bytes) -> dict[str, Any]:
    client = {"url": f"https://127.0.0.1:{port}/", "caBundle": base64.b64encode(certificate).decode()}
    hook = {
        "name": "hook.kflite.dev",
        "clientConfig": client,
        "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": space.name}},
        "objectSelector": {"matchExpressions": [{"key": QUEUE, "operator": "Exists"}]},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    about = {"name": space.name}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": about,
        "webhooks": [hook],
    }


class _Hook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        patch = base64.b64encode(json.dumps([{"op": "add", "path": "/spec/schedulingGates", "value": [_GATE]}]).encode())
        answer = {"uid": asked["request"]["uid"], "allowed": True, "patchType": "JSONPatch", "patch": patch.decode()}
        body = json.dumps({"apiVersion": asked["apiVersion"], "kind": asked["kind"], "response": answer}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass
