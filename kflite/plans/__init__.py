"""Plans: each kind of run as pure state that receives outcomes and returns steps.

Lives here: one package or module for each kind (pipelines in `dag`, searches in `tuning`), and `kinds`, their registry.
Imports the core, IR and the search algorithms; never executors, the store or the scheduler.
"""
