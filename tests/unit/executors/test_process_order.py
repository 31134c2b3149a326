"""What cannot run as a process is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from kflite.core.job import Job, Role
from kflite.errors import ExecutorError
from kflite.executors.process.order import check


@pytest.mark.parametrize("args", [(), ("--help",)])
def test_a_container_that_leaves_its_command_to_its_image_is_sent_to_docker(args: tuple[str, ...]) -> None:
    job = Job("run/task", 1, (Role(image="hello-world", args=args),), Path())
    with pytest.raises(ExecutorError, match=r"^run/task has no command, .* \(hello-world\): use --on docker, or name a command$"):
        check(job)
