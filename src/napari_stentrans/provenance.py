"""What is written down with a result: which run it was, of what, by what."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from napari_stentrans.config import RunConfig
from napari_stentrans.io.files.home import at_home
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

    Of marked positions their number alone: a copied run has them in a file. Paths are
    absolute; of a model file the checksum (SHA-256) is there as well.
    """
    image, source = section.image, section.source or ""
    model = at_home(config.model).absolute() if config.model else None
    packages = ("napari-stentrans", "torch", "numpy", "scipy", "anndata")
    return {
        "config": config.model_dump(mode="json") | {"model": str(model or "")},
        "seed": config.seed,
        "input": {
            "name": section.name,
            "source": str(Path(source).absolute()) if is_of_a_file(section) else source,
            "files": list(section.files),
            "read_options": dict(section.wishes),
            "notes": list(section.notes),
            "fingerprint": section.fingerprint,
            "spots": section.n_spots,
            "genes": section.n_genes,
            "lattice": str(section.lattice.kind),
            "image": "" if image is None else image.name,
            "image_alignment": "" if image is None else alignment_text(image.alignment),
            "model_sha256": "" if model is None else _sha256(model),
        },
        "missing": {
            "spots": missing.n_spots,
            "new_positions": missing.n_new,
            "outside": int(missing.outside.sum()),
            "outside_positions": len(missing.outside_rc),
        },
        "at_given_positions": at_given_positions,
        "versions": {name: _version(name) for name in packages}
        | {"python": platform.python_version()},
        "seconds": round(seconds, 3),
        "units": f"{'counts' if section.is_counted else 'values'} of the input",
    }


def is_of_a_file(section: Section) -> bool:
    """Whether a section was read from a path, be it there or not."""
    path = Path(section.source or "")
    return section.source is not None and (path.is_absolute() or path.exists())


def _sha256(path: Path) -> str:
    """Checksum of a file; "" if it is gone."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
