"""Fixtures that tests of every folder share. Knows nothing about Qt or torch."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from napari_stentrans.section.lattice import Lattice
    from napari_stentrans.section.section import Section

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="module", autouse=True)
def what_was_there_is_not_looked_through() -> None:
    """Garbage is looked for in what a module of tests makes, not in what it found.

    Looking through all that torch, pandas and napari made takes a third of a second,
    which would be two thirds of the time of all tests of the window.
    """
    gc.collect()
    gc.freeze()


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


@pytest.fixture(scope="session")
def bare_section() -> Callable[..., Section]:
    """Build a section of one gene, a count of 1 everywhere, at array coordinates."""
    import pandas as pd
    from scipy import sparse

    from napari_stentrans.section.section import Section

    def build(
        array_rc: ArrayLike, lattice: Lattice, pixel_xy: ArrayLike | None = None
    ) -> Section:
        positions = np.asarray(array_rc, dtype=np.float64).reshape(-1, 2)
        return Section(
            name="bare",
            counts=sparse.csr_matrix(np.ones((len(positions), 1), dtype=np.float32)),
            obs=pd.DataFrame(index=[f"spot{k}" for k in range(len(positions))]),
            var=pd.DataFrame(index=["GENE"]),
            array_rc=positions,
            lattice=lattice,
            pixel_xy=None if pixel_xy is None else np.asarray(pixel_xy, np.float64),
        )

    return build
