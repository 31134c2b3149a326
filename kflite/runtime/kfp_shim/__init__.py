"""The shim of kfp: runs components of kfp's compiler without kfp, pip or a network.

Lives here: `command` parses the compiler's command; `names`, `hints`, `installed_kfp` and `program` travel as text, after
`artifacts` and `runner`, in the command of such a component. They use the standard library and Python 3.7's syntax only, for old
images. Only `bootstrap` imports them, to build that text.
"""
