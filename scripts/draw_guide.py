"""Draw the pictures of the guide: the sample section, from opening to saving.

``make guide`` runs this under a virtual display and writes ``docs/images/guide``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import napari
import numpy as np
from PIL import Image
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QApplication

from napari_stentrans.datasets import DEMO_HOLE, DEMO_SAMPLE, samples
from napari_stentrans.figures import telling_genes
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.gui.widgets.main_widget import StEnTransWidget
from napari_stentrans.gui.widgets.panel import Panel
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.raster import raster_of

_WINDOW = (1280, 800)
_COLOURS = {
    "colors": 256,
    "method": Image.Quantize.MAXCOVERAGE,
    "kmeans": 1,
    "dither": 0,
}
"""Keeps rare colours, such as the ends of a colour map, and packs well."""
_PATIENCE = 120.0


class Guide:
    """The window, and where its pictures go."""

    def __init__(self, out: Path) -> None:
        self.out = out
        out.mkdir(parents=True, exist_ok=True)
        self.viewer = napari.Viewer(title="napari")
        self.viewer.window._qt_window.resize(*_WINDOW)
        self.widget = StEnTransWidget(self.viewer, remember=False)
        self.viewer.window.add_dock_widget(self.widget, name="Enhance", area="right")
        settle(2.0)

    def idle(self) -> None:
        """Wait until nothing runs."""
        wait(lambda: not self.widget.session.status.is_busy)
        settle(1.0)

    def window(self, name: str) -> None:
        """Take a picture of the whole window."""
        self._rest()
        picture = self.viewer.screenshot(canvas_only=False, flash=False)
        self._write(name, picture)

    def tab(self, name: str, panel: Panel) -> None:
        """Take a picture of the dock with one tab in front."""
        self.widget.turn_to(panel)
        self._rest()
        picture = self.viewer.screenshot(canvas_only=False, flash=False)
        left = self.widget.mapTo(self.viewer.window._qt_window, QPoint(0, 0)).x()
        ratio = picture.shape[1] / self.viewer.window._qt_window.width()
        self._write(name, picture[:, round(left * ratio) :])

    def _rest(self) -> None:
        """Wait until all layers, names and bars are there, and drawn."""
        wait(lambda: self.widget.controller.turns.are_over)
        settle(1.0)

    def _write(self, name: str, picture: np.ndarray) -> None:
        few = Image.fromarray(picture[..., :3]).quantize(**_COLOURS)
        few.save(self.out / f"{name}.png", optimize=True)


def settle(seconds: float) -> None:
    """Let the window draw itself."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)


def wait(until: Callable[[], bool]) -> None:
    """Let the window live until something has come true."""
    end = time.monotonic() + _PATIENCE
    while not until():
        if time.monotonic() > end:
            sys.exit("the window did not get ready in time")
        settle(0.05)


def draw(guide: Guide) -> None:
    """Do what the guide tells, and take a picture of each step."""
    widget, controller = guide.widget, guide.widget.controller
    controller.sections.open(samples()[DEMO_SAMPLE])
    guide.idle()
    section = widget.session.section
    guide.window("1-section")
    guide.tab("section", widget.section_panel)

    widget.turn_to(widget.gene_panel)
    genes = telling_genes(section, 2)
    controller.genes.add(genes)
    settle(2.0)  # what is known of the genes is found out in the background
    wait(lambda: not widget.session.genes.learning)
    guide.window("2-genes")
    guide.tab("genes", widget.gene_panel)

    widget.turn_to(widget.region_panel)
    controller.regions.paint()
    canvas = controller.stage.canvas(section)
    hole = MissingRegions.in_the_middle(section, DEMO_HOLE)
    canvas.data = hole.to_labels(raster_of(section))
    controller.suggestions.search()
    wait(lambda: not widget.session.regions.is_searching)
    guide.window("3-missing")
    guide.tab("missing", widget.region_panel)
    controller.suggestions.reject(None)

    controller.runs.enhance()
    guide.idle()
    widget.turn_to(widget.run_panel)
    guide.window("4-enhanced")
    guide.tab("run", widget.run_panel)

    widget.turn_to(widget.compare_panel)
    for mode in (ViewMode.DIFFERENCE, ViewMode.SWIPE, ViewMode.SIDE_BY_SIDE):
        controller.view.set_mode(mode)
        wait(lambda: widget.session.view.score is not None)
        guide.window(f"5-{mode.value}".replace(" ", "-").replace("_", "-"))
    guide.tab("compare", widget.compare_panel)
    guide.tab("save", widget.save_panel)


def main() -> None:
    """Draw everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder for the pictures")
    guide = Guide(parser.parse_args().out)
    draw(guide)
    guide.viewer.close()


if __name__ == "__main__":
    main()
