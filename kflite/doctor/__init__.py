"""Doctor: what this machine has, what is missing, and how to get it.

Lives here: one file a subject, each giving findings. It may look into every part below; only the command line imports it.
"""
