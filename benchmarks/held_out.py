"""Score methods on hidden spots of real sections, and print a table.

    python benchmarks/held_out.py SECTION [SECTION ...] [--methods linear kriging ...]

Each row is a section and task; each pair of figures the median Pearson r of the genes
in more than 10 % of the spots (counts) and of the 500 highest (log-normalised).
"""

from __future__ import annotations

import argparse

from napari_stentrans.evaluation import evaluate
from napari_stentrans.io import read_section
from napari_stentrans.methods.base import method_names


def main() -> None:
    """Parse the command line, evaluate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="+")
    parser.add_argument("--methods", nargs="+", default=method_names())
    parser.add_argument("--tasks", nargs="+", default=["upsample", "dropout", "region"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    given = parser.parse_args()
    print("| section | task | seed | " + " | ".join(given.methods) + " |")
    print("|---|---|---|" + "---|" * len(given.methods))
    for path in given.sections:
        section = read_section(path)
        for task in given.tasks:
            for seed in given.seeds:
                report = evaluate(section, given.methods, task=task, seed=seed)
                median = report.summary()
                cells = [
                    f"{median.loc[m, 'pearson']:.3f} / "
                    f"{median.loc[m, 'pearson_log_top']:.3f} "
                    f"({report.seconds[m]:.0f} s)"
                    for m in given.methods
                ]
                row = [section.name, task, str(seed), *cells]
                print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
