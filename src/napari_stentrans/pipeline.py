"""The path of the data in one call: section and mask in, enhanced section out."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike

from napari_stentrans.config import RunConfig
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.methods.base import ExpressionField, Fitted, get_method
from napari_stentrans.progress import Progress, Steps, run_to_end
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section
from napari_stentrans.section.targets import Targets, enhancement_targets, targets_at

if TYPE_CHECKING:
    from anndata import AnnData

GeneChoice: TypeAlias = Literal["expressed", "all"] | Sequence[str]
MissingLike: TypeAlias = MissingRegions | ArrayLike | str | Path | None

_EXPRESSED_SHARE = 0.01
_EXPRESSED_SPOTS = 3


@overload
def enhance(section: Section, **options: Any) -> EnhancedSection: ...
@overload
def enhance(section: AnnData, **options: Any) -> AnnData: ...
def enhance(
    section: Section | AnnData,
    *,
    missing: MissingLike = None,
    at: ArrayLike | None = None,
    genes: GeneChoice = "expressed",
    config: RunConfig | None = None,
    on_progress: Callable[[Progress], bool | None] | None = None,
    **choices: Any,
) -> EnhancedSection | AnnData:
    """Enhance a section: fill what is missing, lay positions between, denoise.

    Parameters
    ----------
    section
        A `Section`, or an AnnData (then an AnnData is returned). Never changed.
    missing
        `MissingRegions`; or a labels picture of the section's raster (1 predict, 2
        outside); or an ndarray of bool, shape (spot,), of spots to predict; or the
        path of a mask file (png, tif, npy or csv).
    at : array_like, shape (position, 2), optional
        Predict exactly at these (array_row, array_col), fractions allowed, in order.
    genes
        "expressed" (detected in 1 % of the spots and at least 3), "all", or names.
    config
        The choices, all at once ...
    on_progress
        Called with every `Progress`; return True to stop early and keep the best.
    **choices
        ... or one by one: ``refine``, ``method``, ``seed``, ``device`` ...: any field
        of `RunConfig`.

    Raises
    ------
    StEnTransError
        Saying what is wrong with the section or the request, and what to do.
    """
    if not isinstance(section, Section):
        from napari_stentrans.io.h5ad import section_from_anndata

        whole = section_from_anndata(section)
    else:
        whole = section
    steps = enhance_steps(
        whole,
        resolve_config(config, **choices),
        missing=resolve_missing(whole, missing),
        at=None if at is None else np.asarray(at, dtype=np.float64).reshape(-1, 2),
        genes=genes,
    )
    result = run_to_end(steps, on_progress)
    return result if isinstance(section, Section) else result.to_anndata()


def enhance_steps(
    section: Section,
    config: RunConfig,
    *,
    missing: MissingRegions | None = None,
    at: FloatArray | None = None,
    genes: GeneChoice = "expressed",
) -> Steps[EnhancedSection]:
    """`enhance` as a job.

    Yields `Progress`; where ``partial`` is set it is an `EnhancedSection` that can be
    shown already. A true value sent in stops the fit and keeps the best so far.
    """
    started = time.perf_counter()
    missing = missing or MissingRegions.none(section)
    chosen = resolve_genes(section, genes)
    targets = resolve_targets(section, config, missing, at)
    method = get_method(config.method)
    hidden = missing.unmeasured | missing.outside
    visible = section.subset(~hidden) if hidden.any() else section

    def finished(fitted: Fitted) -> Steps[EnhancedSection]:
        spot_field, new_field = yield from _fields(section, visible, targets, fitted)
        seconds = time.perf_counter() - started
        record = provenance(section, config, missing, at is not None, seconds)
        return EnhancedSection(
            section, targets, fitted, spot_field, new_field, chosen, record
        )

    fit = method.fit_steps(visible, config)
    answer: bool | None = None
    while True:
        try:
            progress = fit.send(answer)
        except StopIteration as end:
            return (yield from finished(end.value))
        if progress.partial is not None:
            preview = yield from finished(progress.partial)
            progress = replace(progress, partial=preview)
        answer = yield progress


def resolve_config(config: RunConfig | None, **choices: Any) -> RunConfig:
    """One validated configuration from a whole one and single choices."""
    from pydantic import ValidationError

    base = (config or RunConfig()).model_dump()
    try:
        return RunConfig.model_validate(base | choices)
    except ValidationError as error:
        told = [
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise InvalidRequestError("; ".join(told)) from None


def resolve_genes(section: Section, genes: GeneChoice) -> IntArray:
    """Columns of the genes that were asked for."""
    if isinstance(genes, str):
        if genes == "all":
            return np.arange(section.n_genes)
        if genes == "expressed":
            needed = max(_EXPRESSED_SPOTS, _EXPRESSED_SHARE * section.n_spots)
            found = np.flatnonzero(section.detected_in >= needed)
            return found if len(found) else np.arange(section.n_genes)
        genes = [genes]
    return section.gene_index(dict.fromkeys(genes))


def resolve_missing(section: Section, missing: MissingLike) -> MissingRegions:
    """`MissingRegions` from whatever a person gave."""
    if missing is None:
        return MissingRegions.none(section)
    if isinstance(missing, MissingRegions):
        return missing
    if isinstance(missing, str | Path):
        from napari_stentrans.io.masks import read_missing

        return read_missing(Path(missing), section)
    array = np.asarray(missing)
    if array.ndim == 2:
        return MissingRegions.from_labels(array, SpotRaster.from_section(section))
    if array.dtype == bool and array.shape == (section.n_spots,):
        return MissingRegions.from_spots(section, array)
    msg = (
        f"missing has shape {array.shape} and type {array.dtype}; give a labels picture "
        f"of the section's raster, or one bool a spot ({section.n_spots})"
    )
    raise InvalidRequestError(msg)


def resolve_targets(
    section: Section, config: RunConfig, missing: MissingRegions, at: FloatArray | None
) -> Targets:
    """Positions to predict."""
    if at is None:
        return enhancement_targets(section, missing, config.refine, config.tissue)
    if len(at) == 0 or not np.isfinite(at).all():
        msg = f"the {len(at)} positions to predict must be finite numbers, at least one"
        raise InvalidRequestError(msg)
    return targets_at(section, at, missing)


def provenance(
    section: Section,
    config: RunConfig,
    missing: MissingRegions,
    at_given_positions: bool,  # noqa: FBT001 - one of five facts to write down
    seconds: float,
) -> dict[str, Any]:
    """Everything needed to repeat a run, JSON-able."""
    packages = ("napari-stentrans", "torch", "numpy", "scipy", "anndata")
    return {
        "config": config.model_dump(mode="json"),
        "seed": config.seed,
        "input": {
            "name": section.name,
            "source": section.source or "",
            "fingerprint": section.fingerprint,
            "spots": section.n_spots,
            "genes": section.n_genes,
            "lattice": str(section.lattice.kind),
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


def _fields(
    section: Section, visible: Section, targets: Targets, fitted: Fitted
) -> Steps[tuple[ExpressionField | None, ExpressionField | None]]:
    """Fields at the measured and at the other targets."""
    from napari_stentrans.methods.base import rows_of

    spot_field = new_field = None
    measured = targets.measured
    if measured.any():
        whole_field = yield from fitted.spot_field_steps()
        names = section.barcodes[targets.spot[measured]]
        spot_field = rows_of(whole_field, visible.barcodes.get_indexer(names))
    if not measured.all():
        new_field = yield from fitted.field_steps(targets.array_rc[~measured])
    return spot_field, new_field
