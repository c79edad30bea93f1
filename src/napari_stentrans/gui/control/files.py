"""Results to files, and to napari's console."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.figures import Colours, ComparisonLook
from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.console import Handle, hand_to_console
from napari_stentrans.gui.control.picture import PictureControl
from napari_stentrans.gui.control.scores import names_of_pair
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.saving import SaveChoices, ending_of, save_steps

if TYPE_CHECKING:
    from napari.layers import Image

_N_COLOURS = 256


class FileControl:
    """Writes what the user wants to keep."""

    def __init__(self, bench: Bench, picture: PictureControl) -> None:
        self._bench, self._picture = bench, picture
        self._handle = Handle(bench.session, picture)
        hand_to_console(bench.stage.viewer, self._handle)

    def save(
        self,
        path: str | Path,
        *,
        shown_genes: bool = False,
        with_sd: bool = False,
        pitch_um: float | None = None,
    ) -> None:
        """Write the result in the background, as what the ending of the name says.

        Parameters
        ----------
        path
            Where to. Without an ending that is known, it becomes an h5ad.
        shown_genes
            Write the genes that are shown alone, instead of all of the result.
        with_sd
            Write the uncertainty, too, where the format leaves a choice.
        pitch_um
            Distance of neighbouring spots in µm; None: unknown.
        """
        session, background = self._bench.session, self._bench.background
        if session.enhanced is None or session.status.is_busy:
            return
        path, genes = _with_ending(Path(path)), session.genes.shown
        choices = SaveChoices(
            genes=genes if shown_genes else None,
            with_sd=with_sd,
            look=self._look(with_sd=with_sd, pitch_um=pitch_um),
        )
        result = self._picture.placed_result(session.enhanced)
        background.run(
            JobStatus.SAVING, partial(save_steps, result, path, choices), self._saved
        )
        background.say(f"Saving {path.name} …")

    def close(self) -> None:
        """Let go of the session."""
        self._handle.close()

    def _saved(self, path: Path) -> None:
        self._bench.session.saves.last = path
        self._bench.background.say(f"Saved {path}")

    def _look(self, *, with_sd: bool, pitch_um: float | None) -> ComparisonLook:
        """How the comparison looks on the screen, for a figure that looks the same."""
        session, stage = self._bench.session, self._bench.stage
        colours = {}
        for gene in session.genes.shown:
            if session.section is None:
                break
            layer = stage.find(session.section, Role.GENE, gene)
            if layer is not None:
                colours[gene] = _colours_in_napari(layer)
        return ComparisonLook(
            colours,
            with_sd=with_sd,
            with_difference=session.view.mode is ViewMode.DIFFERENCE,
            pitch_um=pitch_um,
            even=session.view.is_even,
            reference=session.view.reference,
            names=names_of_pair(session),
        )


def _colours_in_napari(layer: Image) -> Colours:
    """Return the colours that the values of a layer have on the screen."""
    low, high = layer.contrast_limits
    colormap = layer.colormap.map(np.linspace(0, 1, _N_COLOURS))
    return Colours((float(low), float(high)), colormap, float(layer.gamma))


def _with_ending(path: Path) -> Path:
    """Return the path with an ending that says what to write."""
    try:
        ending_of(path)
    except InvalidRequestError:
        return path.with_name(f"{path.name}.h5ad")
    return path
