"""The process executor: tasks as processes of this machine, forked from warm interpreters.

May live here: `executor` (the seam), `order`, `link` and `message` on the scheduler's side; `zygote`, `attempt`, `child`,
`mounts` and `process_tree` on the tasks' side, which import nothing but the standard library, each other, and three files
beside this package (`attempt_folder`, `gang`, `logtail`).
"""

from kflite.executors.process.executor import ProcessExecutor

__all__ = ["ProcessExecutor"]
