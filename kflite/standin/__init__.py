"""What stands in for kfp, so that components which its compiler packed run without it: no network, no pip, no kfp.

May live here: `command` takes the compiler's command apart; `names`, `hints`, `real` and `program` travel as text, after
kflite.artifacts and kflite.runner, inside every such component's command: standard library only, in Python 3.7's language, as old
images have it. Only kflite.bootstrap imports them, to make that text.
"""
