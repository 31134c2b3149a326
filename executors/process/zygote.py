"""Forks tasks from a warm, lean interpreter, looks after them, and outlives the scheduler that asked for them.

A process of its own, one per environment: standard library only, loaded by path with the environment's interpreter. It is told
what to do over a socket (a JSON object a line), tells ends the same way, and keeps them in the attempts' folders. When the
scheduler is gone it goes on until its tasks have ended; a later one reaches it through the socket that the attempts' claims name.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
import time
import typing  # noqa: F401 - most components reach it; loaded here, it costs each of them nothing

from kflite.executors import attempt_folder
from kflite.executors.gang import End
from kflite.executors.process import child
from kflite.executors.process.attempt import Process, ZygoteAttempt, end_of
from kflite.executors.process.process_tree import ProcessTree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kflite.executors.attempt_folder import Ending
    from kflite.executors.process.message import News, Order, StartMessage

PEER_GRACE_S = 10.0  # from SIGTERM to SIGKILL for the replicas of a gang in which one failed
_CLOSING_S = 5.0  # how long the end of a group that was killed is waited for; only a process stuck in the kernel takes longer
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes


class Peer:
    """The other end of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection, self.rest = connection, b""

    def receive(self) -> list[Order] | None:
        """The requests, None when the other end is gone."""
        try:
            data = self.connection.recv(1 << 18)
        except OSError:
            data = b""
        if not data:
            return None
        *lines, self.rest = (self.rest + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def send(self, news: News) -> None:
        """Send a message, if the other end is still there; `receive` notices if it is gone."""
        try:
            self.connection.sendall(json.dumps(news).encode() + b"\n")
        except OSError:
            return


class Zygote:
    """The loop: it takes orders, forks, and reports ends."""

    def __init__(self, control: socket.socket, listener: socket.socket) -> None:
        self.owner = f"{os.getpid()} {attempt_folder.born(os.getpid())} {listener.getsockname()}"
        self.control, self.listener = control.fileno(), listener
        self.peers = {self.control: Peer(control)}
        self.attempts: dict[str, ZygoteAttempt] = {}
        self.by_pid: dict[int, tuple[ZygoteAttempt, Process]] = {}
        self.programs: dict[str, child.Program] = {}
        self.tree = ProcessTree()
        self.told: dict[int, tuple[str, str]] = {}
        self.notes, self.note_end = os.pipe()
        self.wake, self.wake_end = os.pipe()
        for descriptor in (self.notes, self.wake, self.wake_end):
            os.set_blocking(descriptor, False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self.wake_end, warn_on_full_buffer=False)
        self.poller = select.poll()
        for readable in (self.control, listener.fileno(), self.wake):
            self.poller.register(readable, select.POLLIN)

    def serve(self) -> None:
        """Run until the scheduler is gone and every attempt has ended."""
        while self.control in self.peers or self.attempts:
            for descriptor, _ in self.poller.poll(self._timeout_ms()):
                if descriptor == self.wake:
                    self._reap()
                elif descriptor == self.listener.fileno():
                    self._accept()
                else:
                    self._read(descriptor)
            self._keep_deadlines()
        self.tree.end()

    def _timeout_ms(self) -> float | None:
        times = [t for a in self.attempts.values() for t in (a.kill_at, a.closing_until) if t is not None]
        return max(0.0, (min(times) - time.monotonic()) * 1000 + 1) if times else None

    def _keep_deadlines(self) -> None:
        now = time.monotonic()
        for running in list(self.attempts.values()):
            if running.kill_at is not None and running.kill_at <= now:
                running.kill_at = None
                running.signal(signal.SIGKILL)
            if running.closing_until is not None:
                self._close(running, now)

    def _accept(self) -> None:
        connection, _ = self.listener.accept()
        self.peers[connection.fileno()] = Peer(connection)
        self.poller.register(connection.fileno(), select.POLLIN)

    def _read(self, descriptor: int) -> None:
        peer = self.peers[descriptor]
        orders = peer.receive()
        for order in orders or ():
            self._obey(peer, order)
        if orders is None:
            self.poller.unregister(descriptor)
            del self.peers[descriptor]
            peer.connection.close()

    def _obey(self, peer: Peer, order: Order) -> None:
        if "start" in order:
            self._start(peer, order)
        elif "code" in order:
            self.programs[order["code"]] = child.Program(order["definitions"], order["text"])
            self.tree.slim()
            gc.freeze()
        elif "stop" in order:
            if running := self.attempts.get(order["stop"]):
                running.stopped = True
                running.stop(order["grace_s"])
        elif running := self.attempts.get(order["follow"]):
            running.followers.append(peer)
        else:
            peer.send({"elsewhere": order["follow"]})

    def _start(self, peer: Peer, start: StartMessage) -> None:
        if running := self.attempts.get(start["start"]):
            running.followers.append(peer)
            return
        running = self.attempts[start["start"]] = ZygoteAttempt(start, peer)
        owner = self.owner
        try:
            if len(start["replicas"]) > 1:  # all or none: nothing is forked before the attempt is ours
                child.prepare(start, owner)
                owner = ""
            for rank in range(len(start["replicas"])):
                self._fork(running, start, rank, owner)
        except FileExistsError:
            running.foreign = True
        except OSError as error:
            unborn = running.replicas[len(running.processes)]
            running.add(End(unborn, -1, "StartFailed", f"cannot start: {error}", lost=True))
            running.stop(0.0)
        if not running.living:
            self._finish(running)

    def _fork(self, running: ZygoteAttempt, start: StartMessage, rank: int, owner: str) -> None:
        replica = start["replicas"][rank]
        program = self.programs[replica["code"]] if "code" in replica else None
        pid = os.fork()
        if not pid:
            ours = [self.notes, self.wake, self.wake_end, self.listener.fileno()]
            others = [*ours, *self.peers, *self.tree.descriptors]
            child.become(start, rank, program, owner, self.note_end, others)
        process = Process(pid, running.replicas[rank], replica["log"], replica["memory"])
        running.processes.append(process)
        self.by_pid[pid] = (running, process)

    def _reap(self) -> None:
        os.read(self.wake, 4096)
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if not pid:
                break
            if pid in self.by_pid:
                self._ended(pid, os.waitstatus_to_exitcode(status), usage.ru_maxrss * _RSS_UNIT)
        self.tree.kill_strays(self.by_pid, [ref for ref, running in self.attempts.items() if running.living])

    def _ended(self, pid: int, code: int, peak: int) -> None:
        running, process = self.by_pid.pop(pid)
        process.leaves_group = self.tree.kill_group(pid)
        note = self._note(pid) if code else ("", "")
        running.foreign = note[0] == "Claimed"
        process.ended = True
        if running.add(end_of(running, process, code, peak, note)):
            running.stop(PEER_GRACE_S)
        if not running.living:
            now = time.monotonic()
            running.kill_at, running.closing_until = None, now + _CLOSING_S
            self._close(running, now)

    def _note(self, pid: int) -> tuple[str, str]:
        try:
            for line in os.read(self.notes, 1 << 16).splitlines():
                author, reason, message = json.loads(line)
                self.told[author] = (reason, message)
        except BlockingIOError:
            pass
        return self.told.pop(pid, ("", ""))

    def _close(self, running: ZygoteAttempt, now: float) -> None:
        assert running.closing_until is not None
        for process in running.processes:
            process.leaves_group = process.leaves_group and self.tree.kill_group(process.pid)
        if now >= running.closing_until or not any(process.leaves_group for process in running.processes):
            self._finish(running)

    def _finish(self, running: ZygoteAttempt) -> None:
        del self.attempts[running.ref]
        news: News = {"elsewhere": running.ref}
        if not running.foreign:
            news = {"ended": running.ref, "ending": running.ending()}
            self._keep(running.ref, news["ending"])
        for follower in running.followers:
            if follower.connection.fileno() in self.peers:
                follower.send(news)

    def _keep(self, ref: str, ending: Ending) -> None:
        try:
            if ending["code"] and not attempt_folder.claimed(ref)[1]:  # it ended before it had claimed it
                os.makedirs(ref, exist_ok=True)
                attempt_folder.claim(ref, self.owner)
            attempt_folder.write_exit(ref, ending)
        except OSError as error:  # a full disk, say: followers hear of the end all the same
            sys.stderr.write(f"{ref}: its end cannot be kept: {error}\n")


def main(control: int, sockets: str) -> None:
    """Serve the scheduler at the other end of the descriptor `control`; our own socket is in the folder `sockets`."""
    os.umask(0o077)
    os.chdir("/")
    path = f"{sockets}/{os.getpid()}.sock"
    listener = socket.socket(socket.AF_UNIX)
    if os.path.lexists(path):
        os.unlink(path)
    listener.bind(path)
    listener.listen()
    zygote = Zygote(socket.socket(fileno=control), listener)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        zygote.serve()
    except BaseException:  # noqa: BLE001 - a bug; the file behind stderr tells of it
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os.unlink(path)
    _sweep(sockets)
    os._exit(0)


def _sweep(sockets: str) -> None:
    """Remove the sockets of killed zygotes."""
    for name in os.listdir(sockets):
        number, _, ending = name.partition(".")
        if ending == "sock" and number.isdigit() and not attempt_folder.born(int(number)):
            try:
                os.unlink(f"{sockets}/{name}")
            except FileNotFoundError:  # another was faster
                continue
