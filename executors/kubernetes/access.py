"""Access to a cluster: address, certificates and credentials of a kubeconfig's context, or of a pod's own account.

The official client reads them: it knows every form that they take (files, inline data, plug-ins, tokens that expire).
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from kflite.core.frozen import dataclass
from kflite.errors import ExecutorError

if TYPE_CHECKING:
    from kubernetes.client import Configuration

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Access:
    """A cluster and the namespace to use. authorization: returns the header's value, "" for none, and may run a plug-in."""

    address: str
    context: str
    namespace: str
    tls: ssl.SSLContext | None
    server_name: str
    proxy: str
    authorization: Callable[[], str]


def access(context: str, namespace: str) -> Access:
    """Find the cluster. Blocks. Raises ExecutorError (NoCluster)."""
    configuration, context, found = _load(context)
    address = str(configuration.host).rstrip("/")
    return Access(
        address,
        context,
        namespace or found or "default",
        _tls(configuration) if address.startswith("https") else None,
        str(getattr(configuration, "tls_server_name", None) or ""),
        str(configuration.proxy or _proxy(address)),
        # Under which name the client keeps a token depends on its release, and on where the token comes from.
        lambda: str(configuration.auth_settings().get("BearerToken", {}).get("value") or ""),
    )


def split(text: str) -> tuple[str, str]:
    """Context and namespace of `CONTEXT/NAMESPACE`; a context's name may contain slashes, as those of AWS do."""
    if not text or text in _contexts():
        return text, ""
    context, _, namespace = text.rpartition("/") if "/" in text else (text, "", "")
    return context, namespace


def _files() -> str:
    """The kubeconfigs that the environment names now; the client would read the environment only when it is imported."""
    return os.environ.get("KUBECONFIG") or "~/.kube/config"


def _contexts() -> list[str]:
    from kubernetes import config

    try:
        return [str(context["name"]) for context in config.list_kube_config_contexts(_files())[0]]
    except config.ConfigException:
        return []


def _load(context: str) -> tuple[Configuration, str, str]:
    """The configuration, the context's name and its namespace."""
    from kubernetes import client, config

    configuration = client.Configuration()
    try:
        if not context and "KUBERNETES_SERVICE_HOST" in os.environ and "KUBECONFIG" not in os.environ:
            config.load_incluster_config(client_configuration=configuration)
            return configuration, "in cluster", _ACCOUNT.read_text() if _ACCOUNT.exists() else ""
        config.load_kube_config(_files(), context=context or None, client_configuration=configuration)
        contexts, active = config.list_kube_config_contexts(_files())
    except config.ConfigException as error:
        known = ", ".join(_contexts())
        hint = f"there is {known}" if known else "set KUBECONFIG, or use --on process"
        why = str(error).removeprefix("Invalid kube-config file. ").rstrip(".")
        raise ExecutorError(f"no Kubernetes cluster: {why}; {hint}", "NoCluster") from error
    chosen = next(each for each in contexts if each["name"] == context) if context else active
    return configuration, str(chosen["name"]), str(chosen["context"].get("namespace", ""))


def _tls(configuration: Configuration) -> ssl.SSLContext:
    tls = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    # Clusters' own authorities are not always as strict as OpenSSL's newest rules.
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if configuration.cert_file:
        tls.load_cert_chain(configuration.cert_file, configuration.key_file)
    if not configuration.verify_ssl:
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    return tls


def _proxy(address: str) -> str:
    """The proxy that this machine's environment names for the address."""
    host = urlsplit(address).hostname or ""
    if host in _LOOPBACK or proxy_bypass(host):
        return ""
    return getproxies().get(urlsplit(address).scheme, "")
