"""Public sections in napari: fetched where need be, while the window goes on."""

from __future__ import annotations

from napari_stentrans.datasets.downloads import download, is_here
from napari_stentrans.datasets.public import public_section
from napari_stentrans.gui.canvas.layers import LayerData, section_to_layers
from napari_stentrans.gui.jobs.responsive import Report, responsively
from napari_stentrans.gui.jobs.section_tasks import looked_through
from napari_stentrans.section.section import Section


def public_layers(name: str) -> list[LayerData]:
    """Return a public section as layers.

    Raises
    ------
    DownloadError
        If it is not here and cannot be fetched.
    """
    from napari_stentrans.io import read_section

    section = public_section(name)
    verb = "Opening" if is_here(section) else "Fetching"

    def work(report: Report) -> Section:
        path = download(name, on_progress=report)
        return looked_through(read_section(path, name=section.title))

    return section_to_layers(responsively(work, f"{verb} {section.title} …"))
