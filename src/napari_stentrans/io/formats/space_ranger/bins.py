"""Visium HD: which of the bins of one section to take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.formats.space_ranger.layout import Output

DEFAULT_BIN_UM: Final = 16
_FOLDER = re.compile(r"square_(\d{3})um")
_MANY = 500_000
"""Positions from which on everything takes long."""


def bins_of(outputs: list[Output]) -> dict[int, Output]:
    """Outputs by the side of their bins in µm; empty unless all are of one section."""
    found = [_FOLDER.fullmatch(output.root.name) for output in outputs]
    above = {output.root.parent for output in outputs}
    if len(above) != 1:
        return {}
    return {
        int(match[1]): output
        for match, output in zip(found, outputs, strict=True)
        if match is not None
    }


def choose_bins(bins: Mapping[int, Output], wished: float | None, name: str) -> int:
    """Side of the bins to take: as wished, else 16 µm, else the coarsest.

    Raises
    ------
    InvalidRequestError
        Listing what is there.
    """
    if wished is None:
        return DEFAULT_BIN_UM if DEFAULT_BIN_UM in bins else max(bins)
    if wished not in bins:
        msg = f"{name} has no bins of {wished:g} µm; there are bins of {_listed(bins)}"
        raise InvalidRequestError(msg)
    return int(wished)


def bins_note(bins: Mapping[int, Output], chosen: int) -> str:
    """Say what was taken and what else there is."""
    others = [side for side in bins if side != chosen]
    if not others:
        return f"Visium HD, bins of {chosen} µm."
    return (
        f"Visium HD, bins of {chosen} µm; there are also bins of {_listed(others)} "
        "(bin_size; command line: --bin-size)."
    )


def size_notes(n_positions: int, root: Path) -> list[str]:
    """Warn of sections that are larger than most computers like, and say what to do.

    Parameters
    ----------
    n_positions
        Bins in tissue.
    root
        The folder of these bins; those of other sizes lie beside it.
    """
    if n_positions < _MANY:
        return []
    own = _FOLDER.fullmatch(root.name)
    beside = (_FOLDER.fullmatch(child.name) for child in root.parent.iterdir())
    sides = sorted({int(match[1]) for match in beside if own and match})
    larger = [side for side in sides if own and side > int(own[1])]
    bins = f"bins of {int(own[1])} µm" if own else "bins"
    advice = (
        f"open the bins of {' or '.join(map(str, larger))} µm instead (folder "
        f"square_{larger[0]:03d}um, or bin_size={larger[0]}; command line: --bin-size "
        f"{larger[0]})"
        if larger
        else "open larger bins (Space Ranger makes 8 and 16 µm), or a part of the slide"
    )
    return [
        f"There are {n_positions / 1e6:.1f} million {bins} in tissue: good to look at, "
        "but enhancing them takes hours and much memory, and each has few counts. To "
        f"enhance, {advice}."
    ]


def _listed(sides: Mapping[int, Output] | list[int]) -> str:
    return ", ".join(str(side) for side in sorted(sides)) + " µm"
