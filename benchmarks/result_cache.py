"""Results of single runs as files, so that a benchmark can be stopped and continued.

A result counts as long as the section, the source of all modules that took part in it,
and the settings that those mention are what they were. Comments and docstrings do not
matter, nor do other methods: a change to one leaves the results of the rest valid. Nor
does a change after which the results were seen to be the same (`still_same.py`).
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import os
import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from napari_stentrans.config import RunConfig
from napari_stentrans.evaluation import Protocol
from napari_stentrans.evaluation.baselines import BASELINES
from napari_stentrans.methods.base import get_method

PACKAGE = "napari_stentrans"
_SCORING = [
    f"{PACKAGE}.evaluation.{name}" for name in ("run", "scoring", "genes", "report")
]
_NOT_FOLLOWED = {
    f"{PACKAGE}{name}" for name in ("", ".evaluation", ".config", ".io.given")
}
"""Lists of names, also of what draws and writes reports; the settings, by value; and
readers, which the section's fingerprint stands for."""
_SAME = "same.json"
"""By method, kind of run and state of the source: other states, known to give the same
results."""
_REGISTRIES = {"_REGISTRY", "COMMANDS"}
"""Lists of names; what they name is followed where it is used."""


class ResultCache:
    """A folder of results, one JSON file a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, facts: dict[str, Any]) -> Path:
        """Return where the result of a run is kept, whatever it was made with."""
        told = [str(facts[k]) for k in ("protocol", "task", "method", "seed")]
        section = re.sub(r"[^\w.-]+", "_", facts["section"])
        return self.folder / section / f"{'-'.join(told)}.json"

    def get(self, facts: dict[str, Any]) -> dict[str, Any] | None:
        """Return a result, or None if there is none that counts."""
        path = self.path(facts)
        if not path.exists():
            return None
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        of = sources(facts["method"])
        same = {of.digest, *self.same_as(facts["method"], kind_of(facts), of.digest)}
        counts = found["facts"] == _mentioned(facts, of) and found["sources"] in same
        return found if counts else None

    def put(self, facts: dict[str, Any], result: dict[str, Any]) -> None:
        """Keep a result; the file appears complete or not at all."""
        path, of = self.path(facts), sources(facts["method"])
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = {"facts": _mentioned(facts, of), "sources": of.digest, **result}
        _write(path, json.dumps(whole, separators=(",", ":")))

    def same_as(self, method: str, kind: str, digest: str) -> list[str]:
        """Return other states of a method's source that are known to do the same."""
        return self._known().get(method, {}).get(kind, {}).get(digest, [])

    def add_same(self, method: str, kind: str, digest: str, other: str) -> None:
        """Write down that another state does the same, and all that do as it does."""
        known = self._known()
        further = (self.same_as(method, kind, state) for state in (other, digest))
        others = {other}.union(*further) - {digest}
        known.setdefault(method, {}).setdefault(kind, {})[digest] = sorted(others)
        self.folder.mkdir(parents=True, exist_ok=True)
        _write(self.folder / _SAME, json.dumps(known, indent=1, sort_keys=True))

    def _known(self) -> dict[str, dict[str, dict[str, list[str]]]]:
        path = self.folder / _SAME
        known: dict[str, dict[str, dict[str, list[str]]]] = (
            json.loads(path.read_text("utf-8")) if path.exists() else {}
        )
        return known


def kind_of(facts: dict[str, Any]) -> str:
    """Return what a change may have left as it was: a task, or the paper's protocol."""
    paper = facts["protocol"] == Protocol.PAPER
    return str(facts["protocol"] if paper else facts["task"])


def _mentioned(facts: dict[str, Any], of: Sources) -> dict[str, Any]:
    """Leave only those settings in the facts that the source mentions."""
    config = {k: v for k, v in facts["config"].items() if k in of.settings}
    return facts | {"config": config}


def _write(path: Path, text: str) -> None:
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(path)


@dataclass(frozen=True)
class Sources:
    """What a method's result hangs on.

    Attributes
    ----------
    digest
        Hash of the package's version and of all source that takes part. Files of other
        kinds beside a module, such as weights, belong to it.
    settings
        Fields of `RunConfig` that are mentioned there.
    """

    digest: str
    settings: frozenset[str]


@cache
def sources(method: str) -> Sources:
    """Look through the modules of a method and of the scores."""
    enhancer = BASELINES[method] if method in BASELINES else type(get_method(method))
    modules: dict[str, Path] = {}
    for name in [*_SCORING, enhancer.__module__]:
        _collect(name, modules)
    digest = hashlib.sha256(version("napari-stentrans").encode())
    folders, settings = set(), set()
    for name in sorted(modules):
        tree = ast.parse(modules[name].read_text(encoding="utf-8"))
        settings |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        digest.update(f"{name}\n{_code(tree)}".encode())
        folders.add(modules[name].parent)
    for folder in sorted(folders):
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.suffix not in {".py", ".pyc", ".pyi"}:
                digest.update(path.name.encode() + path.read_bytes())
    return Sources(
        digest.hexdigest()[:12], frozenset(settings & set(RunConfig.model_fields))
    )


def _collect(name: str, found: dict[str, Path]) -> None:
    """Follow the imports of a module within the package."""
    spec = importlib.util.find_spec(name) if name.startswith(PACKAGE) else None
    if name in found or spec is None or spec.origin is None:
        return
    if name in _NOT_FOLLOWED:
        return
    found[name] = Path(spec.origin)
    for node in ast.walk(ast.parse(found[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            _collect(node.module or "", found)
            for alias in node.names:
                below = f"{node.module}.{alias.name}"
                if _is_module(below):
                    _collect(below, found)


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # a name in a module, not a module in a package
        return False


def _code(tree: ast.Module) -> str:
    """Source without comments, docstrings and registries."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [part for part in body if not _says_nothing(part)]  # type: ignore[attr-defined]
    return ast.unparse(tree)


def _says_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Name) and node.target.id in _REGISTRIES
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text and isinstance(node.value.value, str)
