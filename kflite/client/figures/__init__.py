"""Figures: what metric artifacts hold, read from their metadata, and drawn in a terminal.

May live here: readers from artifacts to data, and writers from data to lines of text. No page, no HTML: see kflite.client.page.
"""
