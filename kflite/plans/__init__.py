"""Plans: what each kind of run does, as pure state that hears outcomes and answers with steps.

Lives here: one package or module a kind (pipelines in `dag`, searches in `tuning`), and `kinds`, the registry of all of them.
Imports the core, IR and the search algorithms; never executors, the store or the scheduler.
"""
