"""Jobs: enhancing, keeping models, and asking methods and devices what they are."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from napari_stentrans.config import RunConfig
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.jobs.workers import surfaced
from napari_stentrans.methods.device import Device
from napari_stentrans.progress import Progress, Steps, changed
from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.section import Section

ADVICE = "Choose another device, a smaller refinement, or the method 'kriging'."
"""What to do where the device cannot compute what is asked for."""


@partial(surfaced, advice=ADVICE)
def enhancing(
    section: Section,
    config: RunConfig,
    missing: MissingRegions | None,
    picture: TissueImage | None = None,
) -> Steps[EnhancedSection]:
    """Enhance, and compute here what the main thread would ask of a result first.

    ``picture`` is that of the section as it lies now; results are of the section.
    """
    from napari_stentrans.pipeline import enhance_steps

    is_moved = picture is not None and picture is not section.image
    seen = replace(section, image=picture) if is_moved else section

    def of_it(result: EnhancedSection) -> EnhancedSection:
        return result.of_section(section) if is_moved else result

    def previewed(progress: Progress) -> Progress:
        if not isinstance(progress.partial, EnhancedSection):
            return progress
        preview = of_it(progress.partial)
        _warm(preview)
        return replace(progress, partial=preview)

    steps = enhance_steps(seen, config, missing=missing)
    result = of_it((yield from changed(steps, previewed)))
    _warm(result)
    yield Progress("Scoring genes", 0, 1, partial=result)
    _ = result.gene_scores
    return result


def _warm(result: EnhancedSection) -> None:
    """Let a result compute what it then keeps."""
    _ = result.raster
    result.read(result.section.genes[:1])


def keeping_model(result: EnhancedSection, path: Path) -> Steps[Path]:
    """Write what a method has learnt; returns the path."""
    yield Progress("Saving", 0, 1)
    return result.save_model(path)


def devices() -> Steps[tuple[Device, ...]]:
    """Devices of this computer, the one first that is taken if none is asked for."""
    from napari_stentrans.methods.device import devices_here

    yield Progress("Looking for devices", 0, 1)
    return tuple(devices_here())


def summaries_of_methods() -> Steps[dict[str, str]]:
    """What each method says of itself."""
    from napari_stentrans.methods.base import get_method, method_names

    summaries: dict[str, str] = {}
    for name in method_names():
        yield Progress("Looking up methods", len(summaries), len(method_names()))
        summaries[name] = get_method(name).summary
    return summaries
