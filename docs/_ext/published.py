"""What the programme publishes of itself: limits with their reasons, objections with their statuses, the README."""

from __future__ import annotations

import json
import re
from pathlib import Path

from term_pages import plain, table

from kg import remembering
from kg.objection import FAMILIES, OBJECTIONS
from kg.settings import Settings
from service.problems import FAMILY_STATUS, STATUS

HERE = Path(__file__).parent.parent
KIB, MIB = 1024, 1024 * 1024
PER_CORE = "one a core"  # How a description says that the value follows the machine.


def limits() -> str:
    """Every setting that bounds something: its name, its value and why it is there."""
    rows = []
    for name, field in Settings.model_fields.items():
        if name.endswith(("_max", "_bytes", "_seconds")):
            reason = field.description or ""
            rows.append([f"`{name}`", _value(name, field.default, reason), plain(reason)])
    if not rows:
        raise ValueError("no setting looks like a limit any more")
    return table(["limit", "value", "what it bounds, and why"], rows)


def past_limits() -> str:
    """What bounds the past: constants of its room, each with the reason that stands beside it in the code."""
    source = Path(remembering.__file__).read_text()
    found = re.findall(r"^([A-Z_]+_(?:MAX|MIN|SECONDS)) = ([\d.]+)  # (.+)$", source, re.MULTILINE)
    if not found:
        raise ValueError("no constant looks like a limit of the past any more")
    rows = [[f"`{name}`", _value(name.lower(), float(value), ""), plain(reason)] for name, value, reason in found]
    return table(["limit", "value", "why"], rows)


def _value(name: str, value: float, reason: str) -> str:
    if PER_CORE in reason:
        return "the cores of the machine"
    if "bytes" in name:
        size = int(value)
        return f"{size // MIB} MiB" if size % MIB == 0 else f"{size // KIB} KiB" if size % KIB == 0 else f"{size} bytes"
    return f"{value:g} s" if "seconds" in name else f"{value:g}"


def objections() -> str:
    """Every objection by family: its name, its status, its words; `{}` marks what is filled in."""
    parts = []
    for family, words in FAMILIES.items():
        rows = []
        for name in words:
            kind = OBJECTIONS[name]
            anchor = kind.anchor
            refusal = str(STATUS.get(name) or FAMILY_STATUS[family])
            status = "a warning" if kind.severity == "warning" else refusal
            rows.append([f"[`{name}`]{{#{anchor}}}", status, _words(kind.message_en), _words(kind.message_nl)])
        parts.append(f"## {family}\n\n{table(['name', 'status', 'English', 'Nederlands'], rows)}")
    return "\n".join(parts)


def _words(message: str) -> str:
    return plain(re.sub(r"\{(\w+)\}", r"{\1}", message))


def notebooks() -> str:
    """The notebooks that stand beside these pages, as downloads."""
    files = sorted((HERE / "notebooks").glob("*.ipynb"))
    if not files:
        return ""
    lines = [f"- {{download}}`{_title(file)} </notebooks/{file.name}>`" for file in files]
    return "## Notebooks\n\nTo download and run beside a service:\n\n" + "\n".join(lines) + "\n"


def _title(file: Path) -> str:
    for cell in json.loads(file.read_text())["cells"]:
        first = "".join(cell["source"]).splitlines()[:1]
        if cell["cell_type"] == "markdown" and first and first[0].startswith("# "):
            return first[0].removeprefix("# ")
    return file.stem


def readme() -> str:
    """The README as a page: links to these pages lead there, links to other files are text."""
    text = (HERE.parent / "README.md").read_text().replace("# Wijkgraaf\n", "# README\n", 1)
    text = re.sub(r"(\]\()docs/", r"\1", text)
    local = re.compile(r"\[(?P<text>[^\]]+)\]\((?!https?:|#)(?P<to>[^)]+)\)")
    return local.sub(lambda m: m[0] if (HERE / m["to"].partition("#")[0]).is_file() else m["text"], text)
