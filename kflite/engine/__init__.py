"""The engine wires the parts together: executors by the value of `--on`, plans of submissions, dry runs and retry previews.

Besides the doctor and image building, only this package knows concrete executors. The client, the terminal and pages, and the
command line may import it.
"""
