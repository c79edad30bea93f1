"""The pipeline with a method whose every number is known."""

from __future__ import annotations

import hashlib
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from napari_stentrans.config import RunConfig
from napari_stentrans.errors import (
    InvalidRequestError,
    UnknownGeneError,
)
from napari_stentrans.methods import base
from napari_stentrans.methods.base import Enhancer, ExpressionField, Fitted, Prediction
from napari_stentrans.pipeline import enhance, enhance_steps
from napari_stentrans.progress import Progress
from napari_stentrans.provenance import provenance
from napari_stentrans.request import resolve_genes, resolve_missing
from napari_stentrans.section.detection import impose_lattice
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section
from napari_stentrans.settings import resolve_config

ROWS, COLS = 4, 5


@dataclass(frozen=True, eq=False)
class KnownField(ExpressionField):
    """Gene g at (row, col) is 100 * row + 10 * col + g, plus ``offset``."""

    array_rc: np.ndarray
    offset: float = 0.0

    @property
    def n_positions(self):
        return len(self.array_rc)

    def read(self, genes):
        at_position = self.array_rc @ np.array([100.0, 10.0])
        mean = (at_position[:, None] + genes + self.offset).astype(np.float32)
        return Prediction(mean, np.full_like(mean, 0.5))


class KnownFit(Fitted):
    def __init__(self, section):
        self.section = section

    def field_steps(self, array_rc):
        yield Progress("Predicting", 1, 1)
        return KnownField(array_rc)

    def spot_field_steps(self):
        yield Progress("Denoising", 1, 1)
        return KnownField(self.section.array_rc, offset=0.25)


class Known(Enhancer):
    """Remembers what it was shown; three steps, a preview at the first."""

    name = "known"
    summary = "For tests."
    seen: list[Section]
    answers: list[bool | None]
    closed: bool

    def learn_steps(self, section, config):
        Known.seen, Known.answers, Known.closed = [section], [], False
        try:
            for step in range(3):
                partial = KnownFit(section) if step == 0 else None
                answer = yield Progress("Fitting", step, 3, partial=partial)
                Known.answers.append(answer)
                if answer:
                    break
        except GeneratorExit:
            Known.closed = True
            raise
        return KnownFit(section)


@pytest.fixture(autouse=True)
def known(monkeypatch) -> type[Known]:
    module = ModuleType("methods_for_tests")
    module.Known = Known
    monkeypatch.setitem(sys.modules, "methods_for_tests", module)
    monkeypatch.setitem(base._REGISTRY, "known", "methods_for_tests:Known")
    return Known


@pytest.fixture
def section(rng) -> Section:
    row, col = np.mgrid[:ROWS, :COLS].reshape(2, -1)
    counts = rng.poisson(2.0, (ROWS * COLS, 4)).astype(np.float32)
    counts[:, 3] = 0
    counts[:2, 3] = 1  # in two spots only: not "expressed"
    return Section(
        name="small",
        counts=sparse.csr_matrix(counts),
        obs=pd.DataFrame(index=[f"spot{i}" for i in range(ROWS * COLS)]),
        var=pd.DataFrame({"id": list("wxyz")}, index=["A", "B", "C", "Rare"]),
        array_rc=np.column_stack([row, col]).astype(np.float64),
        lattice=Lattice(LatticeKind.SQUARE),
    )


def known_mean(array_rc, gene, offset=0.0):
    return 100 * array_rc[:, 0] + 10 * array_rc[:, 1] + gene + offset


def test_measured_spots_come_from_the_spot_field_and_the_rest_from_the_field(section):
    result = enhance(section, method="known", refine=2)

    read = result.read(["C"]).mean[:, 0]
    measured = result.targets.measured
    array_rc = result.targets.array_rc
    assert measured.sum() == section.n_spots
    assert len(result) == (2 * ROWS - 1) * (2 * COLS - 1)
    np.testing.assert_allclose(read[measured], known_mean(array_rc[measured], 2, 0.25))
    np.testing.assert_allclose(read[~measured], known_mean(array_rc[~measured], 2))


def test_painted_spots_are_never_shown_to_the_method(section, known):
    hidden = np.zeros(section.n_spots, dtype=bool)
    hidden[[7, 12]] = True

    result = enhance(section, method="known", refine=1, missing=hidden)

    assert list(known.seen[0].barcodes) == list(section.barcodes[~hidden])
    painted = result.targets.origin == "painted"
    assert list(result.targets.spot[painted]) == [7, 12]
    np.testing.assert_allclose(
        result.read(["A"]).mean[painted, 0], known_mean(section.array_rc[hidden], 0)
    )


def test_spots_outside_are_neither_shown_nor_predicted(section, known):
    labels = np.zeros(section.n_spots, dtype=np.uint8)
    labels[0], labels[7] = 2, 1
    raster = SpotRaster.from_section(section)

    result = enhance(section, method="known", refine=1, missing=raster.paint(labels))

    assert known.seen[0].n_spots == section.n_spots - 2
    assert 0 not in result.targets.spot
    assert 7 in result.targets.spot


def test_given_positions_are_predicted_in_their_order(section):
    at = [[2.5, 1.25], [0, 0], [2.5, 1.25], [3, 4]]

    result = enhance(section, method="known", at=at)

    np.testing.assert_array_equal(result.targets.array_rc, at)
    assert list(result.targets.origin) == [
        "midpoint",
        "measured",
        "midpoint",
        "measured",
    ]
    expected = known_mean(np.array(at), 1) + np.array([0, 0.25, 0, 0.25])
    np.testing.assert_allclose(result.read(["B"]).mean[:, 0], expected)


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(np.empty((0, 2)), id="none"),
        pytest.param([[0.0, np.nan]], id="nan"),
        pytest.param(np.ones((2, 3)), id="three columns"),
        pytest.param([1.0, 2.0], id="flat"),
        pytest.param([["here", "there"]], id="no numbers"),
        pytest.param(pd.DataFrame({"x": [1.0], "y": [2.0]}), id="other columns"),
        pytest.param([[2.0, 1.0], [2.0, 1e300]], id="far away"),
        pytest.param([[150.0, 90.0]], id="pixels"),
    ],
)
def test_positions_that_are_none_are_refused(section, at):
    with pytest.raises(InvalidRequestError, match="position"):
        enhance(section, method="known", at=at)


@pytest.mark.parametrize("form", ["data frame", "path", "text"])
def test_positions_of_a_table_go_by_the_names_of_its_columns(section, tmp_path, form):
    table = pd.DataFrame({"array_col": [2, 1], "note": "a", "array_row": [0.5, 4]})
    path = tmp_path / "places.csv"
    table.to_csv(path, index=False)
    at = {"data frame": table, "path": path, "text": str(path)}[form]

    result = enhance(section, method="known", at=at)

    np.testing.assert_array_equal(result.targets.array_rc, [[0.5, 2], [4, 1]])


def test_a_file_of_positions_that_is_not_there_is_told(section, tmp_path):
    with pytest.raises(InvalidRequestError, match="no such file"):
        enhance(section, method="known", at=tmp_path / "places.csv")


@pytest.mark.parametrize(
    "xy",
    [
        pytest.param(np.outer(np.arange(30.0), [1.37, 2.11]), id="one line"),
        pytest.param(np.argwhere(np.ones((6, 5))) * [1.0, 3.3], id="rows far apart"),
    ],
)
def test_a_refinement_that_adds_nothing_is_told(bare_section, xy):
    spots = bare_section(xy, impose_lattice(xy, LatticeKind.IRREGULAR))
    notices = enhance(spots, method="known", refine=2).provenance["notices"]
    assert [note for note in notices if "refine=2 added no position" in note]
    assert not enhance(spots, method="known", refine=1).provenance["notices"]
    given = enhance(spots, method="known", refine=2, at=xy[:2])
    assert not given.provenance["notices"]


def test_a_refinement_that_adds_positions_needs_no_word(section):
    assert not enhance(section, method="known", refine=2).provenance["notices"]


@pytest.mark.parametrize(
    ("genes", "expected"),
    [
        pytest.param("all", [0, 1, 2, 3], id="all"),
        pytest.param("expressed", [0, 1, 2], id="expressed"),
        pytest.param("C", [2], id="one name"),
        pytest.param(["Rare", "A", "Rare"], [3, 0], id="names, repeated"),
        pytest.param(pd.Index(["B", "C"]), [1, 2], id="index"),
    ],
)
def test_genes_are_chosen_in_every_form(section, genes, expected):
    assert resolve_genes(section, genes).tolist() == expected


def test_an_unknown_gene_is_named_before_anything_is_computed(section, known):
    known.seen = []
    with pytest.raises(
        UnknownGeneError, match=r"no gene 'rarre' \(did you mean 'Rare'"
    ):
        enhance(section, method="known", genes=["A", "rarre"])
    assert known.seen == []


def test_no_gene_at_all_is_refused(section):
    with pytest.raises(InvalidRequestError, match="no gene was asked for"):
        enhance(section, method="known", genes=[])


def test_a_path_is_to_be_read_first():
    with pytest.raises(InvalidRequestError, match=r"enhance\(read_section\('x.h5ad'\)"):
        enhance("x.h5ad")


def test_without_refinement_or_region_the_measured_spots_are_improved(section):
    result = enhance(section, method="known", refine=1)

    np.testing.assert_array_equal(result.targets.spot, np.arange(section.n_spots))
    assert result.new_field is None


@pytest.mark.parametrize("at", [None, [[0.5, 0.5]]], ids=["lattice", "positions"])
def test_a_section_without_a_visible_spot_is_refused(section, at):
    with pytest.raises(InvalidRequestError, match="nothing is left to learn from"):
        enhance(section, method="known", missing=np.ones(20, dtype=bool), at=at)


def test_a_mask_of_another_section_is_refused(section):
    other = MissingRegions.from_spots(section.subset(np.arange(10)), [1])
    with pytest.raises(InvalidRequestError, match=r"10 spots, this one has 20"):
        enhance(section, method="known", missing=other)


@pytest.mark.parametrize(
    "missing",
    [
        pytest.param(np.zeros(3, dtype=bool), id="wrong length"),
        pytest.param(np.zeros(20), id="numbers"),
        pytest.param(np.zeros((3, 3), dtype=np.uint8), id="wrong picture"),
        pytest.param(np.full((8, 9), 3, dtype=np.uint8), id="wrong label"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(section, missing):
    with pytest.raises(InvalidRequestError):
        resolve_missing(section, missing)


def test_all_forms_of_a_mask_mean_the_same(section):
    spots = np.zeros(section.n_spots, dtype=bool)
    spots[[6, 7]] = True
    raster = SpotRaster.from_section(section)
    regions = MissingRegions.from_spots(section, spots)

    for form in (spots, raster.paint(spots.astype(int)), regions):
        found = resolve_missing(section, form)
        np.testing.assert_array_equal(found.unmeasured, spots)
        assert found.n_new == 0


def test_the_preview_is_a_whole_result(section):
    steps = enhance_steps(section, RunConfig(method="known"))

    partials = [p.partial for p in steps if p.partial is not None]

    assert len(partials) == 1
    assert len(partials[0]) == (2 * ROWS - 1) * (2 * COLS - 1)
    assert partials[0].read(["A"]).mean.shape == (len(partials[0]), 1)


def test_without_previews_none_is_computed(section):
    steps = enhance_steps(section, RunConfig(method="known"), previews=False)
    seen = list(steps)
    assert all(progress.partial is None for progress in seen)
    assert [p.phase for p in seen].count("Predicting") == 1


def test_stop_ends_the_fit_and_keeps_the_result(section, known):
    result = enhance(
        section, method="known", on_progress=lambda p: p.phase == "Fitting"
    )
    assert known.answers == [True]
    assert len(result) == 63


def test_a_stop_asked_for_during_the_preview_is_heeded(section, known):
    phases = []

    def stop_once_while_previewing(progress):
        phases.append(progress.phase)
        return phases == ["Denoising"]

    enhance(section, method="known", on_progress=stop_once_while_previewing)

    assert known.answers == [True]


def test_a_stop_never_cuts_a_prediction_short(section):
    result = enhance(section, method="known", on_progress=lambda _: True)
    assert np.isfinite(result.read(["A"]).mean).all()
    assert result.new_field.n_positions == 63 - 20


def test_closing_the_job_closes_the_fit(section, known):
    steps = enhance_steps(section, RunConfig(method="known"), previews=False)
    next(steps)
    steps.close()
    assert known.closed


def test_provenance_tells_how_to_repeat_the_run(section):
    hidden = np.zeros(20, dtype=bool)
    hidden[7] = True

    before = time.perf_counter()
    result = enhance(section, method="known", seed=7, missing=hidden, refine=3)
    elapsed = time.perf_counter() - before

    told = result.provenance
    assert RunConfig.model_validate(told["config"]) == RunConfig(
        method="known", seed=7, refine=3
    )
    assert told["seed"] == 7
    assert told["input"]["fingerprint"] == section.fingerprint
    assert told["input"]["spots"] == 20
    assert told["missing"] == {
        "spots": 1,
        "new_positions": 0,
        "outside": 0,
        "outside_positions": 0,
    }
    assert {"napari-stentrans", "torch", "numpy", "python"} <= set(told["versions"])
    assert 0 <= told["seconds"] <= round(elapsed, 3)


def test_empty_sites_outside_the_tissue_are_counted(section):
    none = MissingRegions.none(section)
    marked = replace(none, outside_rc=np.array([[50.0, 50.0], [52.0, 50.0]]))

    told = enhance(section, method="known", missing=marked).provenance

    assert told["missing"]["outside_positions"] == 2


def test_paths_are_written_down_whole(section, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("in.csv").touch()
    Path("tissue.npz").write_bytes(b"learnt")
    config = RunConfig(model="tissue.npz")

    told = provenance(
        replace(section, source="in.csv"),
        config,
        MissingRegions.none(section),
        False,
        0,
    )

    assert told["input"]["source"] == str(tmp_path / "in.csv")
    assert told["config"]["model"] == str(tmp_path / "tissue.npz")
    known = hashlib.sha256(b"learnt").hexdigest()
    assert told["input"]["model_sha256"] == known


def test_single_choices_overrule_the_configuration_within_groups():
    config = RunConfig(seed=3, kriging={"window": 300, "n_programmes": 7})
    found = resolve_config(config, refine=4, kriging={"window": 200})
    assert (found.seed, found.refine) == (3, 4)
    assert (found.kriging.window, found.kriging.n_programmes) == (200, 7)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"refin": 2}, "no setting 'refin'; did you mean 'refine'"),
        (
            {"kriging": {"windw": 2}},
            "no setting 'kriging.windw'; did you mean 'window'",
        ),
        ({"xyzzy": 2}, "no setting 'xyzzy'; there are preset, method, refine"),
        ({"presett": "best"}, "no setting 'presett'; did you mean 'preset'"),
        ({"refine": 9}, "refine: input should be less than or equal to 4, not 9"),
        ({"method": "kringing"}, "no method 'kringing'; choose from stentrans"),
    ],
)
def test_a_wrong_choice_is_named_with_the_nearest_right_one(section, choices, message):
    with pytest.raises(InvalidRequestError, match=message):
        enhance(section, **choices)


def test_the_section_is_left_as_it_was(section):
    before = section.fingerprint
    counts, array_rc = section.counts.copy(), section.array_rc.copy()
    var = section.var.copy()

    adata = enhance(section, method="known", genes="all").to_anndata()
    adata.var["new"] = 1
    adata.obsm["spatial"][:] = -1

    assert section.fingerprint == before
    assert (section.counts != counts).nnz == 0
    np.testing.assert_array_equal(section.array_rc, array_rc)
    pd.testing.assert_frame_equal(section.var, var)
