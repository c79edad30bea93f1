"""Inside io, too, imports go downwards only: as the table in `io` says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from napari_stentrans import io

HERE = "napari_stentrans.io."
FOLDER = Path(io.__file__).parent
PARTS = re.findall(r"^(\w+)  +\w", io.__doc__ or "", flags=re.MULTILINE)
"""What io consists of, the highest first."""
MODULES = [path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.py")]


def part_of(name: str) -> str:
    return re.split(r"[./]", name)[0]


def imported_parts(source: str) -> set[str]:
    froms = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)
    ]
    names = [f"{node.module}.{alias.name}" for node in froms for alias in node.names]
    return {part_of(name.removeprefix(HERE)) for name in names if HERE in name}


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"__init__.py"}))
def test_imports_go_downwards(module: str) -> None:
    used = imported_parts((FOLDER / module).read_text(encoding="utf-8"))
    here = PARTS.index(part_of(module))
    assert all(PARTS.index(part) >= here for part in used), (module, used)


def test_the_table_names_what_there_is() -> None:
    assert {part_of(module) for module in MODULES} - {"__init__"} == set(PARTS)


@pytest.mark.parametrize("part", [part for part in PARTS if (FOLDER / part).is_dir()])
def test_within_a_part_there_is_no_circle(part: str) -> None:
    uses: dict[str, set[str]] = {}
    for path in (FOLDER / part).rglob("*.py"):
        name = HERE + path.relative_to(FOLDER).with_suffix("").as_posix().replace(
            "/", "."
        )
        uses[name] = {
            node.module
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and node.module
        }
    left = set(uses)
    while left:
        leaves = {name for name in left if not uses[name] & left}
        assert leaves, f"these import one another: {sorted(left)}"
        left -= leaves
