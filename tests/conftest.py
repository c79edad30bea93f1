"""Fixtures that tests of every folder share. Knows nothing about Qt or torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real sections beside the checkout; skips where there is none."""
    data = SHARED / "data"
    if not data.is_dir():
        pytest.skip("real sections are not on this machine")
    return data


@pytest.fixture(scope="session")
def shared_reference() -> Path:
    """Recorded facts about the released code; skips where there are none."""
    reference = SHARED / "reference"
    if not reference.is_dir():
        pytest.skip("reference arrays are not on this machine")
    return reference


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator that is the same in every run."""
    return np.random.default_rng(20240708)
