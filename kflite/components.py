"""Components out of files, and kinds of components, under the names that `kfp.components` has."""

from __future__ import annotations

from kflite.dsl.component import Component as BaseComponent
from kflite.dsl.container import ContainerComponent
from kflite.dsl.load import load_component_from_file, load_component_from_text, load_component_from_url
from kflite.dsl.loaded import LoadedComponent as YamlComponent
from kflite.dsl.python import PythonComponent

__all__ = [
    "BaseComponent",
    "ContainerComponent",
    "PythonComponent",
    "YamlComponent",
    "load_component_from_file",
    "load_component_from_text",
    "load_component_from_url",
]
