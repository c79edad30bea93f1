"""The path of the data in one call: section and mask in, enhanced section out."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar, overload

from napari_stentrans.config import RunConfig
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.errors import DeviceMemoryError, InvalidRequestError
from napari_stentrans.estimates import check_memory
from napari_stentrans.io.given import as_section
from napari_stentrans.methods.base import (
    Enhancer,
    ExpressionField,
    Fitted,
    get_method,
)
from napari_stentrans.methods.device import memory_watched, release_memory
from napari_stentrans.progress import Progress, Steps, run_to_end
from napari_stentrans.provenance import provenance
from napari_stentrans.request import (
    GeneChoice,
    MissingLike,
    PositionsLike,
    resolve_at,
    resolve_genes,
    resolve_missing,
    resolve_targets,
)
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.section import Section
from napari_stentrans.section.targets import Origin, Targets
from napari_stentrans.settings import ConfigLike, resolve_config

if TYPE_CHECKING:
    from anndata import AnnData

T = TypeVar("T")


@overload
def enhance(section: Section, **options: Any) -> EnhancedSection: ...
@overload
def enhance(section: AnnData, **options: Any) -> AnnData: ...
def enhance(
    section: Section | AnnData,
    *,
    missing: MissingLike = None,
    at: PositionsLike = None,
    genes: GeneChoice | None = "expressed",
    config: ConfigLike = None,
    on_progress: Callable[[Progress], bool | None] | None = None,
    **choices: Any,
) -> EnhancedSection | AnnData:
    """Enhance a section: fill what is missing, lay positions between, denoise.

    Parameters
    ----------
    section
        A `Section`, or an AnnData (then an AnnData is returned). Never changed. What
        is to mind of an AnnData is told as warnings, and kept in the result's
        ``uns["stentrans"]["input"]["notes"]``.
    missing
        `MissingRegions`; or a labels picture of the section's raster (1 predict, 2
        outside); or an ndarray of bool, shape (spot,), of spots to predict, or a
        Series of bool that names them; or the path of a file of them (GeoJSON, csv,
        png, tif or npy).
    at : array_like, shape (position, 2), optional
        Predict exactly at these (array_row, array_col), fractions allowed, in order.
        A DataFrame, or the path of a table, has columns of these names.
    genes
        "expressed" (detected in 1 % of the spots and at least 3; also for None),
        "all", or names.
    config
        The choices, all at once, also as a mapping ...
    on_progress
        Called with every `Progress`; return True to stop early and keep the best.
    **choices
        ... or one by one: ``refine``, ``method``, ``seed``, ``device`` ...: any field
        of `RunConfig`; or ``preset``: "instant", "standard" or "best".

    Returns
    -------
    EnhancedSection or AnnData
        Expected counts and their standard deviations, shape (position, gene); of the
        same kind as ``section``.

    Raises
    ------
    StEnTransError
        Saying what is wrong with the section or the request, and what to do.
    """
    whole = as_section(section, "enhance")
    steps = enhance_steps(
        whole,
        resolve_config(config, **choices),
        missing=resolve_missing(whole, missing),
        at=resolve_at(at),
        genes=genes,
        previews=on_progress is not None,
    )
    result = run_to_end(steps, on_progress)
    return result if isinstance(section, Section) else result.to_anndata()


def enhance_steps(
    section: Section,
    config: RunConfig,
    *,
    missing: MissingRegions | None = None,
    at: FloatArray | None = None,
    genes: GeneChoice | None = "expressed",
    previews: bool = True,
) -> Steps[EnhancedSection]:
    """`enhance` as a job.

    Yields `Progress`; where ``partial`` is set (only with ``previews``) it is an
    `EnhancedSection` that can be shown already. A true value sent in stops the fit and
    keeps the best so far.

    Where a GPU has too little memory the CPU computes it instead, and the provenance
    of the result has a notice of that.
    """
    regions = missing or MissingRegions.none(section)

    def on(choices: RunConfig, notice: str = "") -> Steps[EnhancedSection]:
        request = _Request(section, choices, regions, at, genes, previews, notice)
        return _enhance_steps(request)

    try:
        return (yield from on(config))
    except DeviceMemoryError as error:
        if error.device == "cpu":
            raise
        notice = f"Computed on the CPU, because {error}"
    release_memory()
    yield Progress("Not enough memory there: now on the CPU", 0, 1)
    return (yield from on(config.model_copy(update={"device": "cpu"}), notice))


@dataclass(frozen=True, eq=False)
class _Request:
    """What `enhance_steps` was asked for, and why it is done otherwise, if so."""

    section: Section
    config: RunConfig
    missing: MissingRegions
    at: FloatArray | None
    genes: GeneChoice | None
    previews: bool
    notice: str


def _enhance_steps(request: _Request) -> Steps[EnhancedSection]:
    started = time.perf_counter()
    section, config = request.section, request.config
    missing, n_empty = _missing(section, request.missing)
    hidden = missing.unmeasured | missing.outside
    visible = section.subset(~hidden) if hidden.any() else section
    n_given = None if request.at is None else len(request.at)
    check_memory(visible, config, missing.n_new, n_given)
    chosen = resolve_genes(section, request.genes)
    targets = resolve_targets(section, config, missing, request.at)
    method = _method(config)
    notices = _notices(request, n_empty, method.has_seen(section, config))
    notices += _idle_refinement(request, targets)

    def finished(fitted: Fitted) -> Steps[EnhancedSection]:
        with memory_watched(config.device, "a smaller refinement"):
            spot_field, new_field = yield from _fields(
                section, visible, targets, fitted
            )
        seconds = time.perf_counter() - started
        is_given = request.at is not None
        record = provenance(section, config, request.missing, is_given, seconds)
        record["fit"] = fitted.facts
        record["notices"] = list(notices)
        return EnhancedSection(
            section, targets, fitted, spot_field, new_field, chosen, record
        )

    stop = False
    with closing(method.fit_steps(visible, config)) as fit:
        while True:
            try:
                progress = fit.send(stop or None)
            except StopIteration as end:
                fitted = end.value
                break
            if progress.partial is not None:
                preview = None
                if request.previews:
                    preview, stop = yield from _uninterrupted(
                        finished(progress.partial)
                    )
                progress = replace(progress, partial=preview)
            stop = bool((yield progress)) or stop
    result, _ = yield from _uninterrupted(finished(fitted))
    return result


def _notices(request: _Request, n_empty: int, seen: str) -> list[str]:
    """What whoever reads the result should know, a sentence each."""
    notices = [request.notice] if request.notice else []
    if n_empty:
        told = f"{n_empty} spots without any count were predicted like missing ones"
        notices.append(f"{told}.")
    if seen:
        told = f"{request.section.name}: {seen}, so that its held-out scores may be"
        notices.append(f"{told} a little too good.")
    return notices


def _idle_refinement(request: _Request, targets: Targets) -> list[str]:
    """Tell that a finer lattice was asked for where there is no room for one."""
    refine = request.config.refine
    if request.at is not None or refine == 1 or Origin.MIDPOINT in targets.origin:
        return []
    told = f"refine={refine} added no position: the spots lie on one line, or"
    return [f"{told} too far apart."]


def _method(config: RunConfig) -> Enhancer:
    """Return the method that was asked for."""
    if config.model and config.method != "stentrans":
        msg = (
            f"a model file is for the method 'stentrans', not {config.method!r}: "
            "leave out one of the two"
        )
        raise InvalidRequestError(msg)
    return get_method(config.method)


def _missing(section: Section, marked: MissingRegions) -> tuple[MissingRegions, int]:
    """What no method may see: marked spots, and so many without any count besides."""
    hidden = marked.unmeasured | marked.outside
    if len(hidden) != section.n_spots:
        msg = (
            f"the missing regions are of a section of {len(hidden)} spots, this one "
            f"has {section.n_spots}: paint them on this section"
        )
        raise InvalidRequestError(msg)
    if hidden.all():
        msg = (
            "every spot is marked as missing or outside, so nothing is left to learn "
            "from. Mark fewer."
        )
        raise InvalidRequestError(msg)
    missing = marked.with_empty_spots(section)
    n_empty = int(missing.unmeasured.sum() - marked.unmeasured.sum())
    return (marked, 0) if n_empty == (~hidden).sum() else (missing, n_empty)


def _uninterrupted(steps: Steps[T]) -> Steps[tuple[T, bool]]:
    """Run steps to their end whatever is sent in; also return whether a stop was."""
    stop = False
    with closing(steps):
        while True:
            try:
                progress = next(steps)
            except StopIteration as end:
                return end.value, stop
            stop = bool((yield progress)) or stop


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
