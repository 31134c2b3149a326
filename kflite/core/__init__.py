"""Core: the data that all parts exchange (values, events, jobs, paths, Kubernetes' fields of roles), and the seam of plans.

No clock, and no I/O but threads. It imports nothing of kflite but its errors; every package may import it.
"""
