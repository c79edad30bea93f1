"""Brings the layers of genes to one sequencing depth, or back to their own."""

from __future__ import annotations

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.canvas.expression import is_even
from napari_stentrans.gui.canvas.layers import Role, gene_layer
from napari_stentrans.gui.canvas.stage import Stage
from napari_stentrans.section.section import Section


def even_out(
    stage: Stage, section: Section, result: EnhancedSection | None, *, even: bool
) -> None:
    """Show every gene of a section at one sequencing depth, or at its own.

    Their contrast limits are found anew, since the values are others; layers that are
    as they should be are left alone. Sets of genes are drawn by whoever draws them.
    """
    stage.expression.even = even
    for gene in stage.genes(section):
        measured, enhanced = (
            stage.find(section, role, gene) for role in (Role.GENE, Role.ENHANCED)
        )
        if measured is not None and is_even(measured) is not even:
            stage.expression.fill(gene_layer(section, gene, even=even), measured)
        if result is None or enhanced is None:
            continue
        if is_even(enhanced) is not even:
            stage.expression.show_enhanced(result, gene)
