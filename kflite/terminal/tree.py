"""The tree of a run: chooses the rows that fit into the terminal, and formats them.

Pure. Long loops are folded to active and failed iterations, with a count of the others; the cost depends only on the rows shown,
so that a run of ten thousand tasks can be drawn ten times a second.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kflite.core.event_kind import State
from kflite.core.frozen import dataclass
from kflite.format import clean, duration
from kflite.runs.progress import RunProgress, TaskProgress, parent_of
from kflite.terminal.style import STYLES, Line, Signs, clip

FOLD = 20  # groups with more children are folded
_FAILURES = 5  # most failed children shown in a folded group
_PATIENCE_S = 2.0
_NAME_WIDTH = 44  # most characters that names are padded to


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the tree. guide: the branches before the name; time_s: the run time."""

    guide: str
    label: str
    state: State | None
    time_s: float | None = None
    note: str = ""


def lines(board: RunProgress, now: float, signs: Signs, width: int = 10_000, height: int | None = None) -> list[Line]:
    """The run's tree in at most `height` lines of at most `width` characters; if `height` is None, only long loops are folded."""
    body = rows(board, now, signs, None if height is None else max(height - 1, 1))
    pad = min(max((len(row.guide) + len(row.label) for row in body), default=0), _NAME_WIDTH)
    return [clip(line, width, signs.more) for line in (heading(board, now, signs), *(_line(r, pad, signs) for r in body))]


def heading(board: RunProgress, now: float, signs: Signs) -> Line:
    """The run's line: its id, state, time and progress."""
    done, total = progress(board, "")
    spent = duration((board.ended or now) - board.created) if board.created else ""
    reason = f"  {clean(board.reason)}" if board.reason else ""
    return (
        (f"{signs.states[board.state]} ", STYLES[board.state]),
        (board.run, "bold"),
        (f"  {board.state.value}", STYLES[board.state]),
        (f"  {spent}  {done}/{total} tasks{reason}", "dim"),
    )


def progress(board: RunProgress, path: str) -> tuple[int, int]:
    """The numbers of ended and of known tasks below a path."""
    counts = board.counts[path]
    return sum(n for state, n in counts.items() if state.ended), counts.total()


def rows(board: RunProgress, now: float, signs: Signs, height: int | None) -> list[Row]:
    """The rows below the heading, folded until they fit into `height`."""
    if height is None:
        return _Tree(board, now, signs, FOLD, None).below("", "")
    top = height if len(board.children[""]) <= height else max(height // 2, 2)
    body: list[Row] = []
    for fold in (FOLD, 8, 3, 1):
        body = _Tree(board, now, signs, fold, max(top, fold)).below("", "")
        if len(body) <= height:
            return body
        top = min(top, max(height // 2, 2))
    return [*body[: height - 1], Row("", f"{signs.more} {len(body) - height + 1} more", None)]


@dataclass(frozen=True, slots=True)
class _Tree:
    board: RunProgress
    now: float
    signs: Signs
    fold: int
    top: int | None  # as `fold`, for the run's own children; None: no bound

    def below(self, path: str, guide: str) -> list[Row]:
        children = self.board.children.get(path, [])
        shown = self._shown(path, children)
        rest = len(children) - len(shown)
        out: list[Row] = []
        for index, child in enumerate(shown):
            last = index == len(shown) - 1 and not rest
            out += self._branch(child, path, guide, last)
        if rest:
            out.append(Row(guide + self.signs.corner, f"{self.signs.more} {rest} more", None, note=self._rest(path, shown)))
        return out

    def _shown(self, path: str, children: list[str]) -> list[str]:
        most = self.fold if path else self.top
        if most is None or len(children) <= most:
            return children
        active = dict.fromkeys(self._child(path, task) for task in self.board.active if _inside(task, path))
        failed = [self._child(path, task) for task in reversed(self.board.failed) if _inside(task, path)][:_FAILURES]
        chosen = dict.fromkeys([*active, *failed])
        if not path:
            chosen |= dict.fromkeys(self._neighbours(active, children, most))
        return sorted(list(chosen)[:most], key=self._index)

    def _neighbours(self, active: Iterable[str], children: list[str], most: int) -> list[str]:
        """The run's groups, and the tasks around the last active one; the first tasks if none is active."""
        groups = [task for task in children if task in self.board.children][: most // 2]
        last = max(map(self._index, active), default=0)
        start = max(min(last + 3 - most, len(children) - most), 0)
        return groups + children[start : start + most][::-1] if last else groups + children[:most]

    def _index(self, task: str) -> int:
        return self.board.tasks[task].index

    def _child(self, path: str, task: str) -> str:
        while (parent := parent_of(task)) != path:
            task = parent
        return task

    def _rest(self, path: str, shown: list[str]) -> str:
        counts = self.board.counts[path].copy()
        for child in shown:
            task = self.board.tasks[child]
            counts -= self.board.counts[child] if task.group else {task.state: 1}
        return "  ".join(f"{self.signs.states[state]} {n}" for state, n in sorted(counts.items()) if n > 0)

    def _branch(self, child: str, parent: str, guide: str, last: bool) -> list[Row]:
        child = self._only(child)
        task = self.board.tasks[child]
        stem = guide + (self.signs.corner if last else self.signs.tee)
        row = self._row(task, child[len(parent) :].lstrip("/"), stem)
        if not task.group:
            return [row]
        return [row, *self.below(child, guide + ("   " if last else self.signs.bar))]

    def _only(self, path: str) -> str:
        """The only task of an iteration, which is shown in its place."""
        children = self.board.children.get(path, [])
        return self._only(children[0]) if path.endswith("]") and len(children) == 1 else path

    def _row(self, task: TaskProgress, label: str, guide: str) -> Row:
        row = Row(guide, clean(label), self.board.state_of(task.task), self._time(task), note_of(task, self.now))
        if not task.group:
            return row
        done, total = progress(self.board, task.task)
        return replace(row, note=f"{done}/{total}  {row.note}".strip()) if total else row

    def _time(self, seen: TaskProgress) -> float | None:
        since = seen.since or (seen.queued if seen.group else 0.0)
        return (seen.ended or self.now) - since if since else None


def note_of(task: TaskProgress, now: float) -> str:
    """A task's attempts, next retry, reason and metrics."""
    parts = [f"attempt {task.attempts}"] if task.attempts > 1 else []
    if task.state is State.QUEUED and task.due > now:
        parts.append(f"again in {duration(task.due - now)}")
    elif task.state is State.QUEUED and not task.group:
        parts += _waits(task, now)
    if task.reason:
        parts.append(f"{task.reason}: {task.message}" if task.message else task.reason)
    parts += [task.summary] if task.summary and not task.group else []
    return clean("  ".join(parts))


def _waits(task: TaskProgress, now: float) -> list[str]:
    """The reason why a queued task waits, after a short time."""
    if task.attempts:
        return ["to be tried again"]
    return ["waits for its turn"] if task.queued and now - task.queued > _PATIENCE_S else []


def _inside(task: str, path: str) -> bool:
    return not path or (task.startswith(path) and task[len(path) : len(path) + 1] in ("/", "["))


def _line(row: Row, pad: int, signs: Signs) -> Line:
    style = STYLES[row.state] if row.state else "dim"
    sign = f"{signs.states[row.state]} " if row.state else "  "
    fill = " " * max(pad - len(row.guide) - len(row.label), 0)
    note_style = "red" if row.state == State.FAILED else "dim"
    return (
        (row.guide, "dim"),
        (sign, style),
        (row.label + fill, "dim" if row.state in (None, State.QUEUED, State.SKIPPED) else ""),
        (f"  {duration(row.time_s):>10}", "dim"),
        (f"  {row.note}" if row.note else "", note_style),
    )
