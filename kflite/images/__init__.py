"""Images: builds container images of a folder's Python components, and of kflite itself for clusters.

Lives here: the search for components, the files of their image, its build and check. Only the command line imports it.
"""
