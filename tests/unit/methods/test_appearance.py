"""What the image says about spots, and that kriging makes use of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from napari_stentrans.config import RunConfig
from napari_stentrans.methods.base import get_method
from napari_stentrans.methods.kriging.appearance import Appearance
from napari_stentrans.methods.kriging.covariance import Kernel
from napari_stentrans.methods.kriging.enhancer import kriged_steps
from napari_stentrans.methods.kriging.mixture import mixture_steps
from napari_stentrans.methods.kriging.spectra import WindowSpectra
from napari_stentrans.methods.stentrans.fitted import FittedStEnTrans
from napari_stentrans.progress import run_to_end
from napari_stentrans.section.alignment import Alignment
from napari_stentrans.section.image import Modality, TissueImage
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.section import Section

SIDE, PITCH, N_GENES = 14, 20, 40
"""Spots along each side, image pixels from one to the next, genes."""


def section_with(
    stain: np.ndarray, seed: int = 0, effect: float = 1.5
) -> tuple[Section, np.ndarray]:
    """A section whose genes follow the stain of each spot, and what is expected.

    Stain, shape (SIDE, SIDE), is between 0 and 1 and has no spatial pattern unless
    given one: neighbours say nothing about it, the image does.
    """
    rng = np.random.default_rng(seed)
    slopes = rng.normal(0, effect, N_GENES)
    rate = 20 * np.exp(stain.ravel()[:, None] * slopes)
    grey = 230 - 150 * np.kron(stain, np.ones((PITCH, PITCH)))
    grey = grey + rng.normal(0, 3, grey.shape)
    image = np.repeat(grey[..., None], 3, axis=2).clip(0, 255).astype(np.uint8)
    array_rc = np.stack(np.mgrid[:SIDE, :SIDE], axis=-1).reshape(-1, 2) * 1.0
    section = Section(
        name="stained",
        counts=sparse.csr_matrix(rng.poisson(rate).astype(np.float32)),
        obs=pd.DataFrame(index=[f"spot{i}" for i in range(SIDE**2)]),
        var=pd.DataFrame(index=[f"gene{j}" for j in range(N_GENES)]),
        array_rc=array_rc,
        lattice=Lattice(LatticeKind.SQUARE),
        # full-resolution pixels are twice as fine as the image
        pixel_xy=2 * (array_rc[:, ::-1] * PITCH + (PITCH - 1) / 2),
        image=TissueImage(image, scale=0.5),
    )
    return section, rate


@pytest.fixture(scope="module")
def patchy() -> tuple[Section, np.ndarray]:
    """Stain at random, spot by spot."""
    return section_with(np.random.default_rng(5).random((SIDE, SIDE)))


def colour_of(section: Section) -> np.ndarray:
    """First feature at every spot: how much of the first colour is taken away."""
    found = Appearance.of(section)
    assert found is not None
    seen = found.at(section.pitch_rc) @ np.linalg.pinv(found.turn)
    return seen[:, 0]


def test_the_stain_of_each_spot_is_found(patchy: tuple[Section, np.ndarray]) -> None:
    section, rate = patchy
    stain = np.log(rate[:, 0] / 20)
    assert abs(np.corrcoef(colour_of(section), stain)[0, 1]) > 0.97


def test_positions_between_the_spots_are_looked_at() -> None:
    """A stain that grows along the rows: looks of a place grow with its row."""
    stain = np.linspace(0, 1, SIDE)[:, None] * np.ones(SIDE)
    section, _ = section_with(stain)
    found = Appearance.of(section)
    assert found is not None
    between = np.stack([np.arange(2, SIDE - 2) + 0.5, np.full(SIDE - 4, 6.5)], axis=1)
    along = found.at(between) @ np.linalg.pinv(found.turn)
    assert (np.diff(along[:, 0]) > 0).all()
    across = found.at(between[:, ::-1]) @ np.linalg.pinv(found.turn)
    assert np.ptp(across[:, 0]) < 0.2 * np.ptp(along[:, 0])


@pytest.mark.parametrize("times", [1, 2, 4])
def test_a_dot_lies_where_it_is(times: int) -> None:
    """Half a pixel counts: the maps are merged blocks of the image."""
    stain = np.zeros((SIDE, SIDE))
    stain[6, 9] = 1.0
    section, _ = section_with(stain)
    assert section.image is not None
    finer = section.image.data.repeat(times, axis=0).repeat(times, axis=1)
    seen = TissueImage(finer, scale=0.5 * times)
    found = Appearance.of(replace(section, image=seen))
    assert found is not None
    offsets = np.linspace(-1, 1, 41)
    # the middle of a repeated pixel is that much further down and right
    expected = (times - 1) / 2 / (PITCH * times)
    for axis in (0, 1):
        line = np.tile([6.0, 9.0], (41, 1))
        line[:, axis] += offsets
        dark = (found._seen_at(line) @ np.linalg.pinv(found.turn))[:, 0]
        dark = np.maximum(dark - dark.min(), 0) ** 2
        middle = (dark * offsets).sum() / dark.sum()
        assert middle == pytest.approx(expected, abs=0.004)


def test_a_moved_picture_is_seen_where_it_was_moved_to(
    patchy: tuple[Section, np.ndarray],
) -> None:
    section, _ = patchy
    image = section.image
    assert image is not None
    mirrored = TissueImage(image.data[:, ::-1], image.scale)
    right = mirrored.aligned(Alignment(mirrored=True))
    np.testing.assert_allclose(
        colour_of(replace(section, image=right)), colour_of(section), atol=1e-3
    )
    wrong = colour_of(replace(section, image=mirrored))
    assert abs(np.corrcoef(wrong, colour_of(section))[0, 1]) < 0.5


@pytest.mark.parametrize("reason", ["no image", "no pixels", "coarse", "elsewhere"])
def test_without_a_useful_image_there_are_no_looks(
    patchy: tuple[Section, np.ndarray], reason: str
) -> None:
    section, _ = patchy
    assert section.image is not None
    assert section.pixel_xy is not None
    without = {
        "no image": {"image": None},
        "no pixels": {"pixel_xy": None},
        "coarse": {"image": TissueImage(section.image.data[::12, ::12], 0.5 / 12)},
        "elsewhere": {"pixel_xy": section.pixel_xy + 900.0},
    }[reason]
    assert Appearance.of(replace(section, **without)) is None


def test_a_blank_image_shows_nothing(patchy: tuple[Section, np.ndarray]) -> None:
    section, _ = patchy
    assert section.image is not None
    blank = TissueImage(np.full_like(section.image.data, 255), 0.5)
    assert Appearance.of(replace(section, image=blank)) is None


def test_fluorescence_is_left_alone(patchy: tuple[Section, np.ndarray]) -> None:
    section, _ = patchy
    assert section.image is not None
    dark = replace(section.image, modality=Modality.FLUORESCENCE)
    assert Appearance.of(section) is not None
    assert Appearance.of(replace(section, image=dark)) is None


def test_looks_of_unheard_places_stay_within_bounds(
    patchy: tuple[Section, np.ndarray],
) -> None:
    found = Appearance.of(patchy[0])
    assert found is not None
    far = found.at(np.array([[-500.0, 3.0], [1e4, 1e4]]))
    assert np.abs(far).max() <= 0.7 + 1e-12


def test_torn_tissue_looks_like_what_is_around_it() -> None:
    """A white hole is no stain: it must not tell that there is little to be found."""
    stain = 0.3 + 0.5 * (np.arange(SIDE)[None, :] >= SIDE // 2) * np.ones((SIDE, 1))
    stain += np.random.default_rng(3).uniform(0, 0.2, stain.shape)
    section, _ = section_with(stain)
    assert section.image is not None
    hole = (np.abs(section.array_rc - [7, 11]) <= 1).all(axis=1)
    torn = section.image.data.copy()
    torn[6 * PITCH : 9 * PITCH, 10 * PITCH : 13 * PITCH] = 255
    visible = replace(section, image=TissueImage(torn, 0.5)).subset(~hole)
    found = Appearance.of(visible)
    assert found is not None

    def colour(looks: np.ndarray) -> np.ndarray:
        return (looks @ np.linalg.pinv(found.turn))[:, 0]

    is_dark = visible.array_rc[:, 1] >= SIDE // 2
    dark, light = (
        colour(found.at(visible.array_rc[part])).mean() for part in (is_dark, ~is_dark)
    )
    middle = np.array([[7.0, 11.0]])
    assert colour(found._seen_at(middle))[0] < light < dark  # as it is: white
    assert colour(found.at(middle))[0] > (light + dark) / 2


def test_spots_keep_their_own_looks(patchy: tuple[Section, np.ndarray]) -> None:
    found = Appearance.of(patchy[0])
    assert found is not None
    spots_rc = patchy[0].pitch_rc
    np.testing.assert_array_equal(found.at(spots_rc), found._seen_at(spots_rc))


def test_covariance_with_looks_as_in_naive_loops() -> None:
    rng = np.random.default_rng(2)
    places, others = rng.normal(size=(7, 5)), rng.normal(size=(4, 5))
    kernel = Kernel(1.5, 3.0, looks=0.3)
    found = kernel.between(places, others)
    for i, here in enumerate(places):
        for j, there in enumerate(others):
            near = float(kernel(np.linalg.norm(here[:2] - there[:2])))
            alike = np.exp(-0.5 * ((here[2:] - there[2:]) ** 2).sum())
            assert found[i, j] == pytest.approx(0.7 * near + 0.3 * alike, abs=1e-5)
    values = np.linalg.eigvalsh(kernel.between(places, places).astype(float))
    assert values.min() > -1e-6


def test_looks_that_say_nothing_weigh_little() -> None:
    """Evidence decides: a channel that follows place alone is not given to looks."""
    rng = np.random.default_rng(4)
    rc = np.stack(np.mgrid[:12, :12], axis=-1).reshape(-1, 2) * 1.0
    looks = rng.normal(size=(144, 4)) / 2
    smooth = np.sin(rc[:, 0] / 4) + np.cos(rc[:, 1] / 5)
    seen = looks[:, 0] * 2 + 0.3 * smooth
    channels = np.stack([smooth, seen], axis=1)
    channels = channels + rng.normal(0, 0.2, channels.shape)
    spectra = WindowSpectra(np.hstack([rc, looks]), 350)
    found = run_to_end(mixture_steps(spectra, channels))
    np.testing.assert_allclose(found.weights.sum(axis=(0, 1)), 1)
    with_looks = np.array([kernel.looks > 0.2 for kernel in found.kernels])
    by_channel = found.weights.sum(axis=1)[with_looks].sum(axis=0)
    assert by_channel[0] < 0.2
    assert by_channel[1] > 0.8


def test_the_image_predicts_what_neighbours_cannot(
    patchy: tuple[Section, np.ndarray],
) -> None:
    section, rate = patchy
    hidden = np.random.default_rng(1).random(section.n_spots) < 0.3
    visible = section.subset(~hidden)
    genes = np.arange(N_GENES)

    def score(config: RunConfig) -> float:
        fitted = get_method("stentrans").fit(visible, config)
        found = fitted.field(section.array_rc[hidden]).read(genes).mean
        each = [np.corrcoef(found[:, g], rate[hidden, g])[0, 1] for g in genes]
        return float(np.median(each))

    blind = RunConfig.model_validate({"transformer": {"image": False, "episodes": 4}})
    looking = RunConfig.model_validate({"transformer": {"episodes": 4}})
    assert score(looking) > 0.8
    assert score(blind) < 0.4


def test_without_looking_it_is_as_if_there_were_no_image(
    patchy: tuple[Section, np.ndarray],
) -> None:
    section, _ = patchy
    blind = RunConfig.model_validate({"transformer": {"image": False, "episodes": 2}})
    bare = replace(section, image=None)
    found = [
        get_method("stentrans").fit(s, blind).field(s.array_rc[:9] + 0.3)
        for s in (section, bare)
    ]
    genes = np.arange(5)
    one, other = (field.read(genes) for field in found)
    np.testing.assert_array_equal(one.mean, other.mean)
    np.testing.assert_array_equal(one.sd, other.sd)


def test_kriging_alone_does_not_look(patchy: tuple[Section, np.ndarray]) -> None:
    """It is the line that others are measured by: positions and counts."""
    section, _ = patchy
    fitted = get_method("kriging").fit(section, RunConfig())
    assert fitted.appearance is None  # type: ignore[attr-defined]
    looked = run_to_end(kriged_steps(section, RunConfig(), Appearance.of(section)))
    assert looked.channels.places.shape[1] > 2


def test_measured_spots_profit_as_well(patchy: tuple[Section, np.ndarray]) -> None:
    section, rate = patchy
    config = RunConfig.model_validate({"transformer": {"episodes": 2}})
    fitted = get_method("stentrans").fit(section, config)
    assert isinstance(fitted, FittedStEnTrans)
    found = run_to_end(fitted.spot_field_steps()).read(np.arange(N_GENES)).mean
    raw = section.counts.toarray()
    assert ((found - rate) ** 2).mean() < 0.5 * ((raw - rate) ** 2).mean()
