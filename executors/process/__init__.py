"""The process executor: tasks as processes of this machine, forked from warm interpreters.

May live here: `executor` (the seam), `order`, `link`, `watch` and `capacity` on the scheduler's side; `zygote`, `attempt`,
`child`, `mounts`, `family` and `folder` on the tasks' side, which import nothing but the standard library and each other.
"""

from kflite.executors.process.executor import ProcessExecutor

__all__ = ["ProcessExecutor"]
