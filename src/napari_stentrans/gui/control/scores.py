"""The score of the current gene, and its values at the spots.

Scores of all genes take a second or so: they are found once a result, in the
background, and only while somebody looks at them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from napari_stentrans import keys
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.looking import Looking
from napari_stentrans.gui.jobs.desk import JobDesk, JobListener
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.gui.state.view import GeneScore, SpotPairs, result_name
from napari_stentrans.progress import Progress, Steps
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
        self._desk = JobDesk(bench.start)
        self._known: WeakKeyDictionary[EnhancedSection, pd.DataFrame] = (
            WeakKeyDictionary()
        )
        self._asked: EnhancedSection | None = None
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
        self._desk.discard()
        self._bench.session.run.events.results.disconnect(self.refresh, missing_ok=True)

    def _score(
        self, result: EnhancedSection, gene: str
    ) -> tuple[GeneScore | None, str]:
        if result not in self._bench.session.run.results:
            return None, "Scores come with the finished result."
        if result not in self._known:
            self._ask(result)
            return None, "Looking up the scores …"
        return score_of(result, self._known[result], gene)

    def _ask(self, result: EnhancedSection) -> None:
        if result is self._asked:
            return
        self._asked = result

        def known(scores: pd.DataFrame) -> None:
            self._known[result], self._asked = scores, None
            self.refresh()

        def failed(error: Exception) -> None:
            self._asked = None
            self._bench.background.failed(error)

        self._desk.run(partial(_scoring, result), JobListener(_ignore, known, failed))


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
    results = session.run.results
    return result_name(reference, results), result_name(result, results)


def _scoring(result: EnhancedSection) -> Steps[pd.DataFrame]:
    yield Progress("Looking up scores", 0, 1)
    return result.gene_scores


def _number(value: Any) -> float | None:
    """Return a finite number, or None."""
    if value is None or not np.isfinite(value):
        return None
    return float(value)


def _ignore(_progress: Progress) -> None:
    """Show nothing."""
