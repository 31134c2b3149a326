"""Executors: each turns a Job into processes, containers or pods, and tells how they ended.

Lives here: one module or package per executor, and the seam (`base`). An executor imports the core and never plans, IR, store or
scheduler. The scheduler imports the seam only; the engine wires executors up.
"""
