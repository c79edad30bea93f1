"""The manifest names things that exist, and napari would accept it."""

from __future__ import annotations

import subprocess
import sys
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path

import pytest
from npe2 import PluginManifest

from napari_stentrans import plugin
from napari_stentrans.io import FILE_PATTERNS

MANIFEST = Path(plugin.__file__).with_name("napari.yaml")


@pytest.fixture(scope="module")
def manifest():
    return PluginManifest.from_file(MANIFEST)


def python_names():
    commands = PluginManifest.from_file(MANIFEST).contributions.commands
    return [command.python_name for command in commands]


def test_the_installed_plugin_is_this_manifest(manifest):
    installed = PluginManifest.from_distribution("napari-stentrans")

    assert installed.contributions == manifest.contributions
    assert installed.display_name == "stEnTrans"


def test_the_manifest_is_valid(manifest):
    manifest.validate_imports()


@pytest.mark.parametrize("python_name", python_names())
def test_every_command_can_be_called(python_name):
    module, _, name = str(python_name).partition(":")

    assert callable(getattr(import_module(module), name))


def test_every_contribution_has_its_command(manifest):
    contributed = manifest.contributions
    known = {command.id for command in contributed.commands}
    used = [
        *contributed.readers,
        *contributed.widgets,
        *contributed.writers,
        *contributed.sample_data,
        *(item for items in contributed.menus.values() for item in items),
    ]

    assert {each.command for each in used} == known


@pytest.mark.parametrize(
    "name",
    [
        "a.h5ad",
        "counts.tsv.gz",
        "GSM1_matrix.mtx.gz",
        "cell_by_gene.csv",
        "experiment.xenium",
        "A1_experiment.xenium",
        "cell_segmentations.geojson",
        "scalefactors_json.json",
        "cells.cellbin.gef",
    ],
)
def test_files_that_the_formats_name_may_be_dropped(manifest, name):
    (reader,) = manifest.contributions.readers
    assert any(fnmatch(f"/data/{name}", each) for each in reader.filename_patterns)
    assert not any(fnmatch("/data/a.json", each) for each in reader.filename_patterns)


def test_napari_offers_what_the_panel_offers(manifest):
    (reader,) = manifest.contributions.readers
    assert tuple(reader.filename_patterns) == FILE_PATTERNS


def test_menu_entries_are_in_menus_that_plugins_may_use(manifest):
    from napari._app_model.constants._menus import is_menu_contributable

    assert manifest.contributions.menus
    assert all(map(is_menu_contributable, manifest.contributions.menus))


def test_importing_the_plugin_imports_nothing_heavy():
    heavy = ("torch", "napari", "qtpy", "PyQt6", "scanpy", "anndata", "scipy")
    code = (
        "import sys, napari_stentrans.plugin; "
        f"print([name for name in {heavy} if name in sys.modules])"
    )

    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == "[]"
