"""Small simulated sections that methods are fitted to."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.config import RunConfig
from napari_stentrans.datasets import simulated_section
from napari_stentrans.datasets.simulated import SimulatedSection


@pytest.fixture(scope="session")
def simulated() -> SimulatedSection:
    """A square section of a few hundred spots and 120 genes."""
    return simulated_section(
        lattice="square", n_rows=18, n_cols=18, n_genes=120, seed=3, mean_library=3000
    )


@pytest.fixture(scope="session")
def hidden(simulated: SimulatedSection) -> np.ndarray:
    """A fifth of its spots, at random."""
    return np.random.default_rng(1).random(simulated.section.n_spots) < 0.2


@pytest.fixture
def quick() -> RunConfig:
    """The default method, small enough for a test."""
    return RunConfig.model_validate(
        {
            "transformer": {
                "width": 16,
                "depth": 1,
                "heads": 2,
                "episodes": 3,
                "steps": 20,
            }
        }
    )
