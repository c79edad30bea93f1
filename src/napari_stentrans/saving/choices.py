"""What of a result a person wants written."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.figures import ComparisonLook


@dataclass(frozen=True)
class SaveChoices:
    """What of a result is written.

    Attributes
    ----------
    genes
        Their names; None for all that the result has, and telling ones in pictures.
    with_sd
        Whether the uncertainty is written, too. None: where it is in nobody's way, as
        in files of values (h5ad, zarr and parquet always have it), not in pictures.
    look
        How a figure is drawn, and the distance of spots in µm.
    """

    genes: tuple[str, ...] | None = None
    with_sd: bool | None = None
    look: ComparisonLook = field(default_factory=ComparisonLook)

    def of(self, result: EnhancedSection) -> EnhancedSection:
        """Return the result with the genes that are wanted alone."""
        return result if self.genes is None else result.only(self.genes)
