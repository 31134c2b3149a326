"""The schema's history: alembic's environment, and one module a revision in `versions`. Only `kflite.store.migrate` runs it."""
