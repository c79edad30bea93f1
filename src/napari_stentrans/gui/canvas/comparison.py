"""Brings the layers of a section into the way of comparing that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from napari.layers import Layer

from napari_stentrans.gui.canvas.color_bars import ColorBars
from napari_stentrans.gui.canvas.derived import Derived
from napari_stentrans.gui.canvas.expression import LINKED
from napari_stentrans.gui.canvas.fading import Fading
from napari_stentrans.gui.canvas.gene_sets import GeneSet
from napari_stentrans.gui.canvas.layers import BACKGROUND, Role
from napari_stentrans.gui.canvas.plan import Plan
from napari_stentrans.gui.canvas.side_by_side import SideBySide
from napari_stentrans.gui.canvas.solo import Solo
from napari_stentrans.gui.canvas.stage import Stage
from napari_stentrans.gui.canvas.swipe import SIDES, divider_x, swipe_layer
from napari_stentrans.gui.canvas.wanted import Pair, pair_of, wanted_layers
from napari_stentrans.gui.jobs.turns import Turns
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.section.section import Section


class Comparison:
    """Shows plans, one after another, and leaves nothing behind.

    Parameters
    ----------
    stage
        The layers.
    again
        Called when the user changed a layer so that the plan must be shown anew.
    turns
        In which what is slow is made; all at once, if not given.
    """

    def __init__(
        self, stage: Stage, again: Callable[[], None], turns: Turns | None = None
    ) -> None:
        self._stage, self._again = stage, again
        self._derived = Derived(stage)
        turns = turns or Turns()
        self._panels = SideBySide(stage, turns)
        self._solo = Solo(stage)
        self._fading = Fading(self._changed)
        self._bars_of = ColorBars(turns)
        self._is_arranging = False
        self._gene_before: str | None = None
        self._mode_before: ViewMode | None = ViewMode.OVERLAY

    @property
    def is_arranging(self) -> bool:
        """Whether layers come and go because a plan is being shown."""
        return self._is_arranging

    def lacks_pair(self, plan: Plan) -> bool:
        """Whether one of two pictures that take turns was deleted by hand.

        That of another result can be made anew.
        """
        if plan.gene is None or plan.mode not in (ViewMode.BLINK, ViewMode.SWIPE):
            return False
        roles = [Role.ENHANCED]
        roles += [Role.GENE] if plan.reference is None else []
        found = (self._stage.find(plan.section, role, plan.gene) for role in roles)
        return any(layer is None for layer in found)

    def prepare(self, plan: Plan) -> bool:
        """Add one of the layers that a plan lacks, not seen yet; says whether it did.

        Adding a layer is slow: `show` adds all that are still lacking.
        """
        with self._arranging():
            wanted = wanted_layers(plan, self._stage, self._derived)
            return self._derived.add_one(wanted)

    def show(self, plan: Plan) -> None:
        """Show a plan."""
        with self._arranging():
            was_on = self._is_on
            leaves_grid = self._panels.is_on and plan.mode is not ViewMode.SIDE_BY_SIDE
            if leaves_grid:
                self._panels.hide()
            if plan.mode in (ViewMode.OVERLAY, ViewMode.SIDE_BY_SIDE):
                self._solo.hide()
            self._derived.put(wanted_layers(plan, self._stage, self._derived))
            self._link(plan)
            origin = self._derived.find(Role.ORIGIN)
            if leaves_grid and origin is not None:
                origin.visible = True
            ends = was_on or plan.mode is not self._mode_before
            self._arrange(plan, ends=ends)
            self.give_bars(plan)
            if not was_on:
                self._gene_before = plan.gene
            self._mode_before = plan.mode

    def ask_for_gene(self) -> None:
        """Show the gene of the plan once this way of looking ends."""
        self._gene_before = None

    def ask_for_mode(self) -> None:
        """Begin the next way anew, even if it is the same: something is to be seen."""
        self._mode_before = None

    def give_bars(self, plan: Plan) -> None:
        """Give what is seen a colour bar; one costs as much as the layer itself.

        The two sides of the swipe share that of the right one, if it has values.
        """
        left, right = (self._derived.find(role, plan.gene) for role in SIDES)
        spared = left if right is not None and not right.rgb else None
        for layer, tag in self._stage.tagged():
            if tag.role not in BACKGROUND and not layer.rgb:
                is_wanted = plan.color_bars and layer is not spared
                has_one = is_wanted and tag.section is plan.section
                self._bars_of.show(layer, has_one=has_one)

    def move_divider(self, plan: Plan) -> None:
        """Divide the swipe elsewhere: what a hand on the mouse waits for."""
        pair = None if plan.gene is None else self._pair(plan, plan.gene)
        if pair is None:
            return
        x = divider_x(plan.section, plan.divider)
        with self._arranging():
            for role, source in zip(SIDES, pair, strict=True):
                layer = self._derived.find(role, plan.gene)
                if layer is not None:
                    layer.data = swipe_layer(plan.section, role, source, x)[0]

    def put_back(self) -> None:
        """Show the layers as they would be without any comparison; remove none."""
        with self._arranging():
            self._panels.hide()
            self._solo.hide()
            self._fading.show({})

    def clear(self) -> None:
        """Go back to the layers as they would be without any comparison."""
        with self._arranging():
            self.put_back()
            self._derived.put({})
            self._bars_of.clear()

    def take_lost(self) -> set[Role]:
        """Return what the user removed by hand from the layer list, once."""
        return self._derived.take_lost()

    @contextmanager
    def _arranging(self) -> Iterator[None]:
        before, self._is_arranging = self._is_arranging, True
        try:
            yield
        finally:
            self._is_arranging = before

    @property
    def _is_on(self) -> bool:
        """Whether layers are shown otherwise than the layer list had them."""
        return self._panels.is_on or self._solo.is_on

    def _bring_up(self, plan: Plan) -> None:
        """Show the current gene alone, if another was before this way, or none is now.

        What was seen before may have been deleted by hand meanwhile.
        """
        find, expression = self._stage.find, self._stage.expression
        is_seen = expression.is_seen(plan.section)
        if is_seen and plan.gene == self._gene_before:
            return
        self._gene_before = plan.gene
        top = find(plan.section, Role.ENHANCED, plan.gene)
        top = top or find(plan.section, Role.GENE, plan.gene)
        if plan.gene is not None and top is not None:
            expression.hide(plan.section)
            top.visible = True
        elif not is_seen:
            expression.show_uppermost(plan.section)

    def _changed(self) -> None:
        if not self._is_arranging:
            self._again()

    def _arrange(self, plan: Plan, *, ends: bool) -> None:
        """Show the layers of the mode, and hide what they would be mixed with.

        ``ends`` tells whether another way was in use, which ends if this one needs
        nothing but the layers as they are.
        """
        pair = None if plan.gene is None else self._pair(plan, plan.gene)
        find = self._derived.find
        shown: list[Layer | None] = []
        if plan.mode is ViewMode.SIDE_BY_SIDE:
            self._panels.show(self._grid(plan), 3 if plan.show_sd else 2)
        elif plan.mode is ViewMode.SWIPE:
            shown = [find(role, plan.gene) for role in SIDES]
        elif plan.mode is ViewMode.DIFFERENCE:
            shown = [find(Role.DIFFERENCE)]
        elif plan.mode is ViewMode.BLINK and pair is not None:
            shown = [pair[0] if plan.first_on_top else pair[1]]
        there = [layer for layer in shown if layer is not None]
        if there:
            self._solo.show(plan.section, there)
        elif plan.mode is not ViewMode.SIDE_BY_SIDE:
            self._solo.hide()
        if ends and not self._is_on:
            self._bring_up(plan)
        if not there and plan.mode is not ViewMode.SIDE_BY_SIDE:
            self._stage.expression.show_sd(plan.section, shown=plan.show_sd)
            self._fading.match()

    def _pair(self, plan: Plan, gene: str) -> Pair | None:
        return pair_of(plan, gene, self._stage, self._derived)

    def _grid(self, plan: Plan) -> list[list[Layer]]:
        """Panels of every gene, or set of genes, that has all of them: a row each."""
        find, section = self._stage.find, plan.section
        rows = [
            (self._pair(plan, gene), find(section, Role.SD, gene))
            for gene in self._stage.genes(section)
        ]
        if plan.reference is None:
            rows += [self._row_of_set(section, of) for of in self._sets(section)]
        panels: list[list[Layer]] = []
        for pair, sd in rows:
            if pair is None or (plan.show_sd and sd is None):
                continue
            panels += [[pair[0]], [pair[1]]]
            panels += [[sd]] if plan.show_sd and sd is not None else []
        if not panels:
            return []
        painted, origin = self._stage.canvas(section), self._derived.find(Role.ORIGIN)
        if painted is not None and plan.reference is None:
            panels[0].append(painted)
        panels[1] += [] if origin is None else [origin]
        image = find(section, Role.IMAGE)
        if image is not None and len(panels) == 2:  # one gene: room for the picture
            panels.insert(0, [image])
        return panels

    def _sets(self, section: Section) -> list[GeneSet]:
        tags = [tag for _, tag in self._stage.tagged() if tag.section is section]
        return list(dict.fromkeys(tag.of for tag in tags if tag.of is not None))

    def _row_of_set(
        self, section: Section, of: GeneSet
    ) -> tuple[Pair | None, Layer | None]:
        measured, enhanced, sd = (
            self._stage.find(section, role, of=of)
            for role in (Role.GENE, Role.ENHANCED, Role.SD)
        )
        is_whole = measured is not None and enhanced is not None
        return ((measured, enhanced) if is_whole else None), sd

    def _link(self, plan: Plan) -> None:
        """Pass on what the user does to the colours of one of several like pictures."""
        copies: dict[Layer, Layer] = {}
        layers, derived = self._stage.viewer.layers, self._derived
        for gene in self._stage.genes(plan.section):
            enhanced = self._stage.find(plan.section, Role.ENHANCED, gene)
            if enhanced is None:
                continue
            faded = derived.find(Role.FADED, gene)
            if faded is not None:
                copies[enhanced] = faded
            for role in (Role.REFERENCE, *SIDES):
                layer = derived.find(role, gene)
                if layer is not None and not layer.rgb:
                    layer.colormap, layer.gamma = enhanced.colormap, enhanced.gamma
                    layers.link_layers([enhanced, layer], LINKED)
        self._fading.show(copies)
