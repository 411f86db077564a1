"""Checks that the modules are as the manifest and CONTRIBUTING.md say.

    python3 Scripts/check-modules.py            # complains, and exits with 1, where they differ
    python3 Scripts/check-modules.py --draw     # prints the drawing for CONTRIBUTING.md

Every target imports only what it declares, and declares only what it imports; no two modules have a public type of the
same name; and the drawing in CONTRIBUTING.md has an arrow for each dependency between the modules in Sources, but for
those that follow from others.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What comes with Swift or the system.
TOOLCHAIN = {"Foundation", "FoundationXML", "Dispatch", "Synchronization", "Testing", "Glibc", "Musl", "Darwin"}


def dependencies(target):
    """Names of the targets and products that a target declares."""
    return {name for entry in target["dependencies"] for kind in entry.values() for name in kind[:1]}


def folder(target):
    return ROOT / (target.get("path") or ("Tests/" if target["type"] == "test" else "Sources/") + target["name"])


def sources(target):
    return sorted(folder(target).resolve().rglob("*.swift"))


def imports(file):
    """The modules in a file's head: further down, an import stands in a text for somebody else."""
    found = set()
    for line in file.read_text().splitlines():
        match = re.match(r"\s*(?:@\w+ )?(?:(?:package|internal|private|public) )?import (\w+)", line)
        if match:
            found.add(match[1])
        elif line.strip() and not line.lstrip().startswith(("//", "#")):
            break
    return found


def check(targets):
    problems = []
    # Targets that are built from another's folder, through a link, count as that one.
    twins = {t["name"]: folder(t).resolve().name for t in targets if folder(t).is_symlink()}

    def originals(names):
        return {twins.get(name, name) for name in names}

    for target in targets:
        files = sources(target)
        if not files:
            continue
        declared = originals(dependencies(target))
        used = originals(set().union(*(imports(file) for file in files))) - TOOLCHAIN - {"PackageDescription"}
        # A test of a program's own lines runs it, and imports nothing of it.
        executables = {t["name"] for t in targets if t["type"] == "executable"}
        problems += [f"{target['name']} imports {name}, which it does not declare" for name in sorted(used - declared)]
        problems += [
            f"{target['name']} declares {name}, which it does not import"
            for name in sorted(declared - used - executables)
        ]
    owners = {}
    for target in targets:
        if target["type"] == "test" or target.get("path") or target["name"] in twins:
            continue
        for file in sources(target):
            for name in re.findall(r"^(?:public |package )?(?:final )?(?:struct|class|enum|protocol|actor) (\w+)",
                                   file.read_text(), re.MULTILINE):  # fmt: skip
                owners.setdefault(name, set()).add(target["name"])
    names = {target["name"] for target in targets}
    for name, modules in sorted(owners.items()):
        if len(modules) > 1:
            problems.append(f"{name} is a type of {' and of '.join(sorted(modules))}")
        if name in names:
            problems.append(f"{name} is a type and a module")
    return problems


def drawing(targets):
    """A Mermaid graph of the Swift modules in Sources; an arrow that follows from others is left out."""
    inside = {
        t["name"]
        for t in targets
        if t["type"] in ("regular", "executable") and not t.get("path") and sources(t) and not folder(t).is_symlink()
    }
    arrows = {t["name"]: dependencies(t) & inside for t in targets if t["name"] in inside}

    def reachable(name):
        return set().union(*({other} | reachable(other) for other in arrows[name]))

    lines = ["```mermaid", "graph BT"]
    for name in sorted(arrows):
        needed = [o for o in sorted(arrows[name]) if not any(o in reachable(p) for p in arrows[name] - {o})]
        lines += [f"  {name} --> {other}" for other in needed]
    return "\n".join(lines + ["```"])


def main():
    manifest = subprocess.run(["swift", "package", "dump-package"], cwd=ROOT, check=True, capture_output=True).stdout
    targets = json.loads(manifest)["targets"]
    if sys.argv[1:] == ["--draw"]:
        print(drawing(targets))
        return
    problems = check(targets)
    if drawing(targets) not in (ROOT / "CONTRIBUTING.md").read_text():
        problems.append("CONTRIBUTING.md has another drawing than Scripts/check-modules.py --draw makes")
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
