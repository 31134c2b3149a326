"""The tests' own text holds nothing that is true on one machine, or in one folder, only."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
MATCHING = {"compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub"}
PATHS = {"__file__", "executable", "folder", "getcwd", "home", "root", "tmp_path", "tmp_path_factory"}
SHARED = re.compile(r"(?<!\w)/(?:var/)?tmp/\w")

SOUND = [
    "with raises(E, match=re.escape(str(tmp_path))): pass",
    "with raises(E, match=rf'^{re.escape(__file__)}:1'): pass",
    "re.search('x', str(tmp_path))",
    "run(['sh', '-c', 'exec \"$0\"', sys.executable])",
    "jobs.shell(f'touch {quote(str(tmp_path))}')",
    "file = tmp_path / 'x'\nre.sub(re.escape(str(file)), '', text)",
    "run(['sh', '-c', shlex.join(['cat', str(tmp_path)])])",
    "home = '/tmp'",
]
FAULTY = [
    "with raises(E, match=f'{__file__}:1'): pass",
    "with raises(E, match='in ' + str(tmp_path)): pass",
    "re.match(f'{sys.executable}', text)",
    "file = tmp_path / 'x'\ntold = f'{file}: gone'\nwith raises(E, match=told): pass",
    "run(['sh', '-c', f'{sys.executable} -m kflite'])",
    "HERE = str(Path(__file__))\ndef f():\n    re.search(HERE, text)",
    "jobs.shell(f'touch {tmp_path}')",
    "jobs.shell(' '.join(['touch', str(tmp_path)]))",
    "script = f'touch {folder}/x'\nrun(['bash', '-c', script])",
    "open('/tmp/x', 'w')",
    "run(f'cat > /var/tmp/{name}x/y-{name}')\nopen(f'/tmp/a{name}')",
    "Path(tempfile.gettempdir()) / 'x'",
]


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_a_test_does_not_depend_on_where_it_runs(path: Path) -> None:
    if path != Path(__file__):
        assert list(faults(path.read_text())) == []


@pytest.mark.parametrize("text", FAULTY)
def test_what_depends_on_where_it_runs_is_found(text: str) -> None:
    assert list(faults(text))


@pytest.mark.parametrize("text", SOUND)
def test_what_runs_anywhere_is_sound(text: str) -> None:
    assert list(faults(text)) == []


def faults(text: str) -> Iterator[str]:
    """What is wrong in a module, with its lines."""
    tree = ast.parse(text)
    everywhere: set[str] = set()
    for statement in tree.body:
        paths = _named_paths(statement, everywhere)
        if isinstance(statement, ast.Assign):
            everywhere = paths
        for node in ast.walk(statement):
            if any(_holds_path(pattern, paths) for pattern in _patterns(node)):
                yield f"{node.lineno}: a path in a pattern: re.escape it"
            if any(_holds_path(script, paths) for script in _scripts(node)):
                yield f"{node.lineno}: a path in a shell's line: quote it, or pass it as an argument"
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SHARED.search(node.value):
            yield f"{node.lineno}: a fixed name in a folder that all users share"
        if isinstance(node, ast.Attribute) and node.attr == "gettempdir":
            yield f"{node.lineno}: the folder that all users share: take tmp_path"


def _patterns(node: ast.AST) -> Iterator[ast.expr]:
    if not isinstance(node, ast.Call):
        return
    yield from (keyword.value for keyword in node.keywords if keyword.arg == "match")
    match node.func:
        case ast.Attribute(ast.Name("re"), name) if name in MATCHING:
            yield from node.args[:1]


def _scripts(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.List([ast.Constant("sh" | "bash"), ast.Constant("-c"), script, *_]):
            yield script
        case ast.Call(ast.Attribute(_, "shell"), [script, *_]):
            yield script


def _named_paths(scope: ast.AST, known: set[str]) -> set[str]:
    """Variables that are made of paths, with those that are known."""
    named = set(known)
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and _holds_path(node.value, named):
            named |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return named


def _holds_path(node: ast.AST, named: set[str]) -> bool:
    match node:
        case ast.Call(ast.Attribute(ast.Name("re"), "escape") | ast.Attribute(ast.Name("shlex"), "join" | "quote")):
            return False
        case ast.Call(ast.Name("quote") | ast.Attribute(_, "quoted")):
            return False
        case ast.Name(name) if name in named | PATHS:
            return True
        case ast.Attribute(_, name) if name in PATHS:
            return True
    return any(_holds_path(part, named) for part in ast.iter_child_nodes(node))
