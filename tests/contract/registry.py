"""A registry of images on this machine, with one image in it: a layer with a text, and no program."""

from __future__ import annotations

import io
import json
import tarfile
import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

_DOCKER = "application/vnd.docker"
_MANIFEST = f"{_DOCKER}.distribution.manifest.v2+json"


def _digest(blob: bytes) -> str:
    return f"sha256:{sha256(blob).hexdigest()}"


def _layer() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("text"))
    return file.getvalue()


def _blob(kind: str, blob: bytes) -> dict[str, object]:
    return {"mediaType": f"{_DOCKER}.{kind}", "size": len(blob), "digest": _digest(blob)}


class Registry:
    """Serves `image` while in its context."""

    def __init__(self) -> None:
        layer = _layer()
        config = json.dumps(
            {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]}}
        ).encode()
        about = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _blob("container.image.v1+json", config),
            "layers": [_blob("image.rootfs.diff.tar", layer)],
        }
        manifest = json.dumps(about).encode()
        self.digest = _digest(manifest)
        blobs = {_digest(blob): blob for blob in (config, layer)}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(manifest, blobs))
        self.image = f"127.0.0.1:{self._server.server_address[1]}/kflite-test/empty:1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(manifest: bytes, blobs: dict[str, bytes]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            body = manifest if "/manifests/" in self.path else blobs.get(name, b"{}")
            self.send_response(200)
            self.send_header("Content-Type", _MANIFEST if body is manifest else "application/octet-stream")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Docker-Content-Digest", _digest(body))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
