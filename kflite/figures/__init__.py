"""Figures: the content of metric artifacts, read from their metadata as plain data.

Lives here: readers from artifacts to data. No terminal, no HTML: `terminal` and `html` draw what these give,
and `runs`, the client and the command line pass it on.
"""
