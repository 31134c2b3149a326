"""The lineage of artifacts: their sources and what was made from them, across runs, imports and cached results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from math import inf

from kflite.core.value import Artifact, Outputs, Value
from kflite.errors import NotFound
from kflite.runs.lookup import one_task
from kflite.store.base import ArtifactRow, Holding, Store, TaskRow

MOST_TASKS = 10_000  # that are followed
# So often a run's tasks are searched for what they read; then all of it is read at once, as a chain of tasks is long.
MOST_SEARCHES = 4
_EVERY = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """An artifact of the lineage. id: RUN/TASK/OUTPUT of its making, or its URI where no task made it.

    maker: (run, task) or None; given: ids of the imports of it, and of the runs that were given it, where no task made it.
    """

    id: str
    artifact: Artifact
    maker: tuple[str, str] | None = None
    given: tuple[str, ...] = ()


@dataclass(slots=True)
class Lineage:
    """A graph. start: the id of a piece, or RUN/TASK; tasks: by RUN/TASK; reads, makes: ids of pieces by RUN/TASK.

    before, after: what is above and below the start, in the order in which it was found; whole: whether nothing was left out.
    """

    start: str
    pieces: dict[str, Piece] = field(default_factory=dict)
    tasks: dict[str, TaskRow] = field(default_factory=dict)
    reads: dict[str, list[str]] = field(default_factory=dict)
    makes: dict[str, list[str]] = field(default_factory=dict)
    before: dict[str, None] = field(default_factory=dict)
    after: dict[str, None] = field(default_factory=dict)
    whole: bool = True

    def as_json(self) -> dict[str, Value]:
        """What `lineage --json` prints."""
        side = {**dict.fromkeys(self.after, "down"), **dict.fromkeys(self.before, "up"), self.start: "start"}
        pieces: list[Value] = [
            {"id": p.id, "side": side.get(p.id, "beside"), **p.artifact.as_json(), "given": list(p.given)}
            for p in self.pieces.values()
        ]
        tasks: list[Value] = [
            {
                "task": name,
                "side": side.get(name, "beside"),
                "component": row.title,
                "state": row.state.value,
                "reason": row.reason,
                "source": row.source,
                "reads": [*self.reads.get(name, ())],
                "makes": [*self.makes.get(name, ())],
            }
            for name, row in self.tasks.items()
        ]
        return {"start": self.start, "whole": self.whole, "artifacts": pieces, "tasks": tasks}


def trace(store: Store, start: str, up: bool = True, down: bool = True, most: int = MOST_TASKS) -> Lineage:
    """The lineage of an artifact (its id, or the path or URI of what lies outside) or of RUN/TASK. Raises NotFound."""
    return _Tracer(store, most).trace(start, up, down)


class _Tracer:
    """Follows the lineage level by level, each with a few queries."""

    def __init__(self, store: Store, most: int) -> None:
        self._store, self._most = store, most
        self._graph = Lineage("")
        self._known: dict[str, list[Holding]] = {}
        self._makings: dict[str, list[ArtifactRow]] = {}
        self._searches: Counter[str] = Counter()
        self._reading: dict[str, dict[str, list[str]]] = {}

    def trace(self, start: str, up: bool, down: bool) -> Lineage:
        piece, task = self._start(start)
        self._graph.start = piece.id if piece else _name(task) if task else start
        if up:
            self._up([task] if task else self._makers([piece] if piece else []))
        if down and task:
            made = self._made([task])
            self._graph.after |= dict.fromkeys(each.id for each in made)
            self._down(made)
        elif down and piece:
            self._down([piece])
        return self._graph

    def _start(self, text: str) -> tuple[Piece | None, TaskRow | None]:
        """The named piece or task."""
        if text.startswith("/") or "://" in text:
            self._look([text])
            if known := self._known[text]:
                return self._piece(known[-1].row.artifact, inf), None
        try:
            row = self._store.artifact(text)
        except NotFound:
            run, _, path = text.partition("/")
            if not path or "://" in text or not run:
                raise NotFound(f"there is no artifact {text!r}: give RUN/TASK/OUTPUT, RUN/TASK, a path or a URI") from None
            run = self._store.run(run).run
            tasks = self._store.tasks_at([(run, path)]) or [one_task(self._store.tasks(run), path, run)]
            self._graph.tasks[_name(tasks[0])] = tasks[0]
            return None, tasks[0]
        self._look([row.artifact.uri])
        return self._piece(row.artifact, row.created), None

    def _up(self, tasks: list[TaskRow]) -> None:
        graph = self._graph
        while tasks:
            self._look(a.uri for task in tasks for a in _inputs(task))
            reads = [(task, self._piece(artifact, task.queued)) for task in tasks for artifact in _inputs(task)]
            for task, piece in reads:
                _add(graph.reads, _name(task), piece.id)
            pieces = [piece for _, piece in reads]
            graph.before |= dict.fromkeys(piece.id for piece in pieces)
            tasks = self._makers(pieces)

    def _makers(self, pieces: Iterable[Piece]) -> list[TaskRow]:
        wanted = [piece.maker for piece in pieces if piece.maker and "/".join(piece.maker) not in self._graph.before]
        makers = self._new(self._store.tasks_at(wanted), self._graph.before)
        for piece in pieces:
            if piece.maker:
                _add(self._graph.makes, "/".join(piece.maker), piece.id)
        return makers

    def _down(self, pieces: list[Piece]) -> None:
        while pieces:
            tasks = self._readers(pieces)
            pieces = [piece for piece in self._made(tasks) if piece.id not in self._graph.after]
            self._graph.after |= dict.fromkeys(piece.id for piece in pieces)

    def _readers(self, pieces: list[Piece]) -> list[TaskRow]:
        """The tasks that read the pieces, in whichever run holds them."""
        store, uris = self._store, list(dict.fromkeys(piece.artifact.uri for piece in pieces))
        self._look(uris)
        runs = {holding.row.run for uri in uris for holding in self._known[uri]}
        runs |= store.cache_users({piece.maker[0] for piece in pieces if piece.maker}, uris)
        new = (task for task in self._places(sorted(runs), uris) if "/".join(task) not in self._graph.after)
        tasks = store.tasks_at(islice(new, self._room + 1))
        self._look(a.uri for task in tasks for a in _inputs(task))
        wanted, reading = {piece.id for piece in pieces}, list[TaskRow]()
        for task in tasks:
            read = [self._piece(artifact, task.queued).id for artifact in _inputs(task)]
            if not wanted.isdisjoint(read):
                reading.append(task)
                self._graph.reads[_name(task)] = list(dict.fromkeys(read))
        return self._new(reading, self._graph.after)

    def _places(self, runs: list[str], uris: list[str]) -> Iterator[tuple[str, str]]:
        """(run, task) of tasks that read one of the URIs."""
        often = [run for run in runs if self._searches[run] >= MOST_SEARCHES]
        self._searches.update(runs)
        for run in often:
            if run not in self._reading:
                reading = self._reading[run] = {}
                for _, task, read in self._store.readers([run], (), _EVERY):
                    for uri in read:
                        reading.setdefault(uri, []).append(task)
            yield from dict.fromkeys((run, task) for uri in uris for task in self._reading[run].get(uri, ()))
        seldom = [run for run in runs if self._searches[run] <= MOST_SEARCHES]
        room = self._room + len(self._graph.after) + 1
        yield from ((run, task) for run, task, _ in self._store.readers(seldom, uris, room))

    @property
    def _room(self) -> int:
        return max(self._most - len(self._graph.tasks), 0)

    def _made(self, tasks: list[TaskRow]) -> list[Piece]:
        self._look(a.uri for task in tasks for a in _outputs(task))
        made = [(task, self._piece(artifact, task.ended or inf)) for task in tasks for artifact in _outputs(task)]
        for task, piece in made:
            _add(self._graph.makes, _name(task), piece.id)
        return [piece for _, piece in made]

    def _new(self, tasks: Iterable[TaskRow], side: dict[str, None]) -> list[TaskRow]:
        """Tasks that are new on this side, within the limit."""
        fresh = [task for task in tasks if _name(task) not in side]
        room = self._room
        self._graph.whole = self._graph.whole and len(fresh) <= room
        for task in fresh[:room]:
            side[_name(task)] = None
            self._graph.tasks[_name(task)] = task
        return fresh[:room]

    def _look(self, uris: Iterable[str]) -> None:
        """Look up who made, imported or was given the artifacts at the URIs."""
        new = [uri for uri in dict.fromkeys(uris) if uri not in self._known]
        self._known |= {uri: [] for uri in new}
        for holding in self._store.artifacts_at(new):
            self._known[holding.row.artifact.uri].append(holding)
            if holding.how == "made":
                self._makings.setdefault(holding.row.artifact.uri, []).append(holding.row)

    def _piece(self, artifact: Artifact, at: float) -> Piece:
        """The artifact as it was at the URI at a time: what the latest task before then made of it."""
        made = [row for row in self._makings.get(artifact.uri, ()) if _same(row.artifact, artifact)]
        row = next((row for row in reversed(made) if row.created <= at), made[0] if made else None)
        pieces, id = self._graph.pieces, row.id if row else artifact.uri
        if id not in pieces and row:
            pieces[id] = Piece(id, row.artifact, (row.run, row.task))
        elif id not in pieces:
            pieces[id] = Piece(id, artifact, None, tuple(h.row.id for h in self._known[artifact.uri]))
        return pieces[id]


def _same(one: Artifact, other: Artifact) -> bool:
    return one.digest == other.digest or not one.digest or not other.digest


def _name(task: TaskRow) -> str:
    return f"{task.run}/{task.task}"


def _add(to: dict[str, list[str]], key: str, value: str) -> None:
    values = to.setdefault(key, [])
    if value not in values:
        values.append(value)


def _inputs(task: TaskRow) -> Iterator[Artifact]:
    return _held(task.inputs)


def _outputs(task: TaskRow) -> Iterator[Artifact]:
    return _held(task.artifacts)


def _held(groups: Mapping[str, Value]) -> Iterator[Artifact]:
    return (one for group in Outputs.from_json({"artifacts": dict(groups)}).artifacts.values() for one in group)
