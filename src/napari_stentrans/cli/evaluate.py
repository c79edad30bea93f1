"""``stentrans evaluate``: how good each method is on a section."""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from napari_stentrans.cli.console import ExitCode, ProgressBars, UsageError, remark, say
from napari_stentrans.cli.evaluate_text import as_text
from napari_stentrans.cli.inputs import add_section_options, open_section, parse_genes
from napari_stentrans.cli.lists import Listed
from napari_stentrans.cli.options import add_run_options, parser_of, run_config
from napari_stentrans.cli.outputs import check_apart, check_output, keeping_new, writing
from napari_stentrans.cli.paths import path_of
from napari_stentrans.config import RUN_OPTIONS, RunConfig
from napari_stentrans.io.files.replacing import replacing

if TYPE_CHECKING:
    from napari_stentrans.evaluation import EvaluationReport
    from napari_stentrans.section.section import Section

EXAMPLES = """
examples:
  stentrans evaluate outs
  stentrans evaluate counts.tsv.gz --task dropout region --methods kriging linear
  stentrans evaluate section.h5ad --seed 0 1 2 --json scores.json --csv genes.csv
  stentrans evaluate outs --task upsample --figure scores.png --genes CD37,DLL3
  stentrans evaluate outs --task upsample --protocol paper
"""

_TASKS = ("upsample", "dropout", "region", "denoise")
_OUTPUTS = {
    "json": (".json",),
    "csv": (".csv", ".csv.gz"),
    "figure": (".png", ".pdf", ".svg"),
}
_NOT_HERE = {"method", "refine", "tissue", "seed"}
"""Run options that an evaluation sets itself, or has no use for."""
_PICTURED = 2
"""Genes shown in the figure, if none is named."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_section_options(parser)
    what = parser.add_argument_group("what to try")
    what.add_argument(
        "--task",
        dest="tasks",
        action=Listed,
        allowed=_TASKS,
        metavar="TASK",
        help="upsample: every second row and column is given; dropout: 30 %% of the "
        "spots are hidden; region: discs of radius 3 pitches are hidden, 15 %% in all; "
        "denoise: half of the counts of each spot is given (default: all of them; "
        "upsample alone for the paper's protocol)",
    )
    what.add_argument(
        "--methods",
        action=Listed,
        metavar="NAME",
        help="which methods, see 'stentrans methods'; for denoise raw and pca20 as "
        "well (default: all that can handle the section)",
    )
    what.add_argument(
        "--seed",
        dest="seeds",
        action=Listed,
        kind=parser_of(RunConfig.model_fields["seed"]),
        metavar="N",
        help="of what is hidden and of the methods; several are averaged (default: 0)",
    )
    what.add_argument(
        "--protocol",
        choices=("held-out", "paper"),
        default="held-out",
        help="held-out: only what a method has not seen is scored; paper: all spots "
        "are, in-sample, as in the stEnTrans paper (default: held-out)",
    )
    _add_outputs(parser)
    add_run_options(parser, [name for name in RUN_OPTIONS if name not in _NOT_HERE])
    parser.add_argument(
        "--quiet", action="store_true", help="say nothing unless something fails"
    )


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what to write")
    told = {
        "json": "all but the scores of single genes, for other programs",
        "csv": "every score of every gene, beside its noise ceiling",
        "figure": "box plots of the methods, and pictures of genes (png, pdf or svg)",
    }
    for name, text in told.items():
        group.add_argument(f"--{name}", type=path_of, metavar="FILE", help=text)
    group.add_argument(
        "--genes",
        metavar="GENES",
        help="genes to picture in the figure: names with commas between, or @FILE; of "
        "more than 12 the most telling (default: two with a telling pattern)",
    )
    group.add_argument(
        "--force", action="store_true", help="replace files that exist already"
    )


def run(args: argparse.Namespace) -> int:
    """Evaluate methods on one section."""
    from napari_stentrans.estimates import check_memory
    from napari_stentrans.evaluation import evaluation_steps, plan_evaluation
    from napari_stentrans.progress import run_to_end

    started = time.perf_counter()
    _check(args)
    config = run_config(args)
    check_apart(_asked(args), [config.model])  # which a run file may have named
    section = open_section(args)
    check_apart(_asked(args), section.inputs)  # some are found beside INPUT
    for note in section.notes:
        remark(f"note: {note}", quiet=args.quiet)
    check_memory(section, config.model_copy(update={"method": "kriging"}))
    plan = plan_evaluation(
        section,
        args.methods,
        args.tasks or (["upsample"] if args.protocol == "paper" else _TASKS),
        args.seeds or [0],
        args.protocol,
        _pictured(section, args),
    )
    with ProgressBars(quiet=args.quiet) as bars:
        report = run_to_end(evaluation_steps(plan, config), bars)
    for row in report.failures.drop_duplicates(["method", "reason"]).to_dict("records"):
        remark(f"note: {row['method']} left out: {row['reason']}", quiet=args.quiet)
    for note in report.notes:
        remark(f"note: {note}", quiet=args.quiet)
    written = _write(report, args)
    say(as_text(report), quiet=args.quiet)
    seconds = time.perf_counter() - started
    for path in written:
        say(f"wrote {path}", quiet=args.quiet)
    say(f"{seconds:.1f} s", quiet=args.quiet)
    return ExitCode.OK


def _check(args: argparse.Namespace) -> None:
    """Find what is wrong with the options before anything is read."""
    from napari_stentrans.errors import InvalidRequestError
    from napari_stentrans.evaluation.plan import find_method

    for name, endings in _OUTPUTS.items():
        if (path := getattr(args, name)) is not None:
            check_output(path, args, f"--{name}", endings)
    given = [path.resolve() for name in _OUTPUTS if (path := getattr(args, name))]
    if len(set(given)) < len(given):
        msg = "two outputs have the same name"
        raise UsageError(msg, command="stentrans evaluate")
    if args.genes is not None and args.figure is None:
        msg = "--genes are for the pictures of --figure; scores are of all genes"
        raise UsageError(msg, command="stentrans evaluate")
    try:
        for name in args.methods or ():
            find_method(name)
    except InvalidRequestError as error:
        raise UsageError(str(error), command="stentrans evaluate") from None


def _asked(args: argparse.Namespace) -> dict[str, Path]:
    """Options that name an output, and what they name."""
    given = {f"--{name}": getattr(args, name) for name in _OUTPUTS}
    return {option: path for option, path in given.items() if path is not None}


def _pictured(section: Section, args: argparse.Namespace) -> list[str]:
    """Genes to show in the figure, if there is to be one."""
    if args.figure is None:
        return []
    from napari_stentrans.evaluation.figure_genes import MOST_GENES
    from napari_stentrans.figures import telling_genes

    if args.genes is None:
        return telling_genes(section, _PICTURED)
    names = parse_genes(args.genes)
    if isinstance(names, str):
        msg = f"--genes {names}: name the genes to picture, such as --genes CD37,DLL3"
        raise UsageError(msg, command="stentrans evaluate")
    if len(names) <= MOST_GENES:
        return list(names)
    shown = telling_genes(section, MOST_GENES, among=section.gene_index(names))
    told = f"{args.figure.name} will show {len(shown)} of {len(names):,} genes"
    remark(f"note: {told}: {', '.join(shown)}", quiet=args.quiet)
    return shown


def _write(report: EvaluationReport, args: argparse.Namespace) -> list[Path]:
    """Write what was asked for; all files appear together at the end."""
    from napari_stentrans.evaluation.writing import writer_of

    asked = list(_asked(args).values())
    with writing(), keeping_new(args, *asked), ExitStack() as stack:
        for out in asked:
            writer_of(out)(report, stack.enter_context(replacing(out)))
    return asked
