"""How far log r could go: predictors that may see what is scored, against honest ones.

    python benchmarks/attainable.py ../shared/data/crc16_visium --seeds 11
    python benchmarks/attainable.py ../shared/data/mel1_rep1 --tasks denoise --seeds 5 6

What a predictor that cheats does not reach, an honest one of its kind is unlikely to.
None of this is used by any method. `hidden_cheats` and `denoising_cheats` say what each
predictor is, and which of them is 1.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from denoising_cheats import DenoisingCheats
from hidden_cheats import HiddenCheats

from napari_stentrans import read_section
from napari_stentrans.config import RunConfig
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation import Task, hold_out, split_counts
from napari_stentrans.evaluation.genes import ScoredGenes, scored_genes
from napari_stentrans.evaluation.metrics import log_normalised, pearson
from napari_stentrans.methods.base import ExpressionField
from napari_stentrans.portions import portions
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section

_GENES_AT_ONCE = 512
_BEST = "best mixture"
Cheats = HiddenCheats | DenoisingCheats


def cheats_on(section: Section, task: str, seed: int) -> Cheats:
    """Predictors of one trial; of counts, as some of them know no other unit."""
    if not section.is_counted:
        msg = f"the values of {section.name} are no counts: give a section of counts"
        raise InvalidRequestError(msg)
    config = RunConfig(seed=seed)
    if task == Task.DENOISE:
        return DenoisingCheats(split_counts(section, seed), config)
    return HiddenCheats(hold_out(section, Task(task), seed), config)


def log_r(cheats: Cheats, genes: ScoredGenes) -> dict[str, FloatArray]:
    """Correlation of each gene's log-normalised values, shape (gene,), by predictor.

    *best mixture* is, for each gene, the sum of `mixed` that suits what is scored best.
    """
    trial, fields = cheats.trial, cheats.fields()
    everything = np.arange(trial.section.n_genes)
    libraries = {name: _library(field, everything) for name, field in fields.items()}
    target = float(np.median(trial.library))
    found = {name: np.empty(len(genes.columns)) for name in (*fields, _BEST)}
    for block in portions(len(genes.columns), _GENES_AT_ONCE):
        columns = genes.columns[block]
        truth = log_normalised(trial.truth(columns), trial.library, target)
        logs = {
            name: log_normalised(field.read(columns).mean, libraries[name], target)
            for name, field in fields.items()
        }
        logs[_BEST] = _best_mixture(truth, np.stack([logs[n] for n in cheats.mixed]))
        for name, predicted in logs.items():
            found[name][block] = pearson(truth, predicted)
    return found


def _library(field: ExpressionField, genes: np.ndarray) -> FloatArray:
    """Predicted total over all genes, shape (position,)."""
    library = np.zeros(field.n_positions)
    for part in portions(len(genes), _GENES_AT_ONCE):
        library += field.read(genes[part]).mean.sum(axis=1)
    return library


def _best_mixture(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Least squares of each gene's truth on its predictions (predictor, spot, gene)."""
    fitted = np.empty_like(truth)
    for gene in range(truth.shape[1]):
        known = np.column_stack([np.ones(len(truth)), *predicted[:, :, gene]])
        weights, *_ = np.linalg.lstsq(known, truth[:, gene], rcond=None)
        fitted[:, gene] = known @ weights
    return fitted


def attainable(section: Section, task: str, seed: int) -> dict[str, FloatArray]:
    """Log r of every predictor over that of the reference, on one trial.

    Of the median over all scored genes, and of that over the 500 highest.
    """
    cheats, genes = cheats_on(section, task, seed), scored_genes(section)
    medians = {
        name: np.array([np.nanmedian(of_genes), np.nanmedian(of_genes[genes.top])])
        for name, of_genes in log_r(cheats, genes).items()
    }
    reference = medians[cheats.reference]
    return {name: median / reference for name, median in medians.items()}


def main() -> None:
    """Print a table a section."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sections", nargs="+", type=Path)
    hiding = [Task.UPSAMPLE, Task.DROPOUT, Task.REGION]
    parser.add_argument("--tasks", nargs="+", default=hiding, choices=list(Task))
    parser.add_argument("--seeds", nargs="+", type=int, default=[11])
    given = parser.parse_args()
    for path in given.sections:
        section = read_section(path)
        for task in given.tasks:
            trials = [attainable(section, task, seed) for seed in given.seeds]
            reference = cheats_on(section, task, given.seeds[0]).reference
            print(f"\n{section.name}, {task}: log r over that of {reference}")
            print("all scored genes / 500 highest")
            for name in trials[0]:
                every, highest = np.mean([trial[name] for trial in trials], axis=0)
                print(f"{name:36} {every:.2f} / {highest:.2f}", flush=True)


if __name__ == "__main__":
    main()
