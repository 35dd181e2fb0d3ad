"""Make the Turtle of the Moerwijk example from its facts: python examples/moerwijk/convert.py [--check].

Without --check the files are written; with it nothing is written and differences end with exit code 1.
The same facts give the same bytes. The report says which facts were changed to fit the model, and by which rule.
"""

import json
import sys
import tomllib
from pathlib import Path

from comparing import report
from fitting import EDITORS, REGISTER, Moerwijk, everything
from writing import Document, turtle

HERE = Path(__file__).parent
STAGES = ("register", "sources", "places", "things", "ties", "responses", "outcomes", "versions")
# A resident's story that a professional wrote down on behalf of the residents' group.
ON_BEHALF = {"things/voorbeeld-bewoners-namens": "voorbeeld-zorg"}


def read_facts(folder: Path) -> Moerwijk:
    """All facts, each file under its own name."""
    tables = {file.stem: tomllib.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.toml"))}
    return Moerwijk(research=json.loads((folder / "research.json").read_text("utf-8")), **tables)


def batch(facts: Moerwijk, file: str, path: str, holder: str) -> dict[str, str | bool]:
    """One line of the manifest: who publishes the file, for whom, on what footing."""
    recorder, delegation = holder, "byHolder"
    if file in ON_BEHALF:
        recorder, delegation = ON_BEHALF[file], "namens"
    elif holder != EDITORS and not facts.parties[holder].get("fictional") and file not in ("register", "places"):
        recorder, delegation = EDITORS, "publicSource"
    line: dict[str, str | bool] = {"file": path, "holder": holder, "recorder": recorder, "delegation": delegation}
    if file.startswith("versions/"):
        line["replace"] = True
    return line


def order(facts: Moerwijk, file: str) -> tuple[int, bool, bool, str]:
    """Targets before the ties that point to them: by stage, the register's own first, the fictional parties last."""
    stage, _, slug = file.partition("/")
    return (STAGES.index(stage), slug.startswith("voorbeeld-"), slug != REGISTER, _rank(stage, slug))


def _rank(stage: str, slug: str) -> str:
    """Among the fictional parties the place and the policy come first; otherwise files follow the alphabet."""
    first = {"voorbeeld-gemeente": "0", "voorbeeld-zorg": "1", "voorbeeld-bewoners": "2"}
    return first.get(slug, slug) if stage in ("things", "outcomes") else slug


def make(facts: Moerwijk) -> dict[str, str]:
    """Every file of the example as path → text, the manifest and the report included."""
    files: dict[str, list[Document]] = {}
    for document in everything(facts):
        files.setdefault(document.file, []).append(document)
    made, manifest = {}, []
    for number, file in enumerate(sorted(files, key=lambda file: order(facts, file))):
        stage, _, slug = file.partition("/")
        path = f"turtle/{file}.ttl" if slug else f"turtle/{number + 1:02d}-{stage}.ttl"
        made[path] = turtle(tuple(files[file]))
        manifest.append(batch(facts, file, path, files[file][0].holder))
    made["manifest.json"] = "[\n" + ",\n".join("  " + json.dumps(line) for line in manifest) + "\n]\n"
    made["facts-changed-to-fit.txt"] = report(facts, [made[str(line["file"])] for line in manifest])
    return made


def _stored(folder: Path) -> dict[str, str]:
    """The files as they are checked in."""
    paths = [*folder.glob("turtle/**/*.ttl"), folder / "manifest.json", folder / "facts-changed-to-fit.txt"]
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in paths if path.exists()}


def main(arguments: list[str]) -> int:
    """Write the files, or with --check say which ones differ."""
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    made, stored = make(read_facts(HERE / "facts")), _stored(HERE)
    different = sorted(path for path in made.keys() | stored.keys() if made.get(path) != stored.get(path))
    if arguments:
        print("\n".join(different), file=sys.stderr) if different else None
        return 1 if different else 0
    for path in different:
        target = HERE / path
        if path in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(made[path], "utf-8")
        else:
            target.unlink()
    print(made["facts-changed-to-fit.txt"], end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
