"""The `stentrans` method: kriging, corrected by a Transformer where that pays."""

from __future__ import annotations

from dataclasses import replace

from napari_stentrans.config import RunConfig
from napari_stentrans.methods.base import Enhancer, Fitted
from napari_stentrans.methods.device import memory_watched, resolve_device
from napari_stentrans.methods.kriging.appearance import Appearance
from napari_stentrans.methods.kriging.enhancer import (
    FittedKriging,
    fit_programmes_steps,
    kriged_steps,
)
from napari_stentrans.methods.stentrans.adaptation import adaptation_steps
from napari_stentrans.methods.stentrans.fitted import fitted_steps
from napari_stentrans.methods.stentrans.model import FEWEST_SPOTS, StEnTransModel
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.section import Section


class StEnTrans(Enhancer):
    """A pre-trained Transformer that corrects kriging as far as the section agrees."""

    name = "stentrans"
    summary = "Pre-trained Transformer on top of kriging: the default."

    def has_seen(self, section: Section, config: RunConfig) -> str:
        """Say so of a model that was made of spots of the section."""
        if not config.model:
            return ""
        share = StEnTransModel.load(config.model).marks.share_known(section)
        if not share:
            return ""
        return f"the model {config.model} was made of {share:.0%} of its spots"

    def learn_steps(self, section: Section, config: RunConfig) -> Steps[Fitted]:
        """Krige, offer that as a first result, then adapt. Stopping keeps the best.

        A model that was kept gives its programmes and its network.
        """
        device = resolve_device(config.device)
        model = StEnTransModel.load(config.model) if config.model else None
        kriging = yield from _kriged_steps(section, config, model)
        if not _can_be_judged(kriging):
            return kriging
        stop = yield Progress("Kriging: ready", 1, 1, partial=kriging)
        if stop:
            return replace(kriging, stopped_early=True)
        network = model.network if model else None
        with memory_watched(device, "a smaller window"):
            adapted = yield from adaptation_steps(kriging, config, device, network)
            return (yield from fitted_steps(kriging, adapted))


def _kriged_steps(
    section: Section, config: RunConfig, model: StEnTransModel | None
) -> Steps[FittedKriging]:
    """Krige the section's own programmes, or those of a model."""
    looks = Appearance.of(section) if config.transformer.image else None
    if model is None:
        return (yield from kriged_steps(section, config, looks))
    programmes, crossed = model.programmes_of(section, config.seed)
    return (
        yield from fit_programmes_steps(section, programmes, crossed, config, looks)
    )


def _can_be_judged(kriging: FittedKriging) -> bool:
    """Whether there are spots and programmes enough to judge corrections by."""
    enough = kriging.section.n_spots >= FEWEST_SPOTS
    return enough and kriging.programmes.n_channels > 1
