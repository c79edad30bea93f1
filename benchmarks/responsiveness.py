"""How long the window keeps a person waiting, and what napari costs a computation.

Opens a section in a real window and does what a user does: genes, painting, a run of
each preset, another gene meanwhile, an earlier result again, every way of comparing. A
timer of 5 ms in the main thread tells how long that thread was away. For each thing
that was done, this prints the longest times: of what the thread computed itself, with
painting, which counts on any machine, and of the clock, which on a busy machine tells
of the others. First of all, what napari takes by itself for layers, a colour bar and
a grid: nothing that adds layers can be quicker. Last, the same run is timed outside
napari and inside, in turns.

    xvfb-run -a python benchmarks/responsiveness.py SECTION [--genes A,B] [--turns 3]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import napari
import numpy as np
from qtpy.QtCore import QEventLoop, QTimer

from napari_stentrans import enhance, read_section
from napari_stentrans.config import PRESETS, RunConfig, with_preset
from napari_stentrans.figures import telling_genes
from napari_stentrans.gui.jobs.turns import Turns
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.gui.widgets.main_widget import StEnTransWidget
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.raster import raster_of
from napari_stentrans.section.section import Section

TICK_MS = 5
LIMIT_MS = 100
LONGEST_S = 600


class Probe:
    """Remembers the times between two ticks of a timer in the main thread."""

    def __init__(self, turns: Turns) -> None:
        self.gaps: list[tuple[float, float]] = []
        self._turns, self._last = turns, _now()
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK_MS)

    def _tick(self) -> None:
        now = _now()
        self.gaps.append((now[0] - self._last[0], now[1] - self._last[1]))
        self._last = now

    @contextmanager
    def during(self, what: str) -> Iterator[None]:
        """Print the longest times of what is done inside, until all is made."""
        wait(0.3)
        self.gaps.clear()
        yield
        wait(LONGEST_S, lambda: self._turns.are_over)
        wait(0.3)
        told = [f"{what:24s}"]
        for name, gaps in zip(
            ("computing", "clock"), zip(*self.gaps, strict=True), strict=True
        ):
            worst = sorted((1000 * gap for gap in gaps), reverse=True)
            longest = " ".join(f"{gap:5.0f}" for gap in worst[:3])
            over = sum(gap > LIMIT_MS for gap in worst)
            told.append(f"{name} {longest} ms ({over} over {LIMIT_MS})")
        told.append(
            f"{1000 * sum(gap for gap, _ in self.gaps):6.0f} ms computed in all"
        )
        print(" | ".join(told), flush=True)


def _now() -> tuple[float, float]:
    """What the calling thread has computed, and the clock, in seconds."""
    return time.thread_time(), time.perf_counter()


def wait(seconds: float, until: Callable[[], bool] = lambda: False) -> None:
    """Let the window live for a time, or until something is true."""
    loop, watch = QEventLoop(), QTimer()
    watch.timeout.connect(lambda: loop.quit() if until() else None)
    watch.start(TICK_MS)
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()
    watch.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("section", type=Path)
    parser.add_argument("--genes", default="")
    parser.add_argument("--turns", type=int, default=3, help="0: no timed runs")
    parser.add_argument("--timed", default="standard", choices=list(PRESETS))
    args = parser.parse_args()
    section = read_section(args.section)
    genes = args.genes.split(",") if args.genes else telling_genes(section, 4)
    viewer = napari.Viewer()
    wait(2)
    napari_alone(viewer)
    widget = StEnTransWidget(viewer, remember=False)
    viewer.window.add_dock_widget(widget, name="Enhance", area="right")
    wait(2)
    probe = Probe(widget.controller.turns)
    window = Window(widget, probe, section)
    window.look(genes)
    for preset in PRESETS:
        window.run(preset, genes[-1])
    window.compare()
    window.look_back()
    if args.turns:
        compare_times(window, section, args.timed, args.turns)
    viewer.close()


def napari_alone(viewer: napari.Viewer, n_layers: int = 8) -> None:
    """What napari takes for layers of its own, with nothing of ours."""
    probe, noise = Probe(Turns()), np.random.default_rng(0)
    viewer.add_image(noise.random((60, 60)))  # the first one is slow
    for number in range(1, n_layers):
        with probe.during(f"napari alone, layer {number + 1}"):
            viewer.add_image(noise.random((60, 60)))
    viewer.layers[0].colorbar.visible = True
    with probe.during("napari alone, a bar"):
        viewer.layers[-1].colorbar.visible = True
    with probe.during(f"napari alone, grid of {n_layers}"):
        viewer.canvas.grid.enabled = True
    with probe.during("napari alone, grid off"):
        viewer.canvas.grid.enabled = False
    with probe.during("napari alone, labels"):
        viewer.add_labels(np.zeros((60, 60), dtype=np.uint8))
    viewer.layers.clear()


class Window:
    """A user of the window."""

    def __init__(self, widget: StEnTransWidget, probe: Probe, section: Section) -> None:
        self.controller, self.session = widget.controller, widget.session
        self.probe, self.section = probe, section

    def look(self, genes: list[str]) -> None:
        """Open the section, show genes, paint."""
        controller = self.controller
        with self.probe.during("opening"):
            controller.sections.open(str(self.section.source))
            wait(LONGEST_S, lambda: self.session.section is not None and self.idle())
        opened = self.session.section
        assert opened is not None
        self.section = opened
        with self.probe.during("a gene"):
            controller.genes.show(genes[0])
        with self.probe.during("another gene"):
            controller.genes.show(genes[1])
        with self.probe.during(f"{len(genes) - 1} genes"):
            controller.genes.add(genes[:-1])
        with self.probe.during("arming the brush"):
            controller.regions.paint()
        with self.probe.during("putting the brush away"):
            controller.regions.use(None)
        with self.probe.during("arming it again"):
            controller.regions.paint()
        canvas = controller.stage.canvas(opened)
        hole = MissingRegions.in_the_middle(opened, 3).to_labels(raster_of(opened))
        with self.probe.during("a stroke of the brush"):
            canvas.data_setitem(hole.nonzero(), 1)

    def run(self, preset: str, gene: str) -> float:
        """Run a preset, and look at another gene meanwhile."""
        self.controller.runs.use_preset(preset)
        with self.probe.during(f"enhancing, {preset}"):
            started = time.perf_counter()
            self.controller.runs.enhance()
            wait(0.5)
            self.controller.genes.add([gene])
            wait(LONGEST_S, self.idle)
            took = time.perf_counter() - started
        with self.probe.during("a gene goes"):
            self.controller.genes.remove(gene)
        return took

    def compare(self) -> None:
        """Look at all genes in each way, and at one of them."""
        view = self.controller.view
        for mode in (*tuple(ViewMode)[1:], ViewMode.OVERLAY):
            with self.probe.during(f"comparing, {mode}"):
                view.set_mode(mode)
        with self.probe.during("uncertainty"):
            view.show_sd(shown=True)
        with self.probe.during("see-through"):
            view.fade(faded=True)
        view.fade(faded=False)
        view.show_sd(shown=False)

    def look_back(self) -> None:
        """Show an earlier result again."""
        with self.probe.during("an earlier result again"):
            self.controller.runs.show(self.session.run.results[0])

    def idle(self) -> bool:
        return not self.session.status.is_busy

    def seconds(self) -> float:
        """Time of a run as it is set up, without a disturbance."""
        self.controller.runs.enhance()
        wait(LONGEST_S, self.idle)
        return self.session.run.log[-1].seconds


def compare_times(window: Window, section: Section, preset: str, turns: int) -> None:
    """The same run outside napari's event loop and inside, in turns."""
    config = with_preset(RunConfig(), preset)
    missing = window.controller.regions.missing()
    window.controller.runs.use_preset(preset)
    outside, inside = [], []
    for _ in range(turns):
        result = enhance(
            section, config=config, missing=missing, on_progress=lambda _: False
        )
        outside.append(float(result.provenance["seconds"]))
        inside.append(window.seconds())
    ratios = [i / o for i, o in zip(inside, outside, strict=True)]
    print(
        f"{preset}: outside {statistics.median(outside):.2f} s, inside "
        f"{statistics.median(inside):.2f} s; ratio {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f}, {turns} turns)"
    )


if __name__ == "__main__":
    main()
