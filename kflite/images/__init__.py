"""Images: building container images, of a folder's Python components and of kflite itself for clusters.

Lives here: what finds components, what their image is made of, what builds and checks it. Only the command line imports it.
"""
