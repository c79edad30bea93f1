"""What runs cost, beside what is foretold: figures for `napari_stentrans.estimates`.

    OMP_NUM_THREADS=1 python benchmarks/estimates.py SECTION [SECTION ...]

Seconds are those that this process computes, so that other programs do not count;
memory is the peak above what was in use before the run.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from napari_stentrans import enhance, read_section
from napari_stentrans.config import PRESETS, RunConfig, with_preset
from napari_stentrans.estimates import Workload, estimate
from napari_stentrans.section.section import Section


@contextmanager
def peak_memory() -> Iterator[list[float]]:
    """Give a list whose one item is, at the end, the peak in bytes above the start."""
    process, over = psutil.Process(os.getpid()), threading.Event()
    before = process.memory_info().rss
    peak = [0.0]

    def watch() -> None:
        while not over.wait(0.02):
            peak[0] = max(peak[0], process.memory_info().rss - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield peak
    over.set()
    watcher.join()


def measure(section: Section, config: RunConfig) -> str:
    """Run once; tell cost and estimate."""
    told = estimate(Workload.of(section, config), config)
    with peak_memory() as peak:
        started = time.process_time()
        result = enhance(section, config=config)
        _ = result.gene_scores
        took = time.process_time() - started
    return (
        f"{took:7.1f} s (foretold {told.seconds:6.1f}) {peak[0] / 1e6:6.0f} MB "
        f"(foretold {told.memory / 1e6:5.0f}), {len(result):,} positions"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", type=Path, nargs="+")
    for path in parser.parse_args().sections:
        section = read_section(path)
        enhance(section, preset="standard", refine=1)  # imports and first calls
        for preset in PRESETS:
            for refine in (2, 4):
                config = with_preset(RunConfig(refine=refine, device="cpu"), preset)
                told = measure(section, config)
                print(f"{section.name:20s} {preset:9s} {refine}x {told}", flush=True)


if __name__ == "__main__":
    main()
