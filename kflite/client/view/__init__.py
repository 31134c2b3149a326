"""What a run looks like in text: lines, the tree, and the views that follow a run while it goes on.

May live here: what shows. It reads boards and rows, decides nothing, and imports rich where a live display begins, nowhere else.
"""
