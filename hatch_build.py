"""Puts the folders that are the programme (words, shapes, questions, example) inside the wheel, under kg/_folders/."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = (
    "ontology",
    "shapes",
    "queries",
    "mappings",
    "viewer/static",
    "examples",
    "tests/data/refused",
    "tests/data/accepted",
)


class FoldersInside(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the folders to a wheel, the islands of the viewer built; an editable install reads them where they stand."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or self.target_name != "wheel":
            return
        root = Path(self.root)
        if subprocess.run([sys.executable, str(root / "viewer" / "bundle.py")]).returncode != 0:
            raise SystemExit(
                "A wheel holds the islands of the viewer, and they could not be built: build where npm's registry can "
                "be reached, or run `make viewer` first and build from that folder."
            )
        for folder in FOLDERS:
            if (root / folder).is_dir():
                build_data["force_include"][str(root / folder)] = f"kg/_folders/{folder}"
