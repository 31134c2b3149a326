"""Runtime: what travels into images and runs beside the user's code.

Lives here: the runner of Python components, what their code sees, what takes kfp's place, and `bootstrap`, which makes commands
of them. The files that travel use the standard library only, in Python 3.7's language. Whoever ships them imports this room.
"""
