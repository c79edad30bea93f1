"""Which derived layers a plan needs, and how each of them is made."""

from __future__ import annotations

from functools import partial
from typing import TypeAlias

from napari.layers import Layer

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.canvas import compared
from napari_stentrans.gui.canvas.derived import Derived, Key, Wanted
from napari_stentrans.gui.canvas.layers import LayerData, Role
from napari_stentrans.gui.canvas.plan import Plan
from napari_stentrans.gui.canvas.stage import Stage
from napari_stentrans.gui.canvas.swipe import SIDES, divider_x, swipe_layer
from napari_stentrans.gui.state.view import ViewMode

Pair: TypeAlias = tuple[Layer, Layer]
"""Layers of one gene that are compared: the reference, and the result."""

_PAIRED = (ViewMode.SIDE_BY_SIDE, ViewMode.BLINK, ViewMode.SWIPE)


def pair_of(plan: Plan, gene: str, stage: Stage, derived: Derived) -> Pair | None:
    """Return the layers of a gene that are compared, or None where one is missing."""
    if plan.reference is None:
        left = stage.find(plan.section, Role.GENE, gene)
    else:
        left = derived.find(Role.REFERENCE, gene)
    faded = derived.find(Role.FADED, gene)
    right = faded or stage.find(plan.section, Role.ENHANCED, gene)
    return None if left is None or right is None else (left, right)


def wanted_layers(plan: Plan, stage: Stage, derived: Derived) -> dict[Key, Wanted]:
    """Return every derived layer of a plan; what others are made from comes first."""
    result, gene = plan.result, plan.gene
    if result is None:
        return {}
    wanted: dict[Key, Wanted] = {}
    for each in stage.genes(plan.section):
        wanted |= _wanted_of_gene(plan, result, stage, each)
    if gene is not None and plan.mode is ViewMode.SWIPE and _has_pair(plan, stage):
        for side, role in enumerate(SIDES):
            make = partial(_swiped, plan, stage, derived, side)
            is_coloured = plan.fade and role is SIDES[1]
            wanted[role, gene] = Wanted(make, is_coloured=is_coloured)
    if gene is not None and plan.mode is ViewMode.DIFFERENCE:
        name = " minus ".join(reversed(plan.names))
        shown = (result, gene, plan.reference, name)
        make = partial(compared.difference_layer, *shown, even=plan.even)
        stamp = (result, plan.reference, gene, plan.even)
        wanted[Role.DIFFERENCE, None] = Wanted(make, stamp)
    if plan.show_origin:
        make = partial(compared.origin_layer, result)
        wanted[Role.ORIGIN, None] = Wanted(make, (result,))
    return wanted


def _wanted_of_gene(
    plan: Plan, result: EnhancedSection, stage: Stage, gene: str
) -> dict[Key, Wanted]:
    enhanced = stage.find(plan.section, Role.ENHANCED, gene)
    if enhanced is None:
        return {}
    wanted: dict[Key, Wanted] = {}
    limits, colormap = tuple(enhanced.contrast_limits), enhanced.colormap
    other = plan.reference
    is_seen = plan.mode is ViewMode.SIDE_BY_SIDE or gene == plan.gene
    if other is not None and plan.mode in _PAIRED and is_seen:
        name = plan.names[0]
        shown = (other, gene, limits, name)
        make = partial(compared.reference_layer, *shown, even=plan.even)
        made_of = (other, gene, name, plan.even)
        wanted[Role.REFERENCE, gene] = Wanted(make, made_of, enhanced)
    if plan.fade:
        stamp = (result, gene, limits, enhanced.gamma, colormap.name, plan.even)
        shade = compared.Shade(limits, enhanced.gamma, colormap.map)
        make = partial(compared.faded_layer, result, gene, shade, even=plan.even)
        wanted[Role.FADED, gene] = Wanted(make, stamp, enhanced, is_coloured=True)
    return wanted


def _has_pair(plan: Plan, stage: Stage) -> bool:
    measured = stage.find(plan.section, Role.GENE, plan.gene)
    enhanced = stage.find(plan.section, Role.ENHANCED, plan.gene)
    return enhanced is not None and (measured or plan.reference) is not None


def _swiped(plan: Plan, stage: Stage, derived: Derived, side: int) -> LayerData:
    pair = None if plan.gene is None else pair_of(plan, plan.gene, stage, derived)
    if pair is None:
        msg = "a swipe needs two layers of a gene"
        raise LookupError(msg)
    x = divider_x(plan.section, plan.divider)
    name = stage.plain_name(pair[side])
    if plan.gene is not None and plan.reference is not None:
        name = compared.name_of_gene(plan.gene, plan.names[side], even=plan.even)
    return swipe_layer(plan.section, SIDES[side], pair[side], x, name)
