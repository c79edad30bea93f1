"""Spectra of the windows of a section, each decomposed once."""

from __future__ import annotations

from napari_stentrans.methods.kriging.covariance import Kernel, Spectrum
from napari_stentrans.methods.kriging.windows import split_windows
from napari_stentrans.section.lattice import FloatArray

_MOST_BYTES = 400_000_000


class WindowSpectra:
    """Covariances of each window's spots, decomposed when they are first needed.

    Parameters
    ----------
    places : ndarray, shape (spot, 2 + direction)
        In pitches, and how they look if that is to count.
    size
        Spots to a window.
    """

    def __init__(self, places: FloatArray, size: int) -> None:
        self.places = places
        self.size = size
        self.pitch_rc = places[:, :2]
        self.windows = split_windows(self.pitch_rc, size)
        self._remembers = True
        self._known: dict[tuple[int, Kernel], Spectrum] = {}

    def of(self, number: int, kernel: Kernel) -> Spectrum:
        """Spectrum of a window under a kernel."""
        found = self._known.get((number, kernel))
        if found is None:
            spots = self.windows[number].spots
            found = Spectrum.of(self.places[spots], kernel)
            if self._remembers:
                self._known[number, kernel] = found
        return found

    def keep(self, kernels: list[Kernel]) -> None:
        """Forget all other kernels; these as well if all windows take too much."""
        largest = max(len(window.spots) for window in self.windows)
        needed = 4 * largest**2 * len(self.windows) * len(kernels)
        self._remembers = needed < _MOST_BYTES
        kept = kernels if self._remembers else []
        self._known = {key: self._known[key] for key in self._known if key[1] in kept}
