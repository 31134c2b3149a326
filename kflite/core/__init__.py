"""Core: the data that all parts pass to each other, and the seam of plans.

Lives here: values, events, jobs, paths, what a plan is asked and answers, what roles ask for in Kubernetes' words. No I/O and no
clock; imports nothing of kflite but its errors. Every room may import it.
"""
