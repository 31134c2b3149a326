"""Finds definitions of functions and classes in source files, and their texts."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Mapping
from types import FunctionType

from kflite.core.frozen import dataclass
from kflite.errors import CompileError

Node = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_parsed: dict[str, tuple[list[str], dict[tuple[str, int], Node]]] = {}


@dataclass(frozen=True, slots=True)
class Definition:
    """A function or class in a file. lines: of the whole file."""

    file: str
    node: Node
    lines: list[str]

    @property
    def first_line(self) -> int:
        """The number of the first line, decorators included."""
        return _first_line(self.node)

    @property
    def text(self) -> str:
        """The whole definition; a nested one keeps its indentation, below an `if True:`."""
        return self._at_top("".join(self.lines[self.first_line - 1 : self.node.end_lineno]))

    def body_under(self, header: str) -> str:
        """The definition's body under another header, such as `def f(a, b=1):`."""
        start = self.node.body[0]
        column = start.col_offset
        line = self.lines[start.lineno - 1].encode()
        first = _first_line(start) if isinstance(start, Node) else start.lineno
        rest = "".join(self.lines[first - 1 : self.node.end_lineno])
        if line[:column].strip() and first == start.lineno and not isinstance(start, Node):
            return f"{header} {line[column:].decode()}" + "".join(self.lines[start.lineno : self.node.end_lineno])
        return self._at_top(" " * self.node.col_offset + header + "\n" + rest)

    def _at_top(self, text: str) -> str:
        text = text if text.endswith("\n") else text + "\n"
        return f"if True:\n{text}" if self.node.col_offset else text


def of_function(function: Callable[..., object]) -> Definition:
    """The definition of a function. Raises CompileError if its source is not available."""
    if not isinstance(function, FunctionType):
        raise CompileError(f"{function!r} is no function: a component is made from a function defined by `def`")
    code = function.__code__
    where = f"{code.co_filename}:{code.co_firstlineno}"
    if function.__name__ == "<lambda>":
        raise CompileError(f"{where}: a lambda has no name to be called by: write it as a `def`")
    lines, nodes = _parse(code.co_filename, function.__globals__)
    node = nodes.get((code.co_name, code.co_firstlineno))
    if node is None:
        raise CompileError(f"{where}: the source of {function.__name__}() is not to be had: define it in a file or notebook")
    return Definition(code.co_filename, node, lines)


def of_class(kind: type, file: str, names: Mapping[str, object]) -> Definition | None:
    """The definition of a top-level class; None if unknown. file: used if its methods do not tell the file."""
    codes = [member.__code__ for member in vars(kind).values() if isinstance(member, FunctionType)]
    files = [code.co_filename for code in codes if code.co_qualname.startswith(f"{kind.__qualname__}.")]
    file = next((name for name in files if name != "<string>"), file)
    lines, nodes = _parse(file, names)
    matches = [node for (name, _), node in nodes.items() if name == kind.__qualname__ and isinstance(node, ast.ClassDef)]
    return Definition(file, matches[-1], lines) if matches else None


def import_line(file: str, name: str) -> str:
    """The top-level import statement that defines the name; "" if there is none."""
    for statement in ast.parse("".join(linecache.getlines(file))).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                if (alias.asname or alias.name.partition(".")[0]) == name:
                    statement.names = [alias]
                    return ast.unparse(statement)
    return ""


def _parse(file: str, names: Mapping[str, object]) -> tuple[list[str], dict[tuple[str, int], Node]]:
    linecache.checkcache(file)
    lines = linecache.getlines(file, dict(names))
    if file not in _parsed or _parsed[file][0] is not lines:
        try:
            tree = ast.parse("".join(lines))
        except SyntaxError:
            tree = ast.Module([], [])
        _parsed[file] = lines, {(n.name, _first_line(n)): n for n in ast.walk(tree) if isinstance(n, Node)}
    return _parsed[file]


def _first_line(node: Node) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
