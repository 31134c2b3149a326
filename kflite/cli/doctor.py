"""`kflite doctor`: check this machine."""

from __future__ import annotations

import click

from kflite.cli.common import CliContext, as_json, out


@click.command()
@as_json
@click.pass_obj
def doctor(context: CliContext, json_: bool) -> int:
    """Report what this machine has, what is missing, and how to get it. The exit status is 1 if something is wrong."""
    from kflite.doctor.report import examine
    from kflite.format import clean

    findings = list(examine(context.settings))
    if json_:
        out().document([finding.as_json() for finding in findings])
    else:
        width = max(len(finding.name) for finding in findings) + 2
        for finding in findings:
            style = {"ok": "green", "missing": "yellow", "wrong": "bold red"}[finding.word]
            remedy = f": {finding.remedy}" if finding.remedy else ""
            out().line((f"{finding.word:9}", style), f"{finding.name:{width}}", clean(finding.text), (clean(remedy), "yellow"))
    return int(any(finding.ok is False for finding in findings))
