"""Score every method on every section of a folder, and write the report.

    python benchmarks/all_sections.py ../shared/data --output docs/benchmark.md

Sections are found by looking into the folder. Each run (section, task, method, seed) is
kept as a file in `benchmarks/results`, which belongs to the repository: the benchmark
takes two and a half hours on two fast cores (`--jobs 2`), nearly all of it for
`published` and `dist`, can be stopped at any time and goes on where it was, on any
machine. Runs whose code or configuration has changed are done again. `--report-only`
writes the report from what is there, and names what is not.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from document import write_document
from result import compact
from result_cache import ResultCache
from sections import Candidate, survey

from napari_stentrans.config import RunConfig
from napari_stentrans.errors import StEnTransError
from napari_stentrans.evaluation import Protocol, Task, evaluate
from napari_stentrans.evaluation.baselines import BASELINES
from napari_stentrans.io import read_section
from napari_stentrans.methods.base import method_names
from napari_stentrans.section.section import Section

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Unit:
    """One run of the benchmark."""

    section: Candidate
    protocol: str
    task: str
    method: str
    seed: int
    config: str = "{}"

    @property
    def facts(self) -> dict[str, Any]:
        """What a result is known by."""
        return {
            "section": self.section.name,
            "fingerprint": self.section.fingerprint,
            "protocol": self.protocol,
            "task": self.task,
            "method": self.method,
            "seed": self.seed,
            "config": json.loads(self.config),
        }

    def __str__(self) -> str:
        paper = " (paper protocol)" if self.protocol == Protocol.PAPER else ""
        return f"{self.section.name} {self.task}{paper} {self.method} seed {self.seed}"


def main() -> None:
    """Parse the command line, run what is missing, write the report."""
    given = _parser().parse_args()
    if given.config and given.cache == RESULTS:
        sys.exit("--config: name a --cache for its results, apart from the benchmark's")
    for name in ("methods", "tasks", "seeds", "untimed"):
        setattr(given, name, list(dict.fromkeys(getattr(given, name) or ())))
    cache = ResultCache(given.cache)
    candidates = survey(given.data)
    chosen = [c for c in candidates if not c.unfit and _named(c, given.sections)]
    if not chosen:
        sys.exit(f"no section of {given.data} can be used; see --sections")
    units = plan(chosen, given)
    if not given.report_only:
        run_missing(units, cache, given.jobs)
    results = [found for unit in units if (found := cache.get(unit.facts))]
    missing = [unit.facts for unit in units if not cache.get(unit.facts)]
    untimed = tuple(given.untimed)
    write_document(given.output, results, candidates, missing, untimed, given.note)
    print(f"wrote {given.output}: {len(results)} of {len(units)} runs")


def plan(sections: list[Candidate], given: argparse.Namespace) -> list[Unit]:
    """List every run, the sections one after another, the paper's protocol last."""
    config = given.config.read_text(encoding="utf-8") if given.config else "{}"
    config = RunConfig.model_validate_json(config).model_dump_json()
    methods = given.methods or method_names()[::-1]  # up to our own
    units = []
    for section in sections:
        for task, seed in product(given.tasks, given.seeds):
            extra = [] if task != Task.DENOISE or given.methods else list(BASELINES)
            for method in [*methods, *extra]:
                if method not in BASELINES or task == Task.DENOISE:
                    held_out = str(Protocol.HELD_OUT)
                    units.append(Unit(section, held_out, task, method, seed, config))
        if Task.UPSAMPLE in given.tasks and not given.no_paper:
            units += [
                Unit(section, str(Protocol.PAPER), "upsample", method, seed, config)
                for seed, method in product(given.seeds[:1], methods)
                if method not in BASELINES
            ]
    return units


def run_missing(units: list[Unit], cache: ResultCache, jobs: int) -> None:
    """Do the runs that are not there yet, several at a time."""
    missing = [unit for unit in units if not cache.get(unit.facts)]
    print(f"{len(units) - len(missing)} of {len(units)} runs are there already")
    threads = max(1, (os.cpu_count() or 1) // jobs)
    os.environ["OMP_NUM_THREADS"] = str(threads)  # for the processes to come
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        waiting = {pool.submit(run_one, unit, cache): unit for unit in missing}
        for done, future in enumerate(as_completed(waiting), start=1):
            told = _outcome(future)
            print(f"[{done}/{len(missing)}] {waiting[future]}: {told}", flush=True)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here")
        raise SystemExit(130) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def run_one(unit: Unit, cache: ResultCache) -> str:
    """Do one run and keep its result; returns what to say about it."""
    section = _section(unit.section.path)
    config = RunConfig.model_validate_json(unit.config)
    try:
        report = evaluate(
            section, [unit.method], unit.task, unit.seed, config, protocol=unit.protocol
        )
    except StEnTransError as error:
        cache.put(unit.facts, {"failure": str(error)})
        return f"not possible: {error}"
    cache.put(unit.facts, compact(report))
    found = report.summary(unit.task).loc[unit.method]
    return (
        f"{found['pearson']:.3f} / {found['pearson_log_top']:.3f}, "
        f"{found['seconds']:.1f} s"
    )


@lru_cache(maxsize=1)
def _section(path: Path) -> Section:
    return read_section(path)


def _outcome(future: Future[str]) -> str:
    """What a run says; a fault is told and not kept, so that it is tried again."""
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - one fault must not end a long benchmark
        return f"FAULT {type(error).__name__}: {error}"


def _named(candidate: Candidate, wanted: list[str] | None) -> bool:
    """Whether a section is among those asked for, by any part of its name."""
    return not wanted or any(part in candidate.name for part in wanted)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("data", type=Path, help="folder to look for sections in")
    add("--output", type=Path, required=True, help="report to write (markdown)")
    add("--cache", type=Path, default=RESULTS, help="folder of results")
    add("--sections", nargs="+", help="only those with one of these in their name")
    add("--methods", nargs="+", help="default: all, and the baselines of denoise")
    add("--tasks", nargs="+", choices=list(Task), default=[str(task) for task in Task])
    add("--seeds", nargs="+", type=int, default=[0, 1, 2])
    add(
        "--config",
        type=Path,
        help="json of a RunConfig, for all methods; keep the "
        "results of such trials elsewhere (--cache)",
    )
    add("--jobs", type=int, default=1, help="runs at a time (seconds suffer from more)")
    add("--no-paper", action="store_true", help="leave out the paper's protocol")
    add(
        "--untimed", nargs="+", help="leave out seconds of these: run beside other work"
    )
    add("--note", default="", help="a remark for the head of the report")
    add("--report-only", action="store_true", help="run nothing")
    return parser


if __name__ == "__main__":
    main()
