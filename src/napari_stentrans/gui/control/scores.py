"""The score of the current gene, and its values at the spots.

Only while somebody looks at them. A finished result knows the scores of its genes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_stentrans import keys
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.looking import Looking
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.gui.state.view import GeneScore, SpotPairs
from napari_stentrans.readings import at_spots, counts_of, seen_spots

if TYPE_CHECKING:
    import pandas as pd

_NO_SCORE_OF_SETS = "Scores are of single genes, and a signature is looked at."


class Scores:
    """Keeps ``score``, ``score_note`` and ``pairs`` of the session up to date.

    Parameters
    ----------
    bench
        The session, and how jobs are started.
    looking
        Says which gene is looked at.
    """

    def __init__(self, bench: Bench, looking: Looking) -> None:
        self._bench, self._looking = bench, looking
        self._watched = False
        bench.session.run.events.results.connect(self.refresh)

    def watch(self, *, watched: bool) -> None:
        """Begin or end to keep up."""
        self._watched = watched
        self.refresh()

    def refresh(self) -> None:
        """Say what is known of the current gene, and find out what is not."""
        if not self._watched:
            return
        session, gene = self._bench.session, self._looking.gene
        result, view = session.enhanced, session.view
        if result is None or gene is None:
            is_set = result is not None and self._looking.genes is not None
            view.score, view.pairs = None, None
            view.score_note = _NO_SCORE_OF_SETS if is_set else ""
            return
        view.pairs = spot_pairs(session, result, gene)
        view.score, view.score_note = self._score(result, gene)

    def close(self) -> None:
        """Find out nothing more."""
        self._bench.session.run.events.results.disconnect(self.refresh, missing_ok=True)

    def _score(
        self, result: EnhancedSection, gene: str
    ) -> tuple[GeneScore | None, str]:
        if result not in self._bench.session.run.results:
            return None, "Scores come with the finished result."
        return score_of(result, result.gene_scores, gene)


def score_of(
    result: EnhancedSection, scores: pd.DataFrame, gene: str
) -> tuple[GeneScore | None, str]:
    """Score of a gene, or why there is none."""
    if keys.HELDOUT_PCC not in scores:
        return None, "This method does not test itself on hidden spots."
    heldout = None
    if gene in scores.index:
        row = scores.loc[gene]
        heldout = _number(row[keys.HELDOUT_PCC])
    if heldout is None:
        return None, f"{gene} was not scored: it is found in too few spots."
    signal = row.get(keys.HAS_SIGNAL)
    rank = _number(row.get(keys.HELDOUT_RANK))
    found = GeneScore(
        gene=gene,
        heldout=heldout,
        kriging=_number(row.get(keys.HELDOUT_KRIGING_PCC)),
        ceiling=_number(row.get(keys.HELDOUT_CEILING)),
        rank=None if rank is None else int(rank),
        n_genes=int(scores[keys.HELDOUT_PCC].notna().sum()),
        has_signal=None if signal is None else bool(signal),
        n_spots=int(seen_spots(result).sum()),
    )
    return found, ""


def spot_pairs(
    session: EnhanceSession, result: EnhancedSection, gene: str
) -> SpotPairs:
    """Values at the spots that the method saw: reference against result."""
    reference, even = session.view.reference, session.view.is_even
    right = at_spots(result, gene, even=even)
    if reference is None:
        left = counts_of(result.section, gene, even=even)
        kept = seen_spots(result)
    else:
        left = at_spots(reference, gene, even=even)
        kept = np.isfinite(left) & np.isfinite(right)
    return SpotPairs(gene, left[kept], right[kept], names_of_pair(session), even)


def names_of_pair(session: EnhanceSession) -> tuple[str, str]:
    """What the two pictures that are compared are called, the reference first."""
    reference, result = session.view.reference, session.enhanced
    if reference is None or result is None:
        return "measured", "enhanced"
    return session.run.name_of(reference), session.run.name_of(result)


def _number(value: Any) -> float | None:
    """Return a finite number, or None."""
    if value is None or not np.isfinite(value):
        return None
    return float(value)
