"""The scheduler: the machine (a table), the state of a run, and the loop that stores, applies, acts and tells.

It knows plans, executors and the store by their protocols only. Only the client imports this package.
"""
