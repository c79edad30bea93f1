"""What a person should know before trusting a result, in plain words, and what to do.

Pure: facts in, sentences out. Knows neither files nor napari.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from napari_stentrans.section.alignment import Alignment
from napari_stentrans.section.facts import PictureFit, SectionFacts
from napari_stentrans.section.section import Section
from napari_stentrans.section.technology import was_enhanced

_SHALLOW = 500
"""Counts in the median spot below which single genes are mostly noise."""
_FEW_SPOTS = 50
_MANY_SPOTS = 50_000
_INSIDE = 0.98
_ON_TISSUE = 0.4
"""Least shares of the spots on the picture, and on tissue, where it lies rightly."""
_REPEATED = "occur more than once"
"""How the readers' note about repeated gene names goes."""


class Level(StrEnum):
    """How much a piece of advice matters."""

    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Advice:
    """One thing to know, and what to do about it."""

    level: Level
    text: str
    what_to_do: str = ""


def advice(
    section: Section,
    facts: SectionFacts,
    fit: PictureFit | None = None,
    better: Alignment | None = None,
) -> list[Advice]:
    """List what to know of a section, warnings first.

    Parameters
    ----------
    section
        The section; what its reader noted is passed on.
    facts
        How much it holds.
    fit
        How its picture lies under the spots; None where there is no picture.
    better
        How the picture would lie clearly better, where that is known.
    """
    found = [] if was_enhanced(section) else _of_counts(facts)
    found += _of_few(facts.n_spots) + advice_on_large(facts.n_spots)
    found += _no_picture(section) if fit is None else _of_picture(fit, better)
    found += [_noted(note) for note in section.notes]
    return sorted(found, key=lambda each: each.level is Level.NOTE)


def _of_counts(facts: SectionFacts) -> list[Advice]:
    if not facts.are_counts:
        return [
            Advice(
                Level.WARNING,
                "The values are not whole numbers: they look normalised.",
                "Open the raw counts if you can. Results come in the units of the "
                "input, without noise ceilings.",
            )
        ]
    if facts.median_counts < _SHALLOW:
        return [
            Advice(
                Level.WARNING,
                f"Shallow: half of the spots have fewer than "
                f"{facts.median_counts:,.0f} counts.",
                "Trust strong genes and signatures of several genes; look at the "
                "held-out score of each gene before you read its picture.",
            )
        ]
    return []


def _of_few(n_spots: int) -> list[Advice]:
    if n_spots >= _FEW_SPOTS:
        return []
    return [
        Advice(
            Level.WARNING,
            f"Only {n_spots} spots: too few to learn much from.",
            "The preset 'instant' is enough here.",
        )
    ]


def advice_on_large(n_spots: int) -> list[Advice]:
    """What a section is told for being large; nothing, if it is not."""
    if n_spots <= _MANY_SPOTS:
        return []
    return [
        Advice(
            Level.NOTE,
            f"Large: {n_spots:,} spots.",
            "Try the preset 'instant' first, open coarser bins, or work on a part of "
            "it ('Part in view'; command line: --box).",
        )
    ]


def _no_picture(section: Section) -> list[Advice]:
    if section.image is not None:
        return [
            Advice(
                Level.WARNING,
                "There is a picture, but nothing says where the spots are on it.",
                "Move and scale it under the spots with 'Align the picture'.",
            )
        ]
    add = "" if section.pixel_xy is None else "add one below, or "
    return [
        Advice(
            Level.NOTE,
            "No picture of the tissue.",
            f"Runs do without, but do better with one: {add}open the folder with "
            "the picture beside the counts ('spatial' for Visium).",
        )
    ]


def _of_picture(fit: PictureFit, better: Alignment | None) -> list[Advice]:
    what_to_do = "Flip, turn or shift it with 'Align the picture'."
    if better is not None:
        text = "More spots would lie on tissue if the picture were flipped or turned."
        return [Advice(Level.WARNING, text, "Press 'Suggest' at 'Align the picture'.")]
    if fit.inside < _INSIDE:
        off = f"{1 - fit.inside:.0%} of the spots lie off the picture."
        return [Advice(Level.WARNING, off, what_to_do)]
    if fit.on_tissue is not None and fit.on_tissue < _ON_TISSUE:
        text = f"Only {fit.on_tissue:.0%} of the spots lie on stained tissue."
        return [Advice(Level.WARNING, text, what_to_do)]
    return []


def _noted(note: str) -> Advice:
    do = (
        "Look for the numbered name too when you search for such a gene."
        if _REPEATED in note
        else ""
    )
    return Advice(Level.NOTE, note, do)
