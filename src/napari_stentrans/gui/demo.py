"""The main job shown in a real window, on the shipped sample section."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_stentrans.config import RunConfig
from napari_stentrans.datasets import DEMO_HOLE, DEMO_SAMPLE, samples
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.errors import StEnTransError
from napari_stentrans.figures import telling_genes
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession, JobStatus
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.io import read_section
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.raster import raster_of
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    import napari

_N_GENES = 2
_WINDOW = (1500, 950)
_SETTLE_MS = 1500
"""For the canvas to be drawn before its picture is taken."""


def run_demo(
    *, out: Path, headless: bool, config: RunConfig | None = None
) -> EnhancedSection | None:
    """Open the sample in napari, paint a hole, enhance, and show both side by side.

    Parameters
    ----------
    out
        Folder for ``window.png`` (headless only).
    headless
        Return once the picture of the window is written; else when the user closes it.
    config
        The run; the default one, if not given.

    Returns
    -------
    EnhancedSection or None
        The result; None if the window was closed before there was one.

    Raises
    ------
    StEnTransError
        In headless mode, if the enhancement failed.
    """
    import napari

    from napari_stentrans.gui.widgets.main_widget import StEnTransWidget

    viewer = napari.Viewer(title="stEnTrans demo")
    widget = StEnTransWidget(viewer, remember=False)
    viewer.window.add_dock_widget(widget, name="Enhance", area="right")
    viewer.window._qt_window.resize(*_WINDOW)
    demo = _Demo(widget.controller, widget.session)
    demo.begin(config or RunConfig())
    if headless:
        demo.wait()
        _take_picture(viewer, out / "window.png")
        viewer.close()
    else:
        napari.run()
    return demo.result


@dataclass(eq=False)
class _Demo:
    controller: Controller
    session: EnhanceSession
    result: EnhancedSection | None = None

    def begin(self, config: RunConfig) -> None:
        """Do what a user would do, up to pressing Enhance."""
        section = read_section(samples()[DEMO_SAMPLE])
        self.controller.stage.open(section)
        self.controller.genes.add(telling_genes(section, _N_GENES))
        self.controller.regions.paint()
        self.controller.turns.finish()  # what is painted on is there now
        self._paint_hole(section)
        self.session.run.config = config
        self.session.events.message.connect(self._compare)
        self.controller.runs.enhance()

    def wait(self) -> None:
        """Let the window live until the result is there."""
        from qtpy.QtCore import QEventLoop

        loop = QEventLoop()
        self.session.events.message.connect(
            lambda: None if self.session.status.is_busy else loop.quit()
        )
        if self.session.status.is_busy:
            loop.exec()
        if self.session.message.is_error:
            raise StEnTransError(self.session.message.text)
        self.controller.turns.finish()  # all that is to be in the picture

    def _paint_hole(self, section: Section) -> None:
        """Brush over the middle of the section."""
        canvas, raster = self.controller.stage.canvas(section), raster_of(section)
        if canvas is None:
            return
        hole = MissingRegions.in_the_middle(section, DEMO_HOLE)
        canvas.data = hole.to_labels(raster)

    def _compare(self) -> None:
        section = self.session.section
        done = None if section is None else self.controller.runs.result_of(section)
        if self.session.status is JobStatus.IDLE and done is not None:
            self.session.events.message.disconnect(self._compare)
            self.result = done
            self.controller.view.set_mode(ViewMode.SIDE_BY_SIDE)


def _take_picture(viewer: napari.Viewer, path: Path) -> None:
    from qtpy.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(_SETTLE_MS, loop.quit)
    loop.exec()
    path.parent.mkdir(parents=True, exist_ok=True)
    viewer.screenshot(str(path), canvas_only=False)
