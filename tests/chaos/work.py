"""A pipeline whose tasks write down that they ran: a line for each execution, with its task and attempt."""

from kflite import dsl


@dsl.component
def step(name: str, ledger: str, x: int, fail_first: bool = False) -> int:
    import os
    import time

    attempt = os.environ["KFLITE_ATTEMPT"]
    line = f"{os.environ['KFLITE_JOB'].partition('/')[2]} {attempt}\n"
    handle = os.open(ledger, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    os.write(handle, line.encode())
    time.sleep(0.02)  # long enough for a scheduler to die meanwhile
    if fail_first and attempt == "1":
        raise RuntimeError("the first attempt fails")
    return x + 1


@dsl.component
def total(xs: list, ledger: str) -> int:
    import os

    handle = os.open(ledger, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    os.write(handle, f"{os.environ['KFLITE_JOB'].partition('/')[2]} {os.environ['KFLITE_ATTEMPT']}\n".encode())
    return sum(xs)


@dsl.pipeline
def work(ledger: str) -> int:
    first = step(name="first", ledger=ledger, x=0)
    flaky = step(name="flaky", ledger=ledger, x=first.output, fail_first=True)
    flaky.set_retry(num_retries=1, backoff_duration="0s")
    with dsl.ParallelFor([1, 2, 3]) as item:
        part = step(name="part", ledger=ledger, x=item)
        part.after(flaky)
    return total(xs=dsl.Collected(part.output), ledger=ledger).output
