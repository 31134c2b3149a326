"""Plans: each kind of run as pure state that hears outcomes and returns steps.

One package or module for each kind (pipelines in `dag`, searches in `tuning`), and `kinds`, their registry. Plans import the
core, IR and search algorithms, never executors, the store or the scheduler.
"""
