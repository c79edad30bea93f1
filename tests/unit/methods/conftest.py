"""Small simulated sections that methods are fitted to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from napari_stentrans.config import RunConfig
from napari_stentrans.datasets import simulated_section
from napari_stentrans.datasets.simulated import SimulatedSection
from napari_stentrans.methods.base import get_method
from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.methods.stentrans.fitted import FittedStEnTrans
from napari_stentrans.methods.stentrans.network import SpotTransformer
from napari_stentrans.methods.stentrans.weights import load_network
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.section import Section


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


@pytest.fixture(scope="session")
def kriging(simulated: SimulatedSection) -> FittedKriging:
    """Kriging of the whole section."""
    fitted = get_method("kriging").fit(simulated.section)
    assert isinstance(fitted, FittedKriging)
    return fitted


@pytest.fixture(scope="session")
def quick() -> RunConfig:
    """The default method with a little of everything, training included."""
    return RunConfig.model_validate({"transformer": {"episodes": 4, "steps": 20}})


@pytest.fixture(scope="session")
def fitted(simulated: SimulatedSection, quick: RunConfig) -> FittedStEnTrans:
    """The default method on the whole section."""
    found = get_method("stentrans").fit(simulated.section, quick)
    assert isinstance(found, FittedStEnTrans)
    return found


@pytest.fixture
def shipped() -> SpotTransformer:
    """The network with the weights that come with the package, a new copy each."""
    return load_network()


@pytest.fixture(scope="session")
def square_section() -> Callable[[np.ndarray], Section]:
    """Make a section of given counts, shape (n * n, gene), on a square lattice."""

    def build(counts: np.ndarray) -> Section:
        side = round(len(counts) ** 0.5)
        return Section(
            name="square",
            counts=sparse.csr_matrix(counts.astype(np.float32)),
            obs=pd.DataFrame(index=[f"spot{i}" for i in range(len(counts))]),
            var=pd.DataFrame(index=[f"gene{j}" for j in range(counts.shape[1])]),
            array_rc=np.stack(np.mgrid[:side, :side], axis=-1).reshape(-1, 2) * 1.0,
            lattice=Lattice(LatticeKind.SQUARE),
        )

    return build
