"""Terminal: what a run looks like in text: lines, the tree, and the views that follow a run while it goes on.

Lives here: what shows. It reads view models and rows, decides nothing, and imports rich where a live display begins, nowhere
else. The client and the command line import it.
"""
