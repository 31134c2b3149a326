"""`kflite completion`: the script that a shell reads to complete verbs, options and runs."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL.

    bash: add `eval "$(kflite completion bash)"` to ~/.bashrc. zsh: the same with zsh, to ~/.zshrc. fish: write the output to
    ~/.config/fish/completions/kflite.fish.
    """
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    assert script
    click.echo(script(ctx.find_root().command, {}, "kflite", "_KFLITE_COMPLETE").source())
