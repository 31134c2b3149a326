# kflite run examples/retries.py
"""A task that fails at first is tried again, after a wait that doubles; a clean-up task runs whatever happened."""

from kflite import dsl


@dsl.component
def flaky(failures: int) -> str:
    import os

    attempt = int(os.environ["KFLITE_ATTEMPT"])
    if attempt <= failures:
        raise ConnectionError(f"attempt {attempt}: the server does not answer")
    return f"attempt {attempt} succeeded"


@dsl.component
def clean_up(status: dsl.PipelineTaskFinalStatus):
    print(f"{status.pipeline_task_name} ended: {status.state}")


@dsl.pipeline
def retries(failures: int = 2) -> str:
    with dsl.ExitHandler(clean_up()):
        task = flaky(failures=failures).set_retry(num_retries=3, backoff_duration="1s", backoff_factor=2.0)
        task.set_timeout(60)
    return task.output
