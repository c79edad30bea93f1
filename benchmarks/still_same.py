"""Find out whether a change of the source left the results of methods as they were.

    git worktree add /tmp/before COMMIT
    python benchmarks/still_same.py ../shared/data /tmp/before --methods published dist

Runs methods on a few sections with the source of an earlier checkout and with this one,
on the same machine, and compares every score. Where all of a method and task are equal,
its results that were made with the earlier source go on to count for that task
(`results/same.json`); so with the paper's protocol, which is run beside upsample.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from all_sections import RESULTS
from result_cache import ResultCache, kind_of

from napari_stentrans.evaluation import Task

HERE = Path(__file__).parents[1]
_BY_THE_CLOCK = {"seconds", "peak_memory_mb"}


def main() -> None:
    """Run both, compare, write down what is the same."""
    given = _parser().parse_args()
    with TemporaryDirectory() as folder:
        caches = [Path(folder) / name for name in ("before", "now")]
        for checkout, cache in zip((given.earlier, HERE), caches, strict=True):
            _run(checkout.resolve(), cache, given)
        before, now = map(_read, caches)
    for method, kind in sorted({run[:2] for run in (*before, *now)}):
        runs = sorted(run for run in {*before, *now} if run[:2] == (method, kind))
        other = [r[2] for r in runs if _scores(before.get(r)) != _scores(now.get(r))]
        if other:
            print(f"{method}, {kind}: not the same on {', '.join(other)}")
            continue
        earlier, current = before[runs[0]]["sources"], now[runs[0]]["sources"]
        if earlier != current:
            ResultCache(given.cache).add_same(method, kind, current, earlier)
        print(f"{method}, {kind}: the same on {len(runs)} runs")


def _run(checkout: Path, cache: Path, given: argparse.Namespace) -> None:
    """Make the runs with the source of a checkout."""
    command = [sys.executable, str(checkout / "benchmarks" / "all_sections.py")]
    command += [str(given.data.resolve()), "--output", str(cache.with_suffix(".md"))]
    command += ["--cache", str(cache), "--jobs", str(given.jobs)]
    for name in ("methods", "sections", "tasks"):
        command += [f"--{name}", *getattr(given, name)]
    command += ["--seeds", "0"]
    environment = os.environ | {"PYTHONPATH": str(checkout / "src")}
    subprocess.run(command, env=environment, check=True)


def _read(cache: Path) -> dict[tuple[str, ...], dict[str, Any]]:
    """Return the results of a folder by method, kind of run and section."""
    found = {}
    for path in cache.rglob("*.json"):
        result = json.loads(path.read_text("utf-8"))
        facts = result["facts"]
        found[facts["method"], kind_of(facts), facts["section"]] = result
    return found


def _scores(result: dict[str, Any] | None) -> dict[str, Any]:
    """All of a result but where it comes from and what it cost."""
    if result is None:
        return {}
    kept = {k: v for k, v in result.items() if k not in {"facts", "sources"}}
    scores = {k: v for k, v in kept.get("scores", {}).items() if k not in _BY_THE_CLOCK}
    return kept | {"scores": scores}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    few = ["st2k/MOB1", "pairs/VisiumVignette", "pairs/MerfishVignette"]
    add("data", type=Path, help="folder of sections, as for the benchmark")
    add("earlier", type=Path, help="checkout with the earlier source")
    add("--methods", nargs="+", required=True)
    add("--sections", nargs="+", default=few, help="default: a lattice of each kind")
    add("--tasks", nargs="+", default=list(Task), choices=list(Task))
    add("--cache", type=Path, default=RESULTS, help="folder of results")
    add("--jobs", type=int, default=1, help="runs at a time")
    return parser


if __name__ == "__main__":
    main()
