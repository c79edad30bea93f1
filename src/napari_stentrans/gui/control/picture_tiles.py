"""Large pictures are read in the background, where they are looked at."""

from __future__ import annotations

from functools import partial
from weakref import WeakKeyDictionary, ref

from napari.layers import Layer

from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.canvas.tiles import Tiles, tiles_of
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.jobs.desk import JobDesk, JobListener
from napari_stentrans.gui.jobs.main_thread import in_main_thread
from napari_stentrans.gui.jobs.picture_tasks import reading_tiles
from napari_stentrans.progress import Progress


class PictureTiles:
    """Reads what layers of large pictures wait for; one job a layer.

    A file is open only while it is read. What cannot be read is told once a layer.
    Where napari slices asynchronously, tiles are asked for in its thread; jobs are
    started in the main thread all the same, where their reports arrive.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._desks: WeakKeyDictionary[Layer, JobDesk] = WeakKeyDictionary()
        self._told: WeakKeyDictionary[Layer, bool] = WeakKeyDictionary()

    def follow(self) -> None:
        """Read for new layers in the background; stop reading for those that went."""
        shown = [
            layer for layer, tag in self._bench.stage.tagged() if tag.role is Role.IMAGE
        ]
        for layer in shown:
            tiles = tiles_of(layer.data)
            if tiles is not None and layer not in self._desks:
                self._desks[layer] = JobDesk(self._bench.start)
                read = partial(self._read, ref(layer), ref(tiles))
                tiles.ask = partial(in_main_thread, read)
        for layer in set(self._desks).difference(shown):
            self._leave(layer)

    def close(self) -> None:
        """Stop reading; from now on layers read for themselves."""
        for layer in list(self._desks):
            self._leave(layer)

    def _leave(self, layer: Layer) -> None:
        tiles = tiles_of(layer.data)
        if tiles is not None:
            tiles.ask = None
        self._desks.pop(layer).discard()

    def _read(self, layer_ref: ref[Layer], tiles_ref: ref[Tiles]) -> None:
        layer, tiles = layer_ref(), tiles_ref()
        desk = None if layer is None else self._desks.get(layer)
        if layer is None or tiles is None or desk is None or desk.is_busy:
            return  # the running job reads what is waited for meanwhile

        def show(_progress: Progress | None = None) -> None:
            layer.refresh(extent=False, thumbnail=False)

        def read(problem: str | None) -> None:
            if problem is not None:
                self._complain(layer, problem)
            show()
            if tiles.is_waiting:  # looked at in the moment in which the job ended
                self._read(layer_ref, tiles_ref)

        def failed(error: Exception) -> None:
            tiles.give_up()
            self._complain(layer, str(error))

        desk.run(
            partial(reading_tiles, tiles),
            JobListener(progressed=show, returned=read, failed=failed),
        )

    def _complain(self, layer: Layer, problem: str) -> None:
        """Say once what is wrong, and what is seen instead."""
        if layer not in self._told:
            self._told[layer] = True
            self._bench.background.complain(
                f"{problem}. A reduced copy is shown there; all else goes on as before."
            )
