"""What is written down with a result: which run it was, of what, by what."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from napari_stentrans.config import RunConfig
from napari_stentrans.section.alignment import alignment_text
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.section import Section


def provenance(
    section: Section,
    config: RunConfig,
    missing: MissingRegions,
    at_given_positions: bool,  # noqa: FBT001 - one of five facts to write down
    seconds: float,
) -> dict[str, Any]:
    """Settings, input and how it was read, what was missing, versions; JSON-able.

    Of marked positions their number alone: a copied run has them in a file.
    """
    image = section.image
    packages = ("napari-stentrans", "torch", "numpy", "scipy", "anndata")
    return {
        "config": config.model_dump(mode="json"),
        "seed": config.seed,
        "input": {
            "name": section.name,
            "source": section.source or "",
            "read_options": dict(section.wishes),
            "fingerprint": section.fingerprint,
            "spots": section.n_spots,
            "genes": section.n_genes,
            "lattice": str(section.lattice.kind),
            "image": "" if image is None else image.name,
            "image_alignment": "" if image is None else alignment_text(image.alignment),
        },
        "missing": {
            "spots": missing.n_spots,
            "new_positions": missing.n_new,
            "outside": int(missing.outside.sum()),
        },
        "at_given_positions": at_given_positions,
        "versions": {name: _version(name) for name in packages}
        | {"python": platform.python_version()},
        "seconds": round(seconds, 3),
        "units": "counts of the input",
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
