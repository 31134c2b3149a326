"""The shim of kfp: components that its compiler packed run without it, with no network, no pip and no kfp.

Lives here: `command` takes the compiler's command apart; `names`, `hints`, `installed_kfp` and `program` travel as text, after
`artifacts` and `runner`, inside every such component's command: standard library only, in Python 3.7's language, as old images
have it. Only `bootstrap` imports them, to make that text.
"""
