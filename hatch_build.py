"""Puts the folders that are the programme (words, shapes, questions, example) inside the wheel, under kg/_folders/."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = ("ontology", "shapes", "queries", "viewer", "examples")


class FoldersInside(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the folders to a wheel; an editable install reads them where they stand."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        for folder in FOLDERS:
            if (Path(self.root) / folder).is_dir():
                build_data["force_include"][str(Path(self.root) / folder)] = f"kg/_folders/{folder}"
