"""What `tests/run` found on this machine, read before any test changes the environment; "" for what is missing."""

from __future__ import annotations

import os

POSTGRES = os.environ.get("KFLITE_TEST_POSTGRES", "")
IMAGE = os.environ.get("KFLITE_TEST_IMAGE", "kflite-test/python:3.11")
LEARNING_IMAGE = os.environ.get("KFLITE_TEST_LEARNING_IMAGE", "")
RUN = os.environ.get("KFLITE_TEST_RUN", "")
S3, STAGING_IMAGE = (os.environ.get(f"KFLITE_TEST_{name}", "") for name in ("S3", "STAGING_IMAGE"))
KUBECONFIG = os.environ.get("KFLITE_TEST_KUBECONFIG", "")
IN_CI = os.environ.get("CI") == "true"
