"""Settings that outlive the program, in one small file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from napari_stentrans.config import RunConfig
from napari_stentrans.gui.state.settings import (
    Settings,
    data_folder,
    read_settings,
    settings_file,
    write_settings,
)


class Memory:
    """Reads settings once, and writes each change of them.

    Parameters
    ----------
    file
        Where; None remembers for as long as the program runs.
    folder
        Where small files are kept that recipes of runs refer to.

    Attributes
    ----------
    folder
        As given, or a temporary one.
    """

    def __init__(self, file: Path | None = None, folder: Path | None = None) -> None:
        self._file = file
        self.folder = folder or Path(gettempdir()) / "napari-stentrans"
        self._settings = Settings() if file is None else read_settings(file)

    @classmethod
    def of_user(cls) -> Memory:
        """What this user's launches remember."""
        return cls(settings_file(), data_folder())

    @property
    def regions(self) -> Path | None:
        """Folder where regions are kept by themselves; None to keep none."""
        return None if self._file is None else self.folder / "regions"

    @property
    def config(self) -> RunConfig:
        """Settings of the last run."""
        return self._settings.config

    @property
    def slowness(self) -> Mapping[str, float]:
        """How slow this computer is, by kind of run."""
        return self._settings.slowness

    @property
    def genes(self) -> tuple[str, ...]:
        """The user's own list of genes."""
        return self._settings.genes

    @property
    def gene_sets(self) -> str:
        """The file of gene sets that was loaded last, "" for none."""
        return self._settings.gene_sets

    def keep_config(self, config: RunConfig) -> None:
        """Remember how the next run is set up."""
        self._keep(_new, config=config)

    def keep_slowness(self, slowness: Mapping[str, float]) -> None:
        """Remember how slow this computer is."""
        self._keep(_changed_kinds, slowness=slowness)

    def keep_genes(self, genes: tuple[str, ...]) -> None:
        """Remember the user's own list of genes."""
        self._keep(_changed_list, genes=genes)

    def keep_gene_sets(self, path: str) -> None:
        """Remember the file of gene sets that was loaded last."""
        self._keep(_new, gene_sets=path)

    def _keep(self, join: Callable[[Any, Any, Any], Any], **change: Any) -> None:
        """Remember a change; what another window has written meanwhile stays.

        ``join`` makes what is written of the value before, the new one, and the one
        that is there by now.
        """
        before = self._settings
        settings = replace(before, **change)
        if settings == before:
            return
        self._settings = settings
        if self._file is not None:
            now = read_settings(self._file)
            joined = {
                name: join(getattr(before, name), value, getattr(now, name))
                for name, value in change.items()
            }
            write_settings(self._file, replace(now, **joined))


def _new(_before: Any, new: Any, _now: Any) -> Any:
    return new


def _changed_kinds(
    before: Mapping[str, float], new: Mapping[str, float], now: Mapping[str, float]
) -> dict[str, float]:
    """Return what is there now, with what is new of it."""
    learnt = {kind: slow for kind, slow in new.items() if slow != before.get(kind)}
    return {**now, **learnt}


def _changed_list(
    before: tuple[str, ...], new: tuple[str, ...], now: tuple[str, ...]
) -> tuple[str, ...]:
    """Return what is there now, without what was taken off and with what was added."""
    gone = set(before) - set(new)
    added = [name for name in new if name not in before]
    kept = [name for name in now if name not in gone]
    return tuple(dict.fromkeys([*kept, *added]))
