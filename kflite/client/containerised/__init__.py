"""Containerised components: images that hold the code of a folder's Python components.

May live here: what finds them, what their image is made of, what builds and checks it. Only the command line imports it.
"""
