"""The command of a Python component: the runner's text, the user's source, and the packages to install first.

No packages: `python3 -u -c RUNNER SOURCE ARGS`. With packages a shell line installs them first. Any image with python3 runs it;
an executor that keeps warm interpreters recognises the shape and takes it apart instead. The runner's text is folded to two
fifths: each executor of a pipeline repeats it, and a real KFP puts them all into one object of Kubernetes (1.5 MB at most).
The shape that kfp's compiler writes is recognised too, and brought into ours: what stands in for kfp (`kfp_shim`) travels in
it, so that nothing installs kfp.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from kflite.core.job import Python
from kflite.core.value import Value
from kflite.runtime.kfp_shim import command as packed

_INTERPRETER = ("python3", "-u", "-c")
_INSTALL = "python3 -m pip install --quiet --no-warn-script-location --disable-pip-version-check --root-user-action ignore"
_VENV = 'venv=$(mktemp -d) && python3 -m venv --system-site-packages "$venv" && . "$venv/bin/activate" && '
_GO_ON = '&& exec "$0" "$@"'
_FIRST_ARGUMENT = "--function"
_KFP_ARGUMENTS = {"--executor_input", "--function_to_execute"}
_SHELL = ("sh", "-c")
IMPORTED = " = __project__("  # in the source of a component whose code is in its image
INSTALLED = "KFLITE_INSTALLED"  # in an image: the packages that components name and it has, as |a|b|
_CALL = ("python3", "-m", "kfp.dsl.executor_main")
_RUNNER = ("artifacts.py", "typed.py", "component_env.py", "runner.py")
_STANDIN = ("kfp_shim/names.py", "kfp_shim/hints.py", "kfp_shim/installed_kfp.py", "kfp_shim/program.py")
# Every component carries the text, so what nobody reads there is left out; a body of nothing else keeps it.
_DOCSTRING = re.compile(r'^(?:"""(?:(?!""").)*"""\n|( +)"""(?:(?!""").)*"""\n(?=\n?\1\S))', re.MULTILINE | re.DOTALL)
_FOLDED = (
    "# kflite's runner, which calls the function in the next word. With print in place of exec, this shows its text.\n"
    'import binascii, zlib; exec(zlib.decompress(binascii.a2b_base64("'
)
_END = '")).decode())\n'
_LONGEST = 1 << 20  # characters of a text that is unfolded here: documents come from anywhere
_EXECUTOR_MAIN = """import sys

import kfp

if __name__ == "__main__":
    sys.exit(kfp.run_resident(sys.argv[1:]))
"""
_MAIN = '\nif __name__ == "__main__":\n'


@cache
def runner() -> str:
    """The program that runs a component, as one text: what its code sees, then kflite.runtime.runner."""
    return _joined(*_RUNNER)


@cache
def standin() -> str:
    """The program that runs a component of kfp's compiler, as one text: as `runner`, with what stands in for kfp."""
    return _joined(*_RUNNER, *_STANDIN)


@cache
def resident() -> str:
    """The program that runs a component of a module, as one text: as `standin`, and how such a module is found."""
    return _joined(*_RUNNER, *_STANDIN, "kfp_shim/in_image.py")


def resident_kfp() -> dict[str, str]:
    """The package kfp for an image that may lack it: its files by path. It steps aside for a real one that is installed."""
    begun = f"{resident().partition(_MAIN)[0]}\n\nsettle(__file__)\n"
    return {"kfp/__init__.py": begun, "kfp/dsl/__init__.py": "", "kfp/dsl/executor_main.py": _EXECUTOR_MAIN}


def checker(text: str) -> str:
    """The text of a module that looks at components where they run, after the definitions of `resident`."""
    kept = (line for line in text.splitlines(keepends=True) if not line.startswith(("from __future__ ", "from kflite")))
    return f"{resident().partition(_MAIN)[0]}\n{''.join(kept)}"


@cache
def folded(text: str) -> str:
    """A short program in one line that does what `text` does, and says how to read that."""
    from binascii import b2a_base64
    from zlib import compress

    return f"{_FOLDED}{b2a_base64(compress(text.encode(), 9), newline=False).decode()}{_END}"


def unfolded(code: str) -> str:
    """The text that was folded; any other program, and one that is too long, as it is."""
    if not (code.startswith(_FOLDED) and code.endswith(_END)):
        return code
    from binascii import a2b_base64
    from zlib import decompressobj, error

    opened = decompressobj()
    try:
        text = opened.decompress(a2b_base64(code[len(_FOLDED) : -len(_END)]), _LONGEST).decode()
    except (ValueError, error):
        return code
    return text if opened.eof else code


def split(code: str) -> tuple[str, str]:
    """A program of ours as what it defines, which may be executed ahead, and what it does; the first is empty for any other."""
    text = unfolded(code)  # by what it says: not every zlib makes the same bytes of it
    if text not in (runner(), standin(), resident()):
        return "", text
    definitions, _, main = text.partition(_MAIN)
    ahead = "\nload_ahead()\n" if text == standin() else ""
    return definitions + ahead, f"if True:\n{main}"


def _joined(*files: str) -> str:
    """The files as one module: without docstrings and imports of each other, and with the last one's main part only."""
    first, *others, last = ((Path(__file__).parent / file).read_text("utf-8") for file in files)
    lines = "\n".join([*(text.split(_MAIN)[0] for text in others), last]).splitlines(keepends=True)
    kept = (line for line in lines if not line.startswith(("from __future__ ", "from kflite")))
    return _DOCSTRING.sub("", f"{first}\n{''.join(kept)}")


def compose(
    source: str,
    function: str,
    packages: Sequence[str] = (),
    index_urls: Sequence[str] = (),
    trusted_hosts: Sequence[str] = (),
    signature: Mapping[str, Mapping[str, Value]] | None = None,
    venv: bool = False,
) -> tuple[list[str], list[str]]:
    """Command and args of a container that runs `function` of `source`.

    signature: what executor_input does not tell (see `runner`); index_urls: the first replaces pip's own, others are added;
    venv: installs into a virtual environment that sees the image's packages.
    """
    command = [*_INTERPRETER, folded(runner()), source]
    if packages:
        command = ["sh", "-c", _install_line(packages, index_urls, trusted_hosts, venv), *command]
    args = [_FIRST_ARGUMENT, function, "--executor-input", "{{$}}"]
    if signature:
        args += ["--signature", json.dumps(signature, separators=(",", ":"))]
    return command, args


def recognise(command: Sequence[str], args: Sequence[str]) -> Python | None:
    """The command seen as Python code; None where neither `compose` nor kfp's compiler makes such a one.

    args: placeholders substituted.
    """
    if kfps := _packed(command, args):
        return Python(standin(), (kfps.source, *args), kfps.packages, kfps.index_urls, kfps.trusted_hosts)
    if tuple(args[:1]) != (_FIRST_ARGUMENT,):
        return None
    installed: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] | None = ((), (), ())
    if tuple(command[:2]) == ("sh", "-c") and len(command) > 2:
        installed, command = _read_install_line(command[2]), command[3:]
    if installed is None or tuple(command[:3]) != _INTERPRETER or len(command) != 5:
        return None
    return Python(command[3], (command[4], *args), *installed)


def called(command: Sequence[str], args: Sequence[str]) -> str:
    """The function that a command of kfp's calls in an image which has its code; "" for any other command."""
    words = tuple(command[3:] if tuple(command[:2]) == _SHELL else command)
    if words != _CALL or len(args) != 4 or set(args[::2]) != _KFP_ARGUMENTS:
        return ""
    return args[list(args).index("--function_to_execute") + 1]


def of_image(command: Sequence[str], args: Sequence[str]) -> bool:
    """Whether a command runs code that is in its image only."""
    return bool(called(command, args)) or any(IMPORTED in word for word in command[-1:])


def called_with(command: Sequence[str]) -> packed.Packed | None:
    """What such a command installs first; None for nothing, and for what nobody can tell."""
    return packed.installed(command[2]) if tuple(command[:2]) == _SHELL else None


def adopt(command: Sequence[str], args: Sequence[str]) -> tuple[str, ...]:
    """The command, where kfp's compiler made it, as one that needs no kfp; any other as it is. args: as for `recognise`.

    One of code in an image installs no packages that the image says it has.
    """
    wanted = called_with(command) if called(command, args) else None
    if wanted and wanted.packages:
        tests = (f'case "${INSTALLED}" in *{shlex.quote(f"|{name}|")}*) ;; *) false ;; esac' for name in wanted.packages)
        return (*_SHELL, f'{" && ".join(tests)} && exec "$0" "$@"\n{command[2]}', *command[3:])
    kfps = _packed(command, args)
    if not kfps:
        return tuple(command)
    own = (*_INTERPRETER, folded(standin()), kfps.source)
    return ("sh", "-c", kfps.script, *own) if kfps.script else own


def _packed(command: Sequence[str], args: Sequence[str]) -> packed.Packed | None:
    return packed.read(command) if len(args) == 4 and set(args[::2]) == _KFP_ARGUMENTS else None


def _install_line(packages: Sequence[str], index_urls: Sequence[str], trusted_hosts: Sequence[str], venv: bool) -> str:
    options = [("--index-url" if place == 0 else "--extra-index-url", url) for place, url in enumerate(index_urls)]
    options += [("--trusted-host", host) for host in trusted_hosts]
    words = [word for option in options for word in option]
    return f"{_VENV * venv}{_INSTALL} {shlex.join([*words, '--', *packages])} {_GO_ON}"


def _read_install_line(line: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] | None:
    rest = line.removeprefix(_VENV)
    if not (rest.startswith(_INSTALL + " ") and rest.endswith(" " + _GO_ON)):
        return None
    words = shlex.split(rest[len(_INSTALL) : -len(_GO_ON)])
    if "--" not in words:
        return None
    split = words.index("--")
    options = list(zip(words[:split:2], words[1:split:2], strict=False))
    urls = tuple(value for option, value in options if option in ("--index-url", "--extra-index-url"))
    hosts = tuple(value for option, value in options if option == "--trusted-host")
    packages = tuple(words[split + 1 :])
    return (packages, urls, hosts) if _install_line(packages, urls, hosts, rest != line) == line else None
