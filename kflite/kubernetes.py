"""What a task asks of Kubernetes: kflite.dsl.kubernetes, where users of `kfp.kubernetes` look for it."""

from kflite.dsl.kubernetes import *  # noqa: F403 - every public name, and no second list of them to keep
