"""The four classical methods. They differ in the rule between the spots alone."""

from __future__ import annotations

from dataclasses import replace

from napari_stentrans.config import RunConfig
from napari_stentrans.methods.base import Enhancer, Fitted
from napari_stentrans.methods.interpolation.cubic import cubic
from napari_stentrans.methods.interpolation.fitted import Interpolated
from napari_stentrans.methods.interpolation.noise import CountNoise, leave_out_steps
from napari_stentrans.methods.interpolation.triangles import linear
from napari_stentrans.methods.interpolation.weights import (
    GaussianKernel,
    Rule,
    nearest,
)
from napari_stentrans.methods.interpolation.width import choose_width_steps
from napari_stentrans.progress import Steps
from napari_stentrans.section.section import Section


class Interpolation(Enhancer):
    """A method that carries counts from spots to positions, each gene on its own."""

    rule: Rule
    """The rule between the spots, which keeps the counts of the spots themselves."""

    def learn_steps(self, section: Section, config: RunConfig) -> Steps[Fitted]:
        """Measure the error of the rule at left-out spots."""
        return (yield from interpolated_steps(section, self.rule, self.rule, config))


class Nearest(Interpolation):
    """The counts of the nearest spot."""

    name = "nearest"
    summary = "Copy the nearest measured spot."
    rule = staticmethod(nearest)


class Linear(Interpolation):
    """Straight lines between neighbouring spots."""

    name = "linear"
    summary = "Interpolate linearly between neighbouring spots."
    rule = staticmethod(linear)


class Cubic(Interpolation):
    """Smooth curves through the spots."""

    name = "cubic"
    summary = "Interpolate smoothly between neighbouring spots."
    rule = staticmethod(cubic)


class Gaussian(Enhancer):
    """Average of the spots around, by a Gaussian kernel of cross-validated width."""

    name = "gaussian"
    summary = "Average nearby spots; the width is chosen by cross-validation."

    def learn_steps(self, section: Section, config: RunConfig) -> Steps[Fitted]:
        """Choose the width, then measure the error at left-out spots."""
        width = yield from choose_width_steps(section, config.seed)
        between = GaussianKernel(width)
        at_spots = replace(between, own=True)
        return (yield from interpolated_steps(section, between, at_spots, config))


def interpolated_steps(
    section: Section, between: Rule, at_spots: Rule, config: RunConfig
) -> Steps[Interpolated]:
    """Join a section and a rule, with the error of that rule at left-out spots."""
    folds = yield from leave_out_steps(section.pitch_rc, between, config.seed)
    noise = CountNoise(section.by_gene, folds)
    return Interpolated(section, between, at_spots, noise)
