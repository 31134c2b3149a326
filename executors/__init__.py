"""Executors: each turns a Job into processes, containers or pods, and tells what becomes of it.

Lives here: one module or package per executor, the seam (`base`), and what executors share, which lies beside them. An executor
imports the core and what is shared, and never plans, IR, store, scheduler or the package of another executor. The scheduler
imports the seam only; the engine wires executors up.
"""
