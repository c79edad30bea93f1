"""Imports go downwards only, and heavy packages stay in their layer.

The source is read, not run: a breach is found without torch, napari or Qt installed.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = "napari_stentrans"
SOURCE = Path(__file__).parents[2] / "src" / PACKAGE

# Each part of the package and how high it stands; CONTRIBUTING.md shows the same table.
LAYERS = {
    "errors": 0,
    "imports": 0,
    "keys": 0,
    "portions": 0,
    "wording": 0,
    "section": 1,
    "config": 1,
    "progress": 1,
    "settings": 1,
    "io": 2,
    "datasets": 2,
    "methods": 3,
    "evaluation": 3,
    "request": 4,
    "annotations": 4,
    "enhanced": 4,
    "readings": 4,
    "exports": 4,
    "figures": 4,
    "provenance": 4,
    "saving": 4,
    "pipeline": 4,
    "estimates": 4,
    "signatures": 4,
    "recipe": 4,
    "cli": 5,
    "plugin": 5,
    "gui": 5,
}
# Neighbours on one layer that must not know each other.
STRANGERS = {"methods": {"evaluation"}, "io": {"datasets"}, "gui": {"cli", "plugin"}}

QT = {"qtpy", "PyQt5", "PyQt6", "PySide2", "PySide6"}
WINDOW = {"napari", "qtpy", "magicgui", "superqt", "psygnal"}
HEAVY = WINDOW | QT | {"torch", "vispy", "matplotlib", "scanpy", "squidpy"}
HEAVY_AT_HOME = {"methods": {"torch"}, "gui": WINDOW | {"vispy"}}
"""What may be imported at the top of a module there; elsewhere only when used."""

TORCH_HOME = "methods"
# Modules of the GUI that must work, and be testable, without a window.
WINDOWLESS = {"gui/canvas/layers.py": set(), "gui/state/": {"psygnal"}}

# A panel knows session, controller and forms; only the main widget knows the panels.
PANEL = re.compile(r"gui/widgets/\w+_panel\.py")


@dataclass(frozen=True)
class Import:
    """One imported name, absolute."""

    name: str
    deferred: bool
    """Not run at import: inside a function, or for the type checker only."""

    @property
    def root(self) -> str:
        return self.name.partition(".")[0]

    @property
    def part(self) -> str:
        """What of this package is imported; empty for other packages."""
        return self.name.split(".")[1] if self.root == PACKAGE else ""


def imports_in(node: ast.AST, deferred: bool = False) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(f"{alias.name}.", deferred)
        elif isinstance(child, ast.ImportFrom):
            for alias in child.names:
                yield Import(f"{child.module}.{alias.name}", deferred)
        else:
            yield from imports_in(child, deferred or _defers(child))


def _defers(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def _fit_for_a_panel(name: str) -> bool:
    deep = re.match(rf"{PACKAGE}\.(methods|io|pipeline)\b", name)
    return not deep and not re.search(r"\.widgets\.\w+_(panel|widget)\b", name)


def breaches(module: str, source: str) -> list[str]:
    """Every import of a module (path below the package) that the layers forbid."""
    part = Path(module).parts[0].removesuffix(".py")
    found = []
    for imported in imports_in(ast.parse(source)):
        upwards = LAYERS.get(imported.part, 0) > LAYERS.get(part, 9)
        stranger = imported.part in STRANGERS.get(part, ())
        at_home = HEAVY_AT_HOME.get(part, set())
        heavy = not imported.deferred and imported.root in HEAVY - at_home
        torch = imported.root == "torch" and part != TORCH_HOME
        window = any(
            module.startswith(home) and imported.root in (WINDOW | QT) - allowed
            for home, allowed in WINDOWLESS.items()
        )
        gui = part == "cli" and imported.part == "gui" and not imported.deferred
        panel = PANEL.match(module) and not _fit_for_a_panel(imported.name)
        if upwards or stranger or heavy or torch or window or gui or panel:
            found.append(imported.name.rstrip("."))
    return found


MODULES = [path.relative_to(SOURCE).as_posix() for path in sorted(SOURCE.rglob("*.py"))]


@pytest.mark.parametrize("module", MODULES)
def test_imports_respect_the_layers(module: str) -> None:
    found = breaches(module, (SOURCE / module).read_text(encoding="utf-8"))
    assert not found, f"{module} must not import {found}"


def test_every_part_has_a_layer() -> None:
    parts = {Path(module).parts[0].removesuffix(".py") for module in MODULES}
    assert parts - {"__init__"} <= set(LAYERS)


def test_contributors_see_the_same_layers() -> None:
    guide = (SOURCE.parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) \| (.+?) \|", guide, flags=re.MULTILINE)
    shown = {
        part: int(row) for row, parts in rows for part in re.findall(r"\w+", parts)
    }
    assert shown == LAYERS


@pytest.mark.parametrize(
    ("module", "source"),
    [
        pytest.param("keys.py", "import napari_stentrans.config", id="upwards"),
        pytest.param(
            "section/lattice.py",
            "def f():\n    from napari_stentrans.pipeline import enhance",
            id="upwards-in-a-function",
        ),
        pytest.param(
            "methods/base.py", "import napari_stentrans.evaluation", id="aside"
        ),
        pytest.param("section/raster.py", "from torch import nn", id="torch"),
        pytest.param("pipeline.py", "def f():\n    import torch", id="torch-deferred"),
        pytest.param("io/h5ad.py", "import scanpy", id="scanpy"),
        pytest.param("gui/jobs/workers.py", "from PyQt6 import QtCore", id="binding"),
        pytest.param(
            "gui/canvas/layers.py", "def f():\n    import napari", id="windowless"
        ),
        pytest.param("cli/demo.py", "from napari_stentrans.gui import x", id="cli-gui"),
        pytest.param("plugin.py", "class A:\n    import napari", id="in-a-class"),
        pytest.param(
            "gui/widgets/run_panel.py",
            "from napari_stentrans.gui.widgets.gene_panel import GenePanel",
            id="panel-knows-panel",
        ),
        pytest.param(
            "gui/widgets/run_panel.py",
            "from napari_stentrans.io import x",
            id="panel-io",
        ),
    ],
)
def test_a_breach_is_found(module: str, source: str) -> None:
    assert breaches(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        pytest.param("methods/stentrans/network.py", "import torch.nn", id="torch"),
        pytest.param("gui/state/view.py", "from psygnal import Signal", id="psygnal"),
        pytest.param(
            "plugin.py",
            "if TYPE_CHECKING:\n    import napari\ndef f():\n    import napari",
            id="deferred",
        ),
        pytest.param(
            "cli/demo.py",
            "def f():\n    from napari_stentrans.gui import x",
            id="cli-gui",
        ),
    ],
)
def test_a_lawful_import_is_not(module: str, source: str) -> None:
    assert not breaches(module, source)


@pytest.mark.parametrize("name", ["", ".cli", ".plugin", ".pipeline"])
def test_importing_loads_nothing_heavy(name: str) -> None:
    code = f"import sys, {PACKAGE}{name}; print(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not (HEAVY - {"psygnal"}) & set(done.stdout.split())
