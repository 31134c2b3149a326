# kflite run examples/containers.py
"""Any program in any image as a task. Needs Docker; `KFLITE_IMAGES='python:*=MIRROR/python:3.11'` takes images from elsewhere."""

from kflite import dsl


@dsl.container_component
def count_words(text: str, counts: dsl.OutputPath(str)):
    script = 'echo "$1" | tr " " "\\n" | sort | uniq -c | sort -rn > "$0"'
    return dsl.ContainerSpec(image="python:3.11", command=["sh", "-ec", script], args=[counts, text])


@dsl.component(base_image="python:3.11")
def most_frequent(counts: str) -> str:
    """A Python component runs in its image too, with `--on docker`; otherwise as a process."""
    return counts.split()[1]


@dsl.pipeline
def containers(text: str = "to be or not to be is what to ask") -> str:
    counted = count_words(text=text)
    counted.set_cpu_limit("1").set_memory_limit("256Mi")
    return most_frequent(counts=counted.outputs["counts"]).output
