"""Loads the official messages of a pipeline without the rest of `kfp`.

`kfp.pipeline_spec` is inside the package `kfp`. If the SDK is installed too, importing it by name would run the SDK's start-up
(a quarter of a second), so the module is loaded from its file.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from kflite.errors import KfliteError

_NAME = "kfp.pipeline_spec.pipeline_spec_pb2"


def _load() -> ModuleType:
    if _NAME in sys.modules:
        return sys.modules[_NAME]
    package = PathFinder.find_spec("kfp")
    for folder in (package.submodule_search_locations or ()) if package else ():
        file = Path(folder, "pipeline_spec", "pipeline_spec_pb2.py")
        spec = spec_from_file_location("kflite.ir._pipeline_spec_pb2", file) if file.is_file() else None
        if spec and spec.loader:
            module = module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    raise KfliteError("the package kfp-pipeline-spec is not installed: pip install kfp-pipeline-spec")


if TYPE_CHECKING:
    from kfp.pipeline_spec.pipeline_spec_pb2 import (
        ComponentSpec,
        PipelineDeploymentConfig,
        PipelineSpec,
        PipelineTaskSpec,
        SinglePlatformSpec,
    )
else:
    _module = _load()
    ComponentSpec = _module.ComponentSpec
    PipelineDeploymentConfig = _module.PipelineDeploymentConfig
    PipelineSpec = _module.PipelineSpec
    PipelineTaskSpec = _module.PipelineTaskSpec
    SinglePlatformSpec = _module.SinglePlatformSpec

__all__ = ["ComponentSpec", "PipelineDeploymentConfig", "PipelineSpec", "PipelineTaskSpec", "SinglePlatformSpec"]
