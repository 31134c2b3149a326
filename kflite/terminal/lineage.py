"""A lineage as a tree of the start's ancestors and descendants, each expanded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from kflite.format import clean, size
from kflite.runs.lineage import Lineage, Piece
from kflite.store.base import TaskRow
from kflite.terminal.style import STYLES, Line, Signs

Node = tuple[str, bool]  # an id, and whether it is a task's
_GIVEN = 3  # most names of an imported artifact


def lines(graph: Lineage, up: bool, down: bool, signs: Signs) -> Iterator[Line]:
    """The start, and below it the trees of ancestors and descendants."""
    start = (graph.start, graph.start in graph.tasks)
    yield _node_line(graph, start, signs)
    readers: dict[str, list[str]] = {}
    for task, pieces in graph.reads.items():
        for piece in pieces:
            readers.setdefault(piece, []).append(task)
    if up:
        yield ((("from" if graph.before else "from nothing that is known"), "dim"),)
        yield from _tree(graph, start, lambda node: _sources(graph, node), "", signs, set())
    if down:
        yield ((("to" if graph.after else "nothing was made from it"), "dim"),)
        yield from _tree(graph, start, lambda node: _uses(graph, readers, node), "", signs, set())
    if not graph.whole:
        yield ((f"there is more: {len(graph.tasks)} tasks were followed, --limit sets how many", "yellow"),)


def _sources(graph: Lineage, node: Node) -> list[Node]:
    name, is_task = node
    if is_task:
        return [(piece, False) for piece in graph.reads.get(name, ())]
    maker = graph.pieces[name].maker
    return [("/".join(maker), True)] if maker and "/".join(maker) in graph.tasks else []


def _uses(graph: Lineage, readers: Mapping[str, list[str]], node: Node) -> list[Node]:
    name, is_task = node
    if is_task:
        return [(piece, False) for piece in graph.makes.get(name, ())]
    return [(task, True) for task in readers.get(name, ()) if task in graph.after]


def _tree(
    graph: Lineage, node: Node, below: Callable[[Node], list[Node]], guide: str, signs: Signs, shown: set[Node]
) -> Iterator[Line]:
    """The nodes below one; iterative, as a lineage may be deeper than Python's stack."""
    stack = [(child, guide, last) for child, last in _lasts(below(node))]
    while stack:
        child, guide, last = stack.pop()
        repeated = child in shown and bool(below(child))
        yield (
            (guide + (signs.corner if last else signs.tee), "dim"),
            *_node_line(graph, child, signs),
            *_seen_above(repeated, signs),
        )
        if not repeated:
            shown.add(child)
            inner = guide + ("   " if last else signs.bar)
            stack += [(each, inner, end) for each, end in _lasts(below(child))]


def _lasts(nodes: list[Node]) -> list[tuple[Node, bool]]:
    """The nodes in reverse order, each with whether it is the last."""
    return [(node, index == 0) for index, node in enumerate(reversed(nodes))]


def _seen_above(repeated: bool, signs: Signs) -> Line:
    return ((f"  {signs.more} as above", "dim"),) if repeated else ()


def _node_line(graph: Lineage, node: Node, signs: Signs) -> Line:
    name, is_task = node
    return _task(name, graph.tasks[name], signs) if is_task else _piece(graph.pieces[name])


def _task(name: str, task: TaskRow, signs: Signs) -> Line:
    hit = f"  cached from {task.source}" if task.source else ""
    return ((f"{signs.states[task.state]} ", STYLES[task.state]), (clean(name), ""), (hit, "dim"))


def _piece(piece: Piece) -> Line:
    artifact = piece.artifact
    size_text = f", {size(artifact.size)}" if artifact.size else ""
    details = f"  {artifact.type.removeprefix('system.')}{size_text}"
    if piece.maker:
        return ((clean(piece.id), "bold"), (details, "dim"))
    more = f" and {len(piece.given) - _GIVEN} more" if len(piece.given) > _GIVEN else ""
    given = f"  known as {', '.join(piece.given[:_GIVEN])}{more}" if piece.given else ""
    return ((clean(piece.id), "bold"), (details + clean(given), "dim"))
