"""What a run costs by the clock: presets, scores of genes, and kriging by size.

    python benchmarks/costs.py ../shared/data/mel1_rep1 ../shared/data/crc16_visium

Seconds of the whole run on all cores without reading and writing, the best of three
(of *best*: of one), with nothing else running. *Scores* is what the scores of all genes
take besides. Below it, the same for `kriging` on simulated sections, each with four
times the spots of the one before: a thousand spots should cost the same in each.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from napari_stentrans import enhance, read_section, simulated_section
from napari_stentrans.config import PRESETS
from napari_stentrans.section.section import Section

_SIDES = 28, 56, 112, 224
_GENES = 500


def once(section: Section, **choices: Any) -> tuple[float, float]:
    """Seconds of a run, and of the scores of its genes."""
    started = time.perf_counter()
    result = enhance(section, **choices)
    ended = time.perf_counter()
    _ = result.gene_scores
    return ended - started, time.perf_counter() - ended


def shortest(section: Section, repeats: int, **choices: Any) -> tuple[float, float]:
    """Return the shortest of several runs."""
    return min(once(section, **choices) for _ in range(repeats))


def presets(section: Section) -> None:
    """Print what each preset takes."""
    print(f"\n{section.name}, {section.n_spots:,} spots, {section.n_genes:,} genes")
    enhance(section, preset="instant")  # imports, and what is made once a section
    for preset in PRESETS:
        run, scores = shortest(section, 1 if preset == "best" else 3, preset=preset)
        print(f"{preset:10} {run + scores:7.2f} s, of it scores {scores:5.2f} s")


def sizes() -> None:
    """Print what kriging takes by the size of a section."""
    print("\nkriging on simulated sections, seconds, and for 1,000 spots")
    for side in _SIDES:
        section = simulated_section(
            n_rows=side, n_cols=side, n_genes=_GENES, lattice="square"
        ).section
        seconds = sum(shortest(section, 2, method="kriging"))
        each = 1000 * seconds / section.n_spots
        print(f"{section.n_spots:8,} spots {seconds:7.2f} s {each:7.2f} s")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sections", type=Path, nargs="*")
    for path in parser.parse_args().sections:
        presets(read_section(path))
    sizes()


if __name__ == "__main__":
    main()
