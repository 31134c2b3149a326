"""Parses the command that kfp's compiler writes for a lightweight Python component.

Source: the commands of kfp 2.0 to 2.17, and of kfp.v2 in 1.8. The first three words install packages and may be missing; the
next three write the source, the seventh word, to a file and call kfp's executor with it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_RUN = re.compile(
    r"""\s*program_path=\$\(mktemp -d\)\s+printf "%s" "\$0" > "\$program_path/ephemeral_component\.py"\s+"""
    r"""(?:_KFP_RUNTIME=true )?python3 -m kfp\.(?:dsl|components|v2\.components)\.executor_main[\s\\]+"""
    r"""--component_module_path[\s\\]+"\$program_path/ephemeral_component\.py"[\s\\]+"\$@"\s*"""
)
_INSTALL = re.compile(
    r"""(?P<find_pip>\s*if ! \[ -x "\$\(command -v pip\)" \]; then\s+python3 -m ensurepip \|\| python3 -m ensurepip --user """
    r"""\|\| apt-get install python3-pip\s+fi\s+PIP_DISABLE_PIP_VERSION_CHECK=1 )(?P<pip>.*\S)\s+&& "\$0" "\$@"\s*""",
    re.DOTALL,
)
# Installs kfp itself, after the user's packages.
_VENV = re.compile(
    r"""\s*export PIP_DISABLE_PIP_VERSION_CHECK=1\s+tmp=\$\(mktemp -d\)\s+python3 -m venv "\$tmp/venv" --system-site-packages"""
    r"""\s+\. "\$tmp/venv/bin/activate"\s*"""
)
_PIP = ["python3", "-m", "pip", "install", "--quiet", "--no-warn-script-location"]
_INDEX_OPTIONS = ("--index-url", "--extra-index-url", "--trusted-host")
_KFP = re.compile(
    r"kfp\s*(?:\[[^]]*\]\s*)?(?:$|[=<>!~;@])|.*[/:]kubeflow/pipelines\b|.*\bsdk/python\b|.*/kfp-2[\w.]*[-.](?:py3|tar)"
)
_HEAD = re.compile(r"\s*import kfp\s+from kfp(?:\.v2)? import dsl\s+from kfp(?:\.v2)?\.dsl import \*\s")
_MORE_OF_KFP = re.compile(
    r"\bkfp\.(?!(?:v2\.)?dsl\b|__version__\b)[A-Za-z_]|\bimport kfp as\b|\bfrom kfp import (?!dsl\s*$)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Packed:
    """A component's source and packages; `script` is the shell line that installs them, "" for none."""

    source: str
    packages: tuple[str, ...] = ()
    index_urls: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    script: str = ""


def read(command: Sequence[str]) -> Packed | None:
    """The parsed command; None if it is not from the compiler, or does anything that the shim cannot replace."""
    words = tuple(command)
    script, words = (words[2], words[3:]) if words[:2] == ("sh", "-c") and len(words) > 3 else ("", words)
    if words[:2] != ("sh", "-ec") or len(words) != 4 or not _RUN.fullmatch(words[2]):
        return None
    return _with_packages(script, words[3]) if script else Packed(words[3])


def installed(script: str) -> Packed | None:
    """The packages that a shell line installs before an image's program; None if it does anything else."""
    return _with_packages(script, "")


def _with_packages(script: str, source: str) -> Packed | None:
    match = _INSTALL.fullmatch(script)
    lines = _lines(_VENV.sub(" ", match["pip"])) if match else None
    if match is None or lines is None:
        return None
    needed = list(_needed(lines, source))
    if not needed:
        return Packed(source)
    index_options = needed[0][0]
    packages = tuple(word for _, names in needed for word in names)
    installing = " && ".join(
        shlex.join([*_PIP, *(w for pair in index_options for w in pair), *names]) for index_options, names in needed
    )
    return Packed(
        source,
        packages,
        tuple(value for option, value in index_options if option != "--trusted-host"),
        tuple(value for option, value in index_options if option == "--trusted-host"),
        f'{match["find_pip"]}{installing} && exec "$0" "$@"',
    )


_Line = tuple[list[tuple[str, str]], list[str]]
"""A call of pip: its index options, and its requirements."""


def _lines(text: str) -> list[_Line] | None:
    """The calls of pip; None if the shell would do anything but call pip with exactly these words."""
    if any(sign in text.strip() for sign in "$`\n"):
        return None
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        words = list(lexer)
    except ValueError:
        return None
    calls: list[list[str]] = [[]]
    for word in words:
        if word == "&&":
            calls.append([])
        else:
            calls[-1].append(word)
    lines = [_line(call) for call in calls]
    return [line for line in lines if line] if all(lines) else None


def _line(words: list[str]) -> _Line | None:
    if words[: len(_PIP)] != _PIP:
        return None
    rest, index_options = words[len(_PIP) :], []
    while len(rest) > 1 and rest[0] in _INDEX_OPTIONS:
        index_options.append((rest[0], rest[1]))
        rest = rest[2:]
    plain = "--no-deps" in rest or not any(word.startswith("-") for word in rest)
    shell = any(set(word) <= set("();<>|&") for word in rest)
    return (index_options, rest) if rest and plain and not shell else None


def _needed(lines: list[_Line], source: str) -> Iterator[_Line]:
    """The calls without the compiler's own, and without kfp if the shim has everything that the code uses."""
    keep = asks_for_more(source)
    for index_options, names in lines:
        is_kfp_itself = "--no-deps" in names
        needed_names = [] if is_kfp_itself else [name for name in names if keep or not _KFP.match(name)]
        if needed_names:
            yield index_options, needed_names


def asks_for_more(source: str) -> bool:
    """Whether a component's code mentions a part of kfp that the shim lacks, such as its client."""
    return bool(_MORE_OF_KFP.search(_HEAD.sub("\n", source, count=1)))
