"""Executors: each turns a Job into processes, containers or pods, and tells how they ended.

May live here: one module or package per executor, and the seam (`base`). An executor imports `kflite.job` and `kflite.errors`,
and never plans, IR, store or scheduler. Only the scheduler and the client import this package.
"""
