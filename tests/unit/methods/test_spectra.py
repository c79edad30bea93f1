"""Each window is decomposed once under a kernel, as long as there is memory."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.methods.kriging import spectra as module
from napari_stentrans.methods.kriging.covariance import Kernel
from napari_stentrans.methods.kriging.mixture import mixture_steps
from napari_stentrans.methods.kriging.spectra import WindowSpectra
from napari_stentrans.methods.kriging.windows import largest
from napari_stentrans.progress import run_to_end

ROUGH, SMOOTH = Kernel(0.5, 2.0), Kernel(1.5, 2.0)


@pytest.fixture
def spectra(rng: np.random.Generator) -> WindowSpectra:
    return WindowSpectra(rng.random((200, 2)) * 14, size=60)


def test_what_was_needed_once_is_kept_for_the_kernels_that_matter(
    spectra: WindowSpectra,
) -> None:
    rough, smooth = spectra.of(1, ROUGH), spectra.of(1, SMOOTH)
    assert spectra.of(1, ROUGH) is rough
    assert spectra.of(0, ROUGH) is not rough
    spectra.keep([ROUGH])
    assert spectra.of(1, ROUGH) is rough
    assert spectra.of(1, SMOOTH) is not smooth


def test_what_takes_too_much_memory_is_not_kept(
    spectra: WindowSpectra, monkeypatch: pytest.MonkeyPatch
) -> None:
    rough = spectra.of(1, ROUGH)
    needed = 4 * largest(spectra.windows) ** 2 * len(spectra.windows)
    monkeypatch.setattr(module, "_MOST_BYTES", needed)
    spectra.keep([ROUGH])
    again = spectra.of(1, ROUGH)
    assert again is not rough
    assert spectra.of(1, ROUGH) is not again
    np.testing.assert_array_equal(again.values, rough.values)


def test_weighing_leaves_what_kriging_needs(
    spectra: WindowSpectra, monkeypatch: pytest.MonkeyPatch
) -> None:
    channels = np.sin(spectra.pitch_rc[:, :1] / 3)
    weighed = run_to_end(mixture_steps(spectra, channels))
    spectra.keep(weighed.kernels)
    monkeypatch.setattr(module, "Spectrum", None)  # nothing is decomposed any more
    for kernel in weighed.kernels:
        spectra.of(0, kernel)


def test_windows_larger_than_weighing_needs_are_weighed_in_smaller_ones(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = WindowSpectra(rng.random((900, 2)) * 30, size=900)
    monkeypatch.setattr(large, "of", None)  # its one window is never decomposed
    found = run_to_end(mixture_steps(large, np.sin(large.pitch_rc[:, :1] / 3)))
    assert found.weights.sum() == pytest.approx(1)
