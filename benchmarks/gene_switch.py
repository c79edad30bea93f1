"""How long a gene switch takes in a real window: 4,000 spots, 18,000 genes.

Flips through genes as the arrow key in the gene browser does, before and after a run,
and prints what the window's thread computes until the layers hold the new gene, what it
computes to paint them (without a graphics card the work of the processor), and how long
both take by the clock, which on a busy machine tells of the others.

    python benchmarks/gene_switch.py [--spots 4000] [--genes 18000] [--switches 30]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import napari
import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_stentrans.datasets import simulated_section
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.widgets.main_widget import StEnTransWidget
from napari_stentrans.section.section import Section

GOAL_MS = 50
_LOOKED_S = 0.15
"""How long a person who flips through a list looks at each gene, at the least."""
_OF_SQUARE = 0.76
"""Share of a square that the outline of simulated tissue leaves."""


@dataclass
class Switches:
    """Milliseconds of each switch, shape (switch,)."""

    switching: np.ndarray
    painting: np.ndarray
    clock: np.ndarray

    def __str__(self) -> str:
        told = []
        for name in ("switching", "painting", "clock"):
            ms = getattr(self, name)
            median, worst = np.median(ms), np.percentile(ms, 95)
            told.append(f"{name} {median:5.1f} ms (95 %: {worst:5.1f})")
        computed = np.median(self.switching + self.painting)
        verdict = "ok" if computed < GOAL_MS else f"over {GOAL_MS} ms"
        return f"{' · '.join(told)} · {verdict}"


def settle(until: Callable[[], bool], seconds: float = 600) -> None:
    """Let the window live until something is so."""
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            raise TimeoutError
        QApplication.processEvents()
        time.sleep(0.002)


def rest(seconds: float) -> None:
    end = time.monotonic() + seconds
    settle(lambda: time.monotonic() > end)


def flip(widget: StEnTransWidget, n: int) -> Switches:
    """Go down the list of genes, and time each step."""
    table, seconds = widget.gene_panel.table, []
    settle(lambda: widget.controller.turns.are_over)
    for _ in range(n):
        started, began = time.perf_counter(), time.thread_time()
        QTest.keyClick(table, Qt.Key.Key_Down)
        held = time.thread_time()
        QApplication.processEvents()
        painted = time.thread_time()
        clock = time.perf_counter() - started
        seconds.append((held - began, painted - held, clock))
        rest(_LOOKED_S)
        settle(lambda: widget.controller.turns.are_over)
    return Switches(*1e3 * np.array(seconds[2:]).T)


def section_of(n_spots: int, n_genes: int) -> Section:
    side = round(np.sqrt(n_spots / _OF_SQUARE))
    made = simulated_section(n_rows=side, n_cols=side, n_genes=n_genes, seed=1)
    return made.section.subset(np.arange(min(n_spots, made.section.n_spots)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spots", type=int, default=4000)
    parser.add_argument("--genes", type=int, default=18_000)
    parser.add_argument("--switches", type=int, default=30)
    options = parser.parse_args()

    section = section_of(options.spots, options.genes)
    print(f"{section.n_spots:,} spots, {section.n_genes:,} genes")
    viewer = napari.Viewer(show=True)
    viewer.window.resize(1440, 900)
    widget = StEnTransWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Enhance", area="right")
    session, controller = widget.session, widget.controller
    rest(3)  # what the window looks up at first has ended
    controller.stage.open(section)
    widget.turn_to(widget.gene_panel)
    rest(1)
    started = time.monotonic()
    settle(lambda: not session.genes.learning and session.genes.facts.knows("moran"))
    print(
        f"Moran's I of all genes, in the background: {time.monotonic() - started:.1f} s"
    )
    widget.gene_panel.table.setFocus()
    print("measured          ", flip(widget, options.switches))
    controller.runs.configure(method="kriging")
    controller.runs.enhance()
    settle(lambda: session.status is JobStatus.IDLE and session.enhanced is not None)
    settle(lambda: session.genes.facts.knows("score"))
    rest(1)
    print("with a result     ", flip(widget, options.switches))
    controller.view.show_sd(shown=True)
    rest(1)
    print("with uncertainty  ", flip(widget, options.switches))
    viewer.close()


if __name__ == "__main__":
    main()
