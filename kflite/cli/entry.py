"""The command `kflite`: its verbs, and how errors become exit statuses."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from kflite import __version__
from kflite.cli.common import CliContext, settings_options, take_settings
from kflite.errors import KfliteError

# Each verb's module and command, and its line in the help, which loads no verb.
VERBS = {
    "run": ("kflite.cli.run:run", "Run a pipeline or component to its end."),
    "compile": ("kflite.cli.compile:compile_", "Write a pipeline as KFP v2 IR."),
    "component": ("kflite.cli.component:component", "Build images that hold the code of Python components."),
    "image": ("kflite.cli.image:image", "Build images for clusters."),
    "check": ("kflite.cli.compile:check", "Check a target and print its plan; start nothing."),
    "ls": ("kflite.cli.ls:ls", "List runs, or find some by an expression."),
    "show": ("kflite.cli.show:show", "Show a run, or one task of it."),
    "logs": ("kflite.cli.logs:logs", "Print the logs of a run, a task, a replica."),
    "watch": ("kflite.cli.watch:watch", "Follow a run until it ends."),
    "cancel": ("kflite.cli.cancel:cancel", "Stop runs."),
    "retry": ("kflite.cli.retry:retry", "Run again what did not succeed in a run."),
    "resume": ("kflite.cli.resume:resume", "Continue runs that a dead scheduler left."),
    "clone": ("kflite.cli.clone:clone", "Run a run again, with other parameters."),
    "archive": ("kflite.cli.labels:archive", "Hide runs from listings; nothing is deleted."),
    "unarchive": ("kflite.cli.labels:unarchive", "Show archived runs in listings again."),
    "label": ("kflite.cli.labels:label", "Set, remove and print labels of a run."),
    "rm": ("kflite.cli.rm:rm", "Remove runs, with their logs and artifacts."),
    "diff": ("kflite.cli.diff:diff", "Compare runs: parameters, metrics, curves, matrices, caching."),
    "pipelines": ("kflite.cli.pipelines:pipelines", "Keep pipelines by name and version."),
    "experiments": ("kflite.cli.experiments:experiments", "Group runs; archive and remove them together."),
    "artifacts": ("kflite.cli.artifacts:artifacts", "List artifacts; show them, in a browser too; copy them out."),
    "lineage": ("kflite.cli.lineage:lineage", "Show the sources of an artifact, and what was made from it."),
    "cache": ("kflite.cli.cache:cache", "List cached results; explain hits and misses; remove results."),
    "volumes": ("kflite.cli.volumes:volumes", "List and remove volumes that tasks mount by name."),
    "tune": ("kflite.cli.tune:tune", "Search for the best parameters of a pipeline."),
    "serve": ("kflite.cli.serve:serve", "Run what is submitted, until stopped."),
    "deploy": ("kflite.cli.deploy:deploy", "Print the manifests of a scheduler in a cluster."),
    "doctor": ("kflite.cli.doctor:doctor", "Report what this machine has, what is missing, and how to get it."),
    "completion": ("kflite.cli.completion:completion", "Print the shell's completion script."),
}


class Verbs(click.Group):
    """A group that lists its verbs without loading them, and loads a verb when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb, with the options for settings that every verb takes."""
        if cmd_name not in VERBS:
            return None
        module, _, name = VERBS[cmd_name][0].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        take_settings(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs and their lines."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, text) for verb, (_, text) in VERBS.items()])


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kflite")
@click.pass_context
def kflite(ctx: click.Context, /, **flags: str | None) -> None:
    """Pipelines, tuning and training: on this machine, in Docker, unchanged on Kubernetes.

    RUN is an id or a unique prefix of one; where it is optional, the default is the newest run.
    """
    ctx.obj = CliContext({name: text for name, text in flags.items() if text})


kflite.params += settings_options()


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command and exit: 0 succeeded, 1 the run failed, 2 bad input or usage, 130 cancelled."""
    _open_streams()
    sys.exit(_status(arguments))


def _open_streams() -> None:
    """Open closed standard streams on /dev/null, so that no other file takes their numbers."""
    while (unused := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(unused)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def _status(arguments: list[str] | None) -> int:
    try:
        result = kflite.main(arguments, prog_name="kflite", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except KfliteError as error:
        return _failed(error, error.exit_status)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        _usage(error)
        return 2
    except (KeyboardInterrupt, click.Abort):
        return 130
    except BrokenPipeError:
        return _broken_pipe()


def _failed(error: KfliteError, status: int) -> int:
    if os.environ.get("KFLITE_DEBUG"):
        raise error
    from kflite.format import clean

    text = "\n".join(clean(line) for line in str(error).split("\n"))
    sys.stderr.write(f"kflite: {text}\n")
    return status


def _usage(error: click.ClickException) -> None:
    context = error.ctx if isinstance(error, click.UsageError) else None
    where = f" (see {context.command_path} --help)" if context else ""
    sys.stderr.write(f"kflite: {error.format_message()}{where}\n")


def _broken_pipe() -> int:
    """Exit quietly on a broken pipe: nothing is left to write when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
