"""Executors: each runs a Job as processes, containers or pods, and reports what happens to it.

One module or package per executor, the seam (`base`), and shared modules beside them. An executor imports the core and the shared
modules, never plans, IR, the store, the scheduler or the package of another executor. The scheduler imports the seam only; the
engine, image building and the doctor import executors.
"""
