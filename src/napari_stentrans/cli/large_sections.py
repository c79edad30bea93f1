"""What to know of a large section before hours are spent on it.

The advice is that of the window; here it goes to stderr, with what runs will cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_stentrans.cli.console import remark
from napari_stentrans.config import PRESETS, RunConfig, with_preset
from napari_stentrans.wording import memory_in_words, time_in_words

if TYPE_CHECKING:
    from napari_stentrans.section.advice import Advice
    from napari_stentrans.section.section import Section


def foretell_presets(section: Section) -> None:
    """Tell of a large section what the presets cost; of others nothing."""
    from napari_stentrans.section.advice import advice_on_large

    advised = advice_on_large(section.n_spots)
    if not advised:
        return
    _tell(advised, quiet=False)
    config = RunConfig()
    for name in PRESETS:
        remark(f"preset {name!r}: {cost_in_words(section, with_preset(config, name))}")


def foretell_run(
    section: Section,
    config: RunConfig,
    n_new: int = 0,
    n_given: int | None = None,
    *,
    quiet: bool = False,
) -> None:
    """Tell of a large section what a run costs, and what costs less.

    Parameters
    ----------
    section, config
        The run.
    n_new, n_given
        Empty sites marked as missing; positions that were given, if any.
    quiet
        Say nothing.
    """
    from napari_stentrans.section.advice import advice_on_large

    advised = [] if quiet else advice_on_large(section.n_spots)
    if not advised:
        return
    if config.method == "stentrans":  # others gain nothing from another preset
        _tell(advised, quiet=quiet)
    cost = cost_in_words(section, config, n_new, n_given)
    remark(f"this run ({config.method}): {cost}", quiet=quiet)


def _tell(advised: list[Advice], *, quiet: bool) -> None:
    for each in advised:
        remark(f"note: {each.text} {each.what_to_do}", quiet=quiet)


def cost_in_words(
    section: Section, config: RunConfig, n_new: int = 0, n_given: int | None = None
) -> str:
    """Say what a run takes where estimates were measured, on a small computer."""
    from napari_stentrans.estimates import Workload, estimate

    cost = estimate(Workload.of(section, config, n_new, n_given), config)
    time, memory = time_in_words(cost.seconds), memory_in_words(cost.memory)
    return f"about {time} and {memory} of memory on two CPU cores"
