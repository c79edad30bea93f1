"""How far log r could go: predictors that may see what is hidden, against kriging.

    python benchmarks/attainable.py ../shared/data/crc16_visium --seeds 11

What a predictor that cheats does not reach, an honest one of its kind is unlikely to.
None of this is used by any method.

*programmes alone*: kriging without residuals of single genes. *programmes that saw*:
the same, but hidden counts take part when programmes are found (not when these are
kriged). *scores that saw*: the programme scores that the hidden counts themselves have.
*best mixture*: for each gene the sum of kriging, stentrans, gaussian and *programmes
that saw* that suits the hidden counts best, fitted on what is scored.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from napari_stentrans import read_section
from napari_stentrans.config import RunConfig
from napari_stentrans.evaluation import Task, hold_out
from napari_stentrans.evaluation.genes import scored_genes
from napari_stentrans.evaluation.holdout import HoldOut
from napari_stentrans.evaluation.metrics import log_normalised, pearson
from napari_stentrans.methods.base import ExpressionField, get_method
from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.cross_fitting import cross_fit
from napari_stentrans.methods.fields import ProgrammeField
from napari_stentrans.methods.kriging.enhancer import (
    FittedKriging,
    fit_programmes_steps,
)
from napari_stentrans.methods.programmes import Programmes, find_programmes
from napari_stentrans.portions import portions
from napari_stentrans.progress import run_to_end
from napari_stentrans.section.section import Section

_TASKS = (Task.UPSAMPLE, Task.DROPOUT, Task.REGION)
_GENES_AT_ONCE = 512
_MIXED = ("gaussian", "kriging", "stentrans", "programmes that saw")


@dataclass(frozen=True, eq=False)
class Cheats:
    """Predictors of one trial.

    Attributes
    ----------
    trial
        What is visible, and what is hidden.
    config
        With the seed of the trial.
    """

    trial: HoldOut
    config: RunConfig

    def fields(self) -> dict[str, ExpressionField]:
        """Every predictor, at the hidden spots."""
        honest = {
            name: self._honest(name, self.config)
            for name in ("kriging", "stentrans", "gaussian")
        }
        return honest | {
            "programmes alone": self._honest("kriging", self._alone),
            "programmes that saw": self._saw.field(self._hidden_rc),
            "scores that saw": ProgrammeField(
                self._saw.decoder, self._hidden_scores, None
            ),
        }

    def _honest(self, name: str, config: RunConfig) -> ExpressionField:
        fitted = get_method(name).fit(self.trial.reduced, config)
        return fitted.field(self._hidden_rc)

    @property
    def _alone(self) -> RunConfig:
        """Without residuals of single genes."""
        kriging = self.config.kriging.model_copy(update={"residuals": False})
        return self.config.model_copy(update={"kriging": kriging})

    @property
    def _hidden_rc(self) -> np.ndarray:
        return self.trial.section.array_rc[self.trial.scored]

    @cached_property
    def _programmes(self) -> Programmes:
        """Of all spots, the hidden ones among them."""
        n_programmes = self.config.kriging.n_programmes
        return find_programmes(self.trial.section, n_programmes, self.config.seed)

    @cached_property
    def _saw(self) -> FittedKriging:
        """Programmes of all spots, kriged from the visible ones."""
        visible = self.trial.reduced
        seen = self._programmes.scores[self.trial.visible]
        programmes = replace(self._programmes, scores=seen)
        crossed = cross_fit(visible, programmes, self.config.seed)
        steps = fit_programmes_steps(visible, programmes, crossed, self._alone)
        return run_to_end(steps)

    @property
    def _hidden_scores(self) -> ChannelEstimate:
        own = self._programmes.scores[self.trial.scored]
        return ChannelEstimate(own, np.zeros_like(own))


def log_r(cheats: Cheats) -> dict[str, float]:
    """Median over the 500 highest genes of r with hidden log-normalised values."""
    trial = cheats.trial
    genes = scored_genes(trial.section)
    top = genes.columns[genes.top]
    target = float(np.median(trial.library))
    truth = log_normalised(trial.truth(top), trial.library, target)
    everything = np.arange(trial.section.n_genes)
    logs = {
        name: _logs(field, everything, top, target)
        for name, field in cheats.fields().items()
    }
    found = {name: pearson(truth, predicted) for name, predicted in logs.items()}
    mixed = np.stack([logs[name] for name in _MIXED])
    found["best mixture"] = pearson(truth, _best_mixture(truth, mixed))
    return {name: float(np.nanmedian(of_genes)) for name, of_genes in found.items()}


def _logs(
    field: ExpressionField, everything: np.ndarray, top: np.ndarray, target: float
) -> np.ndarray:
    """Predicted log-normalised values of the highest genes, shape (spot, gene)."""
    library = np.zeros(field.n_positions)
    for part in portions(len(everything), _GENES_AT_ONCE):
        library += field.read(everything[part]).mean.sum(axis=1)
    return log_normalised(field.read(top).mean, library, target)


def _best_mixture(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Least squares of each gene's truth on its predictions (predictor, spot, gene)."""
    fitted = np.empty_like(truth)
    for gene in range(truth.shape[1]):
        known = np.column_stack([np.ones(len(truth)), *predicted[:, :, gene]])
        weights, *_ = np.linalg.lstsq(known, truth[:, gene], rcond=None)
        fitted[:, gene] = known @ weights
    return fitted


def attainable(section: Section, task: str, seed: int) -> dict[str, float]:
    """Log r of every predictor over that of kriging, on one trial."""
    trial = hold_out(section, Task(task), seed)
    found = log_r(Cheats(trial, RunConfig(seed=seed)))
    return {name: value / found["kriging"] for name, value in found.items()}


def main() -> None:
    """Print a table a section."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sections", nargs="+", type=Path)
    parser.add_argument("--tasks", nargs="+", default=_TASKS, choices=_TASKS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[11])
    given = parser.parse_args()
    for path in given.sections:
        section = read_section(path)
        tasks = " / ".join(given.tasks)
        print(f"\n{section.name}: log r over that of kriging, {tasks}")
        by_task = [
            [attainable(section, task, seed) for seed in given.seeds]
            for task in given.tasks
        ]
        for name in by_task[0][0]:
            means = (np.mean([each[name] for each in seeds]) for seeds in by_task)
            print(f"{name:20}", " / ".join(f"{mean:.2f}" for mean in means))


if __name__ == "__main__":
    main()
