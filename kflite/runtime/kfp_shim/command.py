"""The command that kfp's compiler writes for a lightweight Python component, taken apart.

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
# Made for kfp itself, after the user's packages were installed.
_VENV = re.compile(
    r"""\s*export PIP_DISABLE_PIP_VERSION_CHECK=1\s+tmp=\$\(mktemp -d\)\s+python3 -m venv "\$tmp/venv" --system-site-packages"""
    r"""\s+\. "\$tmp/venv/bin/activate"\s*"""
)
_PIP = ["python3", "-m", "pip", "install", "--quiet", "--no-warn-script-location"]
_PLACES = ("--index-url", "--extra-index-url", "--trusted-host")
_KFP = re.compile(
    r"kfp\s*(?:\[[^]]*\]\s*)?(?:$|[=<>!~;@])|.*[/:]kubeflow/pipelines\b|.*\bsdk/python\b|.*/kfp-2[\w.]*[-.](?:py3|tar)"
)
_HEAD = re.compile(r"\s*import kfp\s+from kfp(?:\.v2)? import dsl\s+from kfp(?:\.v2)?\.dsl import \*\s")
_MORE_OF_KFP = re.compile(
    r"\bkfp\.(?!(?:v2\.)?dsl\b|__version__\b)[A-Za-z_]|\bimport kfp as\b|\bfrom kfp import (?!dsl\s*$)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Packed:
    """A component's source, and the packages that it needs; `script` is the shell's text that installs them, "" for none."""

    source: str
    packages: tuple[str, ...] = ()
    index_urls: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    script: str = ""


def read(command: Sequence[str]) -> Packed | None:
    """The command taken apart; None where it is not of the compiler's shape, or does what we would not do in its place."""
    words = tuple(command)
    script, words = (words[2], words[3:]) if words[:2] == ("sh", "-c") and len(words) > 3 else ("", words)
    if words[:2] != ("sh", "-ec") or len(words) != 4 or not _RUN.fullmatch(words[2]):
        return None
    return _with_packages(script, words[3]) if script else Packed(words[3])


def installed(script: str) -> Packed | None:
    """What a line installs before the program of an image, as `read` tells it; None where it does anything else."""
    return _with_packages(script, "")


def _with_packages(script: str, source: str) -> Packed | None:
    match = _INSTALL.fullmatch(script)
    lines = _lines(_VENV.sub(" ", match["pip"])) if match else None
    if match is None or lines is None:
        return None
    wanted = list(_wanted(lines, source))
    if not wanted:
        return Packed(source)
    places = wanted[0][0]
    packages = tuple(word for _, names in wanted for word in names)
    installing = " && ".join(shlex.join([*_PIP, *(w for pair in places for w in pair), *names]) for places, names in wanted)
    return Packed(
        source,
        packages,
        tuple(value for option, value in places if option != "--trusted-host"),
        tuple(value for option, value in places if option == "--trusted-host"),
        f'{match["find_pip"]}{installing} && exec "$0" "$@"',
    )


_Line = tuple[list[tuple[str, str]], list[str]]
"""What a call of pip is told: options that say where to look, and what to install."""


def _lines(text: str) -> list[_Line] | None:
    """The calls of pip; None where the shell would do anything else than call it with these very words."""
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
    rest, places = words[len(_PIP) :], []
    while len(rest) > 1 and rest[0] in _PLACES:
        places.append((rest[0], rest[1]))
        rest = rest[2:]
    plain = "--no-deps" in rest or not any(word.startswith("-") for word in rest)
    shell = any(set(word) <= set("();<>|&") for word in rest)
    return (places, rest) if rest and plain and not shell else None


def _wanted(lines: list[_Line], source: str) -> Iterator[_Line]:
    """What is left when the compiler's own call, and kfp where the code asks for nothing that we lack, are left out."""
    keep = asks_for_more(source)
    for places, names in lines:
        own = "--no-deps" in names
        left = [] if own else [name for name in names if keep or not _KFP.match(name)]
        if left:
            yield places, left


def asks_for_more(source: str) -> bool:
    """Whether a component's code mentions a part of kfp that is not there at run time, such as its client."""
    return bool(_MORE_OF_KFP.search(_HEAD.sub("\n", source, count=1)))
