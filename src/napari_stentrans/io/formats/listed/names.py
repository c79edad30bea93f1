"""Names of files that belong together."""

from __future__ import annotations

import re
from pathlib import Path

_GENERIC = re.compile(
    "align(ment)?|anno(tations?)?|barcodes|beads?|beadlocationsforr|cells?|"
    "cellcoordinates|cellxgene|centroids?|coord(s|inates)?|counts?|csv|data|"
    "dge|digital|expr(ession)?|genes?|gz|he|hne|image|img|info|jpe?g|locations?|"
    "mapped|mappeddgeforr|matched|matchedbeadlocation|matrix|meta|metadata|obs|pixel|"
    "png|pos|positions?|selected|selection|spatial|spots?|st|stdata|tab|table|tiff?|"
    "tissue|tsv|txt|umis?|xy"
)
"""Words in file names that tell what a file is, not which section it belongs to."""


def identity(path: Path) -> frozenset[str]:
    """Words of a file name that tell which section it belongs to.

    ``A1_selection.tsv`` and ``A1.tsv.gz`` both give {"a1"}; ``coords.csv`` gives none.
    """
    words = re.split(r"[^0-9a-z]+", path.name.lower())
    return frozenset(word for word in words if word and not _GENERIC.fullmatch(word))
