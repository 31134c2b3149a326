"""Mounts that only one process and its children see, in a mount namespace of its own, on Linux.

A mount point that does not exist is made in a folder of the user's; elsewhere the folder above it is shown with the mount point
added, so that nothing of the machine is changed (bubblewrap's manner). Standard library only; the zygote loads it by path.
"""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctypes import CDLL
    from typing import NoReturn

    from kflite.executors.process.message import ProcessMount

# From linux/sched.h, linux/mount.h, linux/prctl.h and linux/capability.h.
_NEW_MOUNTS, _NEW_USER = 0x20000, 0x10000000
_READ_ONLY, _NO_SUID, _NO_DEVICES, _REMOUNT, _BIND, _MOVE, _ALL_BELOW, _PRIVATE = 1, 2, 4, 32, 4096, 8192, 16384, 1 << 18
_DETACH = 2
_DUMPABLE = 4
_CAPABILITIES_V3 = 0x20080522


class Forbidden(Exception):
    """The machine does not let this process have mounts of its own."""


def enter(mounts: list[ProcessMount], scratch: str) -> None:
    """Mount for this process, parents first. scratch: a folder for temporary files.

    Raises Forbidden, and OSError for a mount that fails.
    """
    libc = _libc()
    try:
        unprivileged = _namespace(libc)
        _mount(libc, "", "/", "", _ALL_BELOW | _PRIVATE)
    except PermissionError as error:
        raise Forbidden from error
    own: list[str] = []
    mirrors: list[str] = []
    for mount in mounts:
        _point(libc, mount, scratch, own, mirrors)
        _show(libc, mount)
        own.append(mount["path"])
    for path in (*mirrors, *(mount["path"] for mount in mounts if "files" in mount)):  # what a mirror took would be lost
        _mount(libc, "tmpfs", path, "tmpfs", _REMOUNT | _READ_ONLY | _NO_SUID | _NO_DEVICES)
    if unprivileged:
        _drop(libc)


def _libc() -> CDLL:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    libc.mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p]
    return libc


def _fail(path: str) -> NoReturn:
    import ctypes

    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number), path)


def _namespace(libc: CDLL) -> bool:
    """Enter a new mount namespace; returns whether that took a user namespace."""
    if not libc.unshare(_NEW_MOUNTS):
        return False
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(_NEW_USER | _NEW_MOUNTS):
        raise Forbidden
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    return True


def _drop(libc: CDLL) -> None:
    """Drop the capabilities of the user namespace, and let the zygote see the process as before."""
    import ctypes

    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_V3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if libc.capset(header, nothing):
        _fail("capset")
    libc.prctl(_DUMPABLE, 1, 0, 0, 0)


def _mount(libc: CDLL, source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    if libc.mount(os.fsencode(source), os.fsencode(target), os.fsencode(kind), flags, os.fsencode(options)):
        _fail(target)


def _show(libc: CDLL, mount: ProcessMount) -> None:
    path = mount["path"]
    if "source" in mount:
        _mount(libc, mount["source"], path, "", _BIND | _ALL_BELOW)
        return
    from base64 import b64decode  # few tasks need it

    size = f",size={mount['size']}" if mount.get("size") else ""
    _mount(libc, "tmpfs", path, "tmpfs", _NO_SUID | _NO_DEVICES, f"mode=0700{size}")
    for name, content in mount.get("files", {}).items():
        with open(os.open(f"{path}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(b64decode(content))


def _point(libc: CDLL, mount: ProcessMount, scratch: str, own: list[str], mirrors: list[str]) -> None:
    """Make the path a possible mount point. mirrors: collects a folder that becomes a mirror."""
    path = mount["path"]
    if os.path.exists(path):
        return
    above = os.path.dirname(path)
    while not os.path.isdir(above):
        above = os.path.dirname(above)
    if above not in mirrors and not _may_make(above, own):
        _mirror(libc, above, scratch)
        mirrors.append(above)
    _make(path, os.path.isfile(mount.get("source", "")))


def _may_make(folder: str, own: list[str]) -> bool:
    """Whether a mount point may stay there: in the user's own folders, in shared ones, and in what was just mounted."""
    real, home = os.path.realpath(folder), os.path.realpath(os.path.expanduser("~"))
    if real == "/" or not os.access(real, os.W_OK):
        return False
    if any(f"{real}/".startswith(f"{parent}/") for parent in (*map(os.path.realpath, own), home) if parent != "/"):
        return True
    return os.getuid() != 0 or bool(os.stat(real).st_mode & stat.S_ISVTX)


def _make(path: str, file: bool) -> None:
    if file:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.close(os.open(path, os.O_CREAT, 0o600))
    else:
        os.makedirs(path, exist_ok=True)


def _mirror(libc: CDLL, folder: str, scratch: str) -> None:
    """Replace this folder by one with the same content, in which mount points can be created."""
    new = f"{scratch}/{folder.replace('/', '_')}"
    os.makedirs(new, exist_ok=True)
    _mount(libc, "tmpfs", new, "tmpfs", _NO_SUID | _NO_DEVICES, "mode=0755")
    for entry in os.scandir(folder):
        target = f"{new}/{entry.name}"
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), target)
            continue
        _make(target, not entry.is_dir(follow_symlinks=False))
        _mount(libc, entry.path, target, "", _BIND | _ALL_BELOW)
    if folder == "/":
        _become_root(libc, new)
    else:
        _mount(libc, new, folder, "", _MOVE)


def _become_root(libc: CDLL, new: str) -> None:
    os.chdir(new)
    if libc.pivot_root(b".", b".") or libc.umount2(b".", _DETACH):
        _fail("/")
    os.chdir("/")
