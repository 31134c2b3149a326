"""Terminal: runs as text: lines, the tree, and the views that follow a running run.

Lives here: presentation only. It reads view models and rows, and imports rich only for live displays and Markdown. The client
and the command line import it.
"""
