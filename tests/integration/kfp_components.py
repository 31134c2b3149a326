"""Pipelines of the corpus's components, for what a component alone cannot show: artifacts, loops, exit tasks. Needs kfp."""

from kfp import dsl
from unit.runtime.kfp_shim import corpus


@dsl.pipeline
def artifacts(rows: int = 2) -> str:
    made = corpus.make(rows=rows)
    return corpus.read(data=made.outputs["data"], any=made.outputs["any"]).output


@dsl.pipeline
def paths() -> str:
    made = corpus.paths_out()
    plain = corpus.write_what_is_returned(x=1)
    return corpus.paths_in(data=made.outputs["data"], model=made.outputs["model"], plain=plain.output).output


@dsl.pipeline
def lists() -> int:
    with dsl.ParallelFor([1, 2, 3]) as x:
        made = corpus.write_what_is_returned(x=x)
    return corpus.pass_several(data=dsl.Collected(made.output)).outputs["count"]


@dsl.pipeline
def exits():
    with dsl.ExitHandler(corpus.final(note="told")):
        corpus.give_int(x=1)


@dsl.pipeline
def settings() -> str:
    return corpus.configured().output


@dsl.pipeline
def chain(n: int = 1) -> int:
    first = corpus.give_int(x=n)
    with dsl.If(first.output > 1):
        second = corpus.give_several(x=first.output)
    with dsl.Else():
        third = corpus.give_several(x=0)
    return dsl.OneOf(second.outputs["number"], third.outputs["number"])


PIPELINES = [artifacts, paths, lists, exits, settings, chain]
