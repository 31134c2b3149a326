"""Components out of files, under the names that `kfp.components` has."""

from __future__ import annotations

from kflite.dsl.load import load_component_from_file, load_component_from_text, load_component_from_url

__all__ = ["load_component_from_file", "load_component_from_text", "load_component_from_url"]
