"""Sections to try things on: simulated ones, whose truth is known, and shipped ones."""

from __future__ import annotations

from napari_stentrans.datasets.shipped import (
    DEMO_HOLE,
    DEMO_SAMPLE,
    sample_data_dir,
    samples,
)
from napari_stentrans.datasets.simulated import SimulatedSection, simulated_section

__all__ = [
    "DEMO_HOLE",
    "DEMO_SAMPLE",
    "SimulatedSection",
    "sample_data_dir",
    "samples",
    "simulated_section",
]
