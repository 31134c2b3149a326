"""The process executor: tasks as processes of this machine, forked from warm interpreters.

`executor` (the seam), `order`, `link` and `message` are on the scheduler's side; `zygote`, `attempt`, `child`, `mounts` and
`process_tree` are on the tasks' side, and import only the standard library, each other, and three files beside this package
(`attempt_folder`, `gang`, `logtail`).
"""

from kflite.executors.process.executor import ProcessExecutor

__all__ = ["ProcessExecutor"]
