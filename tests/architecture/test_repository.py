"""The repository is what it says it is: files where agreed, small, and named truly."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from importlib import import_module
from inspect import getdoc, isfunction, signature
from pathlib import Path

import pytest

import napari_stentrans
from napari_stentrans import errors

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
LONGEST = 400

TOP_LEVEL = {
    ".ci",
    ".gitignore",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "benchmarks",
    "docs",
    "napari.yaml",
    "pyproject.toml",
    "sample_data",
    "scripts",
    "src",
    "tests",
}
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_files_are_small(path: Path) -> None:
    n_lines = len(path.read_text(encoding="utf-8").splitlines())
    assert n_lines <= LONGEST, f"{path.name} has {n_lines} lines; split it"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_files_say_what_they_are_for(path: Path) -> None:
    assert re.match(r'"""\S', path.read_text(encoding="utf-8")), path


def test_top_level_is_as_agreed() -> None:
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = {name.partition("/")[0] for name in listed.stdout.split("\0") if name}
    assert found <= TOP_LEVEL


def test_manifest_stands_once() -> None:
    # A link, so that editable installs, wheels and readers of the root see one file.
    inside = ROOT / "src/napari_stentrans/napari.yaml"
    assert inside.is_file()
    assert not inside.is_symlink()
    assert (ROOT / "napari.yaml").read_bytes() == inside.read_bytes()


def test_version_is_in_the_changelog_and_the_citation() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    version = project["project"]["version"]
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f'version: "{version}"' in citation


@pytest.mark.parametrize("name", napari_stentrans.__all__)
def test_public_names_can_be_had(name: str) -> None:
    assert getattr(napari_stentrans, name) is not None


@pytest.mark.parametrize(
    "name",
    [n for n in napari_stentrans.__all__ if isfunction(getattr(napari_stentrans, n))],
)
def test_public_functions_tell_what_they_take_give_and_raise(name: str) -> None:
    function = getattr(napari_stentrans, name)
    told = getdoc(function) or ""
    taken = told.partition("Parameters\n---")[2].partition("\n\n")[0]
    for parameter in signature(function).parameters:
        assert re.search(rf"\b{parameter}\b", taken), parameter
    assert "\nReturns\n-------\n" in told
    assert "\nRaises\n------\n" in told


@pytest.mark.parametrize(
    "module", ["io", "datasets", "methods", "section", "evaluation", "cli", "gui"]
)
def test_packages_export_what_they_list(module: str) -> None:
    package = import_module(f"napari_stentrans.{module}")
    for name in getattr(package, "__all__", ()):
        assert hasattr(package, name), f"{module}.{name}"


def test_no_error_is_a_runtime_error() -> None:
    # superqt's generator workers swallow that family: the job would seem to run on.
    ours = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert ours
    assert not [kind for kind in ours if issubclass(kind, RuntimeError)]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_named_in_documents_exist(document: str) -> None:
    folder = (ROOT / document).parent
    text = (ROOT / document).read_text(encoding="utf-8")
    missing = [
        name
        for name, base in [
            *((link, folder) for link in linked(text)),
            *((path, ROOT) for path in quoted(text)),
        ]
        if not (base / name).exists()
    ]
    assert not missing, f"{document} names {missing}"


def linked(text: str) -> set[str]:
    """Targets of links and pictures that lie in the repository."""
    targets = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r'src="([^"]+)"', text)
    return {target for target in targets if "://" not in target}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_headings_that_links_lead_to_exist(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    missing = []
    for name, heading in re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", text):
        target = (ROOT / document).parent / name if name else ROOT / document
        if heading not in anchors(target.read_text(encoding="utf-8")):
            missing.append(f"{name}#{heading}")
    assert not missing, f"{document} leads to {missing}"


def anchors(text: str) -> set[str]:
    """What headings are called in links: small letters, hyphens, no marks."""
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


def quoted(text: str) -> set[str]:
    """Paths in backticks, as far as they begin at the top of the repository."""
    paths = re.findall(r"`([\w.-]+(?:/[\w.-]+)*/?)`", text)
    return {path for path in paths if path.split("/")[0] in TOP_LEVEL}


def test_paths_are_found_in_documents() -> None:
    text = "See [x](docs/a.md), ![p](b.png), `src/c.py`, `demo/d.png`, [e](https://e)."
    assert linked(text) == {"docs/a.md", "b.png"}
    assert quoted(text) == {"src/c.py"}
    assert anchors("# Size, and `x` damage\nNo # heading\n## B") == {
        "size-and-x-damage",
        "b",
    }
