"""Spectra of the windows of a section, each decomposed once."""

from __future__ import annotations

from napari_stentrans.methods.kriging.covariance import Kernel, Spectrum
from napari_stentrans.methods.kriging.windows import largest, split_windows
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
        self._known: dict[tuple[int, Kernel], Spectrum] = {}
        self._kept: list[Kernel] | None = None

    def of(self, number: int, kernel: Kernel) -> Spectrum:
        """Spectrum of a window under a kernel."""
        found = self._known.get((number, kernel))
        if found is None:
            spots = self.windows[number].spots
            found = Spectrum.of(self.places[spots], kernel)
            if self._kept is None or kernel in self._kept:
                self._known[number, kernel] = found
        return found

    def keep(self, kernels: list[Kernel]) -> None:
        """Remember no other kernels; these neither if all windows take too much."""
        needed = 4 * largest(self.windows) ** 2 * len(self.windows) * len(kernels)
        kept = self._kept = kernels if needed < _MOST_BYTES else []
        self._known = {key: self._known[key] for key in self._known if key[1] in kept}
