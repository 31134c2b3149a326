"""HTML: runs and comparisons of runs as single-file pages, without scripts and without the network.

Lives here: writers from data to HTML. Users' content is escaped by `markup.tag`, or shown in a sandboxed frame. The client and
the command line import it.
"""
