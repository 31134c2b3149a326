"""The command of a Python component: the runner's text, the user's source, and the packages to install first.

Without packages it is `python3 -u -c RUNNER SOURCE ARGS`; with packages a shell line installs them first. Any image with python3
runs it; an executor with warm interpreters recognises and parses it instead. The runner's text is compressed to two fifths: each
executor of a pipeline repeats it, and KFP puts all of them into one object of Kubernetes (1.5 MB at most). Commands of kfp's
compiler are recognised too, and converted: the shim of kfp (`kfp_shim`) travels in them, so that nothing installs kfp.
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
from kflite.runtime.kfp_shim import command as kfp_command

_INTERPRETER = ("python3", "-u", "-c")
_INSTALL = "python3 -m pip install --quiet --no-warn-script-location --disable-pip-version-check --root-user-action ignore"
_VENV = 'venv=$(mktemp -d) && python3 -m venv --system-site-packages "$venv" && . "$venv/bin/activate" && '
_GO_ON = '&& exec "$0" "$@"'
_FIRST_ARGUMENT = "--function"
_KFP_ARGUMENTS = {"--executor_input", "--function_to_execute"}
_SHELL = ("sh", "-c")
IMPORTED = " = __project__("  # in the source of a component whose code is in its image
INSTALLED = "KFLITE_INSTALLED"  # in an image: the components' packages that it has, as |a|b|
_KFP_CALL = ("python3", "-m", "kfp.dsl.executor_main")
_RUNNER = ("artifacts.py", "typed.py", "component_env.py", "runner.py")
_KFP_SHIM = ("kfp_shim/names.py", "kfp_shim/hints.py", "kfp_shim/installed_kfp.py", "kfp_shim/program.py")
# Every component carries the text, so docstrings are removed, except from bodies that contain nothing else.
_DOCSTRING = re.compile(r'^(?:"""(?:(?!""").)*"""\n|( +)"""(?:(?!""").)*"""\n(?=\n?\1\S))', re.MULTILINE | re.DOTALL)
_COMPRESSED_HEAD = (
    "# kflite's runner, which calls the function in the next word. With print in place of exec, this shows its text.\n"
    'import binascii, zlib; exec(zlib.decompress(binascii.a2b_base64("'
)
_END = '")).decode())\n'
_LONGEST = 1 << 20  # characters of a decompressed text: documents are untrusted
_EXECUTOR_MAIN = """import sys

import kfp

if __name__ == "__main__":
    sys.exit(kfp.run_in_image(sys.argv[1:]))
"""
_MAIN = '\nif __name__ == "__main__":\n'


@cache
def runner_text() -> str:
    """The program that runs a component: the environment of its code, then kflite.runtime.runner."""
    return _joined(*_RUNNER)


@cache
def kfp_shim_text() -> str:
    """The program that runs a component of kfp's compiler: `runner_text` with the shim of kfp."""
    return _joined(*_RUNNER, *_KFP_SHIM)


@cache
def in_image_text() -> str:
    """The program that runs a component of a module in an image: `kfp_shim_text` with the search for that module."""
    return _joined(*_RUNNER, *_KFP_SHIM, "kfp_shim/in_image.py")


def kfp_package() -> dict[str, str]:
    """The files of the shim's package kfp for an image, by path. An installed kfp replaces it."""
    text = f"{in_image_text().partition(_MAIN)[0]}\n\nstep_aside(__file__)\n"
    return {"kfp/__init__.py": text, "kfp/dsl/__init__.py": "", "kfp/dsl/executor_main.py": _EXECUTOR_MAIN}


def checker_text(text: str) -> str:
    """The program that checks components in their image: a module's text after the definitions of `in_image_text`."""
    lines_kept = (line for line in text.splitlines(keepends=True) if not line.startswith(("from __future__ ", "from kflite")))
    return f"{in_image_text().partition(_MAIN)[0]}\n{''.join(lines_kept)}"


@cache
def compressed(text: str) -> str:
    """A short one-line program that does what `text` does, with a comment that says how to read it."""
    from binascii import b2a_base64
    from zlib import compress

    return f"{_COMPRESSED_HEAD}{b2a_base64(compress(text.encode(), 9), newline=False).decode()}{_END}"


def decompressed(code: str) -> str:
    """The inverse of `compressed`; any other program, and one that is too long, is returned unchanged."""
    if not (code.startswith(_COMPRESSED_HEAD) and code.endswith(_END)):
        return code
    from binascii import a2b_base64
    from zlib import decompressobj, error

    decompressor = decompressobj()
    try:
        text = decompressor.decompress(a2b_base64(code[len(_COMPRESSED_HEAD) : -len(_END)]), _LONGEST).decode()
    except (ValueError, error):
        return code
    return text if decompressor.eof else code


def split(code: str) -> tuple[str, str]:
    """A program as its definitions, which may be executed ahead, and its main part; definitions are "" for programs of others."""
    text = decompressed(code)  # compared by content, as releases of zlib give different bytes
    if text not in (runner_text(), kfp_shim_text(), in_image_text()):
        return "", text
    definitions, _, main = text.partition(_MAIN)
    ahead = "\nload_ahead()\n" if text == kfp_shim_text() else ""
    return definitions + ahead, f"if True:\n{main}"


def _joined(*files: str) -> str:
    """The files as one module, without docstrings and imports of each other, and with the last file's main part only."""
    first, *others, last = ((Path(__file__).parent / file).read_text("utf-8") for file in files)
    lines = "\n".join([*(text.split(_MAIN)[0] for text in others), last]).splitlines(keepends=True)
    lines_kept = (line for line in lines if not line.startswith(("from __future__ ", "from kflite")))
    return _DOCSTRING.sub("", f"{first}\n{''.join(lines_kept)}")


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

    signature: facts that executor_input lacks (see `runner`); index_urls: the first replaces pip's default, others are added;
    venv: install into a virtual environment that sees the image's packages.
    """
    command = [*_INTERPRETER, compressed(runner_text()), source]
    if packages:
        command = ["sh", "-c", _install_line(packages, index_urls, trusted_hosts, venv), *command]
    args = [_FIRST_ARGUMENT, function, "--executor-input", "{{$}}"]
    if signature:
        args += ["--signature", json.dumps(signature, separators=(",", ":"))]
    return command, args


def as_python(command: Sequence[str], args: Sequence[str]) -> Python | None:
    """The command as Python code; None if it is from neither `compose` nor kfp's compiler.

    args: with placeholders filled.
    """
    if packed := _packed(command, args):
        return Python(
            kfp_shim_text(),
            (packed.source, *args),
            packed.packages,
            packed.index_urls,
            packed.trusted_hosts,
        )
    if tuple(args[:1]) != (_FIRST_ARGUMENT,):
        return None
    installed: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] | None = ((), (), ())
    if tuple(command[:2]) == ("sh", "-c") and len(command) > 2:
        installed, command = _read_install_line(command[2]), command[3:]
    if installed is None or tuple(command[:3]) != _INTERPRETER or len(command) != 5:
        return None
    return Python(command[3], (command[4], *args), *installed)


def kfp_function(command: Sequence[str], args: Sequence[str]) -> str:
    """The function that a command of kfp calls in an image with its code; "" for other commands."""
    words = tuple(command[3:] if tuple(command[:2]) == _SHELL else command)
    if words != _KFP_CALL or len(args) != 4 or set(args[::2]) != _KFP_ARGUMENTS:
        return ""
    return args[list(args).index("--function_to_execute") + 1]


def runs_image_code(command: Sequence[str], args: Sequence[str]) -> bool:
    """Whether a command runs code that only its image has."""
    return bool(kfp_function(command, args)) or any(IMPORTED in word for word in command[-1:])


def installed_first(command: Sequence[str]) -> kfp_command.Packed | None:
    """The packages that such a command installs first; None if there are none, or they cannot be determined."""
    return kfp_command.installed(command[2]) if tuple(command[:2]) == _SHELL else None


def without_kfp(command: Sequence[str], args: Sequence[str]) -> tuple[str, ...]:
    """A command of kfp's compiler, converted so that it needs no kfp; other commands unchanged. args: as for `as_python`.

    A command for code in an image does not install packages that the image has.
    """
    wanted = installed_first(command) if kfp_function(command, args) else None
    if wanted and wanted.packages:
        tests = (f'case "${INSTALLED}" in *{shlex.quote(f"|{name}|")}*) ;; *) false ;; esac' for name in wanted.packages)
        return (*_SHELL, f'{" && ".join(tests)} && exec "$0" "$@"\n{command[2]}', *command[3:])
    packed = _packed(command, args)
    if not packed:
        return tuple(command)
    interpreter_words = (*_INTERPRETER, compressed(kfp_shim_text()), packed.source)
    return ("sh", "-c", packed.script, *interpreter_words) if packed.script else interpreter_words


def _packed(command: Sequence[str], args: Sequence[str]) -> kfp_command.Packed | None:
    return kfp_command.read(command) if len(args) == 4 and set(args[::2]) == _KFP_ARGUMENTS else None


def _install_line(packages: Sequence[str], index_urls: Sequence[str], trusted_hosts: Sequence[str], venv: bool) -> str:
    options = [("--index-url" if index == 0 else "--extra-index-url", url) for index, url in enumerate(index_urls)]
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
