"""Runtime: code that travels into images and runs next to the user's code.

Lives here: the runner of Python components, the environment of their code, the shim of kfp, and `bootstrap`, which builds their
commands. Travelling files use the standard library and Python 3.7's syntax only. Whoever ships them imports this room.
"""
