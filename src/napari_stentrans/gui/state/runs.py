"""State of the run: how it is set up, what it will cost, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isnan
from typing import TYPE_CHECKING, ClassVar

from psygnal import SignalGroupDescriptor

from napari_stentrans import keys
from napari_stentrans.config import RunConfig, preset_of
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.estimates import Estimate
from napari_stentrans.methods.base import method_names
from napari_stentrans.methods.device import Device
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from psygnal import SignalGroup

    from napari_stentrans.evaluation import EvaluationReport


@dataclass(frozen=True, eq=False)
class RunRecord:
    """One run that gave a result.

    Attributes
    ----------
    result
        What came of it.
    missing
        What was marked as missing.
    finished
        When, in local time.
    number
        Among the runs of its section; it stays when others are forgotten.
    """

    result: EnhancedSection
    missing: MissingRegions
    finished: datetime = field(default_factory=datetime.now)
    number: int = 1

    @property
    def config(self) -> RunConfig:
        """What was computed, complete."""
        return RunConfig.model_validate(self.result.provenance["config"])

    @property
    def way(self) -> str:
        """Name of the preset, or of the method with other settings than a preset."""
        return preset_of(self.config) or self.config.method

    @property
    def seconds(self) -> float:
        """How long it took."""
        return float(self.result.provenance.get("seconds", 0.0))

    @property
    def stopped_early(self) -> bool:
        """Whether it was told to stop, and kept what it had."""
        return bool(self.result.provenance.get("fit", {}).get("stopped_early"))

    @property
    def score(self) -> float | None:
        """Median correlation of genes with left-out spots, if any is known."""
        scores = self.result.gene_scores
        if keys.HELDOUT_PCC not in scores:
            return None
        known = scores[keys.HELDOUT_PCC].dropna()
        return float(known.median()) if len(known) else None


@dataclass(frozen=True)
class MethodScore:
    """How a method did at spots that were hidden from it.

    Attributes
    ----------
    method
        Its name.
    raw, log
        Median of Pearson's r over genes: of counts, and of log-normalised values of
        the highest.
    share
        Of the noise ceiling that ``raw`` reaches.
    coverage
        Share of the hidden counts that lie in the 90 % intervals.
    seconds
        To fit and to predict.
    """

    method: str
    raw: float
    log: float
    share: float
    coverage: float
    seconds: float


@dataclass(frozen=True)
class Lead:
    """How far a method is ahead of the best other one by a score; below zero: behind.

    Attributes
    ----------
    against
        The other one.
    value, low, high
        Difference of the scores, and its 95 % interval.
    """

    against: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class MethodTest:
    """Methods compared on hidden spots of a section.

    Attributes
    ----------
    task
        Which spots were hidden, or ``"denoise"``: half of the counts of each.
    method
        The one that was set up.
    n_hidden, n_genes
        How many spots, and how many genes were compared; spots on average.
    n_repeats
        How many choices of what is hidden the scores are averaged over.
    scores
        One a method.
    leads
        Of ``method``, by the names ``"raw"`` and ``"log"`` of `MethodScore`; without
        those that are not known.
    report
        Everything, to be saved.
    """

    task: str
    method: str
    n_hidden: int
    n_genes: int
    n_repeats: int
    scores: tuple[MethodScore, ...]
    leads: Mapping[str, Lead]
    report: EvaluationReport

    @property
    def hides_spots(self) -> bool:
        """Whether spots were hidden, not counts of all of them."""
        return self.task != "denoise"

    @property
    def best(self) -> MethodScore | None:
        """The one that predicts counts best; None where no score tells them apart."""
        known = [each for each in self.scores if not isnan(each.raw)]
        best = max(known, key=lambda each: each.raw, default=None)
        is_tie = len(known) > 1 and len({each.raw for each in known}) == 1
        return None if is_tie else best


@dataclass(eq=False)
class RunState:
    """How a run is set up, and what came of the runs before.

    Attributes
    ----------
    config
        The next run.
    estimates
        What it will cost on the current section, by the name of each preset, and as
        "" with the settings as they are. Empty where that is not known.
    devices
        Of this computer, the one first that is taken if none is asked for; empty until
        they are known.
    log
        Every run whose result is kept, of all sections, the oldest first.
    results
        Finished results of the current section, the oldest first; previews are not
        among them. The one that is shown is ``session.enhanced``.
    test
        How methods did on hidden spots of the current section, if they were tested.
    methods
        Names of the methods to choose from, the default first.
    summaries
        One line about each method, once they are known.
    """

    events: ClassVar[SignalGroupDescriptor | SignalGroup] = SignalGroupDescriptor()

    config: RunConfig = field(default_factory=RunConfig)
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    devices: tuple[Device, ...] = ()
    log: tuple[RunRecord, ...] = ()
    results: tuple[EnhancedSection, ...] = ()
    test: MethodTest | None = None
    methods: tuple[str, ...] = field(default_factory=lambda: tuple(method_names()))
    summaries: Mapping[str, str] = field(default_factory=dict)

    def name_of(self, result: EnhancedSection) -> str:
        """Name a result by its method, and by its number where there are several."""
        method = str(result.provenance.get("config", {}).get("method", "enhanced"))
        number = {record.result: record.number for record in self.log}.get(result)
        is_one_of_several = result in self.results and len(self.results) > 1
        return f"run {number}, {method}" if is_one_of_several else method

    def next_number(self, section: Section) -> int:
        """Return the number of the next run of a section."""
        return next_number(r for r in self.log if r.result.section is section)


def next_number(records: Iterable[RunRecord]) -> int:
    """Return the number of the run after these of the same section."""
    return 1 + max((record.number for record in records), default=0)
