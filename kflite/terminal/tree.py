"""The tree of a run: which rows to show, in as many lines as there are, and how a row looks.

Pure. Loops of many iterations are folded to what is at work and what failed, with a count of the rest; the cost is that of
what is shown, so that it may be drawn ten times a second over a run of ten thousand tasks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from kflite.core.event import State
from kflite.format import clean, duration
from kflite.runs.progress import Board, Seen, parent_of
from kflite.terminal.style import STYLES, Line, Signs, clip

FOLD = 20  # children of a group that are all shown
_FAILURES = 5  # failed children shown besides those at work
_MOMENT_S = 2.0
_NAME_WIDTH = 44  # characters at most that names are padded to


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the tree: what stands before the name, the name, the state, seconds at work, and what is to be said about it."""

    guide: str
    label: str
    state: State | None
    time_s: float | None = None
    note: str = ""


def lines(board: Board, now: float, signs: Signs, width: int = 10_000, height: int | None = None) -> list[Line]:
    """The run's tree in lines of at most `width` characters; at most `height` lines, or with only long loops folded if None."""
    body = rows(board, now, signs, None if height is None else max(height - 1, 1))
    pad = min(max((len(row.guide) + len(row.label) for row in body), default=0), _NAME_WIDTH)
    return [clip(line, width, signs.more) for line in (heading(board, now, signs), *(_line(r, pad, signs) for r in body))]


def heading(board: Board, now: float, signs: Signs) -> Line:
    """The run's own line: its id, state, time and progress."""
    done, total = progress(board, "")
    spent = duration((board.ended or now) - board.created) if board.created else ""
    said = f"  {clean(board.reason)}" if board.reason else ""
    return (
        (f"{signs.states[board.state]} ", STYLES[board.state]),
        (board.run, "bold"),
        (f"  {board.state.value}", STYLES[board.state]),
        (f"  {spent}  {done}/{total} tasks{said}", "dim"),
    )


def progress(board: Board, path: str) -> tuple[int, int]:
    """How many tasks below a path have ended, and how many are known."""
    counts = board.counts[path]
    return sum(n for state, n in counts.items() if state.ended), counts.total()


def rows(board: Board, now: float, signs: Signs, height: int | None) -> list[Row]:
    """The rows below the heading; folded harder and harder until they fit into `height`."""
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
    board: Board
    now: float
    signs: Signs
    fold: int
    top: int | None  # as `fold`, for the run's own children; None: no bound

    def below(self, path: str, guide: str) -> list[Row]:
        children = self.board.children.get(path, [])
        shown = self._shown(path, children)
        rest = len(children) - len(shown)
        out: list[Row] = []
        for place, child in enumerate(shown):
            last = place == len(shown) - 1 and not rest
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
            chosen |= dict.fromkeys(self._around(active, children, most))
        return sorted(list(chosen)[:most], key=self._index)

    def _around(self, active: Iterable[str], children: list[str], most: int) -> list[str]:
        """The run's groups, and the tasks just before and after the last one at work; the first ones where none is."""
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
            seen = self.board.tasks[child]
            counts -= self.board.counts[child] if seen.group else {seen.state: 1}
        return "  ".join(f"{self.signs.states[state]} {n}" for state, n in sorted(counts.items()) if n > 0)

    def _branch(self, child: str, parent: str, guide: str, last: bool) -> list[Row]:
        child = self._only(child)
        seen = self.board.tasks[child]
        stem = guide + (self.signs.corner if last else self.signs.tee)
        row = self._row(seen, child[len(parent) :].lstrip("/"), stem)
        if not seen.group:
            return [row]
        return [row, *self.below(child, guide + ("   " if last else self.signs.bar))]

    def _only(self, path: str) -> str:
        """An iteration with one task in it is shown as that task."""
        children = self.board.children.get(path, [])
        return self._only(children[0]) if path.endswith("]") and len(children) == 1 else path

    def _row(self, seen: Seen, label: str, guide: str) -> Row:
        row = Row(guide, clean(label), self.board.state_of(seen.task), self._time(seen), note_of(seen, self.now))
        if not seen.group:
            return row
        done, total = progress(self.board, seen.task)
        return replace(row, note=f"{done}/{total}  {row.note}".strip()) if total else row

    def _time(self, seen: Seen) -> float | None:
        since = seen.since or (seen.queued if seen.group else 0.0)
        return (seen.ended or self.now) - since if since else None


def note_of(seen: Seen, now: float) -> str:
    """Why a task is as it is, how many attempts it took if more than one, when the next one is due, and what it measured."""
    parts = [f"attempt {seen.attempts}"] if seen.attempts > 1 else []
    if seen.state is State.QUEUED and seen.due > now:
        parts.append(f"again in {duration(seen.due - now)}")
    elif seen.state is State.QUEUED and not seen.group:
        parts += _waits(seen, now)
    if seen.reason:
        parts.append(f"{seen.reason}: {seen.message}" if seen.message else seen.reason)
    parts += [seen.gist] if seen.gist and not seen.group else []
    return clean("  ".join(parts))


def _waits(seen: Seen, now: float) -> list[str]:
    """What a queued task waits for, once it is no matter of a moment."""
    if seen.attempts:
        return ["to be tried again"]
    return ["waits for its turn"] if seen.queued and now - seen.queued > _MOMENT_S else []


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
