"""HTML: runs and comparisons of runs as pages in one file, without scripts of ours and without the network.

Lives here: writers from data to HTML. What users wrote is escaped by `markup.tag`, or stands in a sandboxed frame. The client
and the command line import it.
"""
