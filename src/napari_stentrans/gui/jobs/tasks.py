"""Jobs besides enhancing: reading, saving, and asking the methods what they are."""

from __future__ import annotations

from pathlib import Path

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.section import Section


def summaries_of_methods() -> Steps[dict[str, str]]:
    """What each method says of itself."""
    from napari_stentrans.methods.base import get_method, method_names

    summaries: dict[str, str] = {}
    for name in method_names():
        yield Progress("Looking up methods", len(summaries), len(method_names()))
        summaries[name] = get_method(name).summary
    return summaries
