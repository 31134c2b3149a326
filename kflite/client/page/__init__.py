"""Pages: runs and comparisons of runs as HTML in one file, without scripts of ours and without the network.

May live here: writers from data to HTML. What users wrote is escaped by `markup.tag`, or stands in a sandboxed frame.
"""
