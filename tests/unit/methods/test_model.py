"""A fitted model as a file, on another section of the same tissue."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import pearsonr

from napari_stentrans import enhance
from napari_stentrans.config import RunConfig
from napari_stentrans.datasets.simulated import SimulatedSection
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation import evaluate
from napari_stentrans.methods.base import get_method
from napari_stentrans.methods.stentrans.fitted import FittedStEnTrans
from napari_stentrans.methods.stentrans.model import StEnTransModel
from napari_stentrans.section.lattice import Lattice, LatticeKind

IRREGULAR = Lattice(LatticeKind.IRREGULAR)


@pytest.fixture
def stored(fitted: FittedStEnTrans, tmp_path):
    return StEnTransModel.of(fitted).save(tmp_path / "tissue.npz")


def fit_with(model, section):
    """Fit to a section with a model that was kept."""
    return get_method("stentrans").fit(section, RunConfig(model=str(model)))


def thinned(section, share: float, seed: int = 5):
    """The same tissue measured anew, far less deeply."""
    counts = section.counts.copy()
    rng = np.random.default_rng(seed)
    counts.data = rng.binomial(counts.data.astype(int), share).astype(np.float32)
    return section.with_counts(counts)


def test_a_stored_model_is_the_same_model(fitted: FittedStEnTrans, stored) -> None:
    loaded = StEnTransModel.load(stored)
    assert loaded.genes == [str(gene) for gene in fitted.section.genes]
    np.testing.assert_array_equal(loaded.loadings, fitted.kriging.programmes.loadings)
    for name, weights in fitted.adapted.network.state_dict().items():
        np.testing.assert_array_equal(loaded.network.state_dict()[name], weights)


def test_only_the_file_is_left_behind(stored) -> None:
    assert [path.name for path in stored.parent.iterdir()] == ["tissue.npz"]


def test_it_is_kept_under_a_name_of_its_own(simulated, tmp_path) -> None:
    source, model = tmp_path / "source.npz", tmp_path / "model.npz"
    source.write_text("precious")
    section = replace(simulated.section, source=str(source))
    result = enhance(section, refine=1, genes=section.genes[:1])
    result.save_model(model)
    again = enhance(section, refine=1, genes=section.genes[:1], model=model)
    kept = model.read_bytes()

    for path, message in (
        (source, "never changed"),
        (model, "never changed"),
        (tmp_path / "model.h5ad", r"must end in \.npz"),
        (tmp_path / "model", r"must end in \.npz"),
    ):
        with pytest.raises(InvalidRequestError, match=message):
            again.save_model(path)

    assert (source.read_text(), model.read_bytes()) == ("precious", kept)
    assert sorted(tmp_path.iterdir()) == [model, source]


def test_programmes_on_their_own_section_are_found_again(
    fitted: FittedStEnTrans, stored
) -> None:
    again = StEnTransModel.load(stored).programmes_on(fitted.section)
    own = fitted.kriging.programmes
    for channel in range(4):  # the leading ones, apart from rounding and scale
        r = pearsonr(again.scores[:, channel], own.scores[:, channel]).statistic
        assert r > 0.99


def test_a_shallow_section_profits_from_a_deep_one(
    simulated: SimulatedSection, stored
) -> None:
    shallow = thinned(simulated.section, 0.02)
    where, config = shallow.array_rc, RunConfig()
    alone = get_method("stentrans").fit(shallow, config).predict(where).mean
    helped = fit_with(stored, shallow)

    def error(mean: np.ndarray) -> float:
        share = mean / mean.sum(axis=1, keepdims=True)
        truth = simulated.truth / simulated.truth.sum(axis=1, keepdims=True)
        return float(((np.sqrt(share) - np.sqrt(truth)) ** 2).sum())

    assert error(helped.predict(where).mean) < 0.95 * error(alone)


def test_order_and_extra_genes_do_not_matter(fitted: FittedStEnTrans, stored) -> None:
    section = fitted.section
    model = StEnTransModel.load(stored)
    turned = type(section)(
        "turned",
        section.counts[:, ::-1],
        section.obs,
        section.var.iloc[::-1],
        section.array_rc,
        section.lattice,
    )
    there = model.programmes_on(section)
    turned_there = model.programmes_on(turned)
    np.testing.assert_allclose(turned_there.scores, there.scores, atol=1e-3)
    np.testing.assert_allclose(
        turned_there.loadings[:, ::-1], there.loadings, rtol=1e-3, atol=1e-5
    )


def test_genes_of_another_organism_are_refused(fitted: FittedStEnTrans, stored) -> None:
    section = fitted.section
    var = section.var.rename(index=lambda name: f"Other-{name}")
    other = type(section)(
        "mouse", section.counts, section.obs, var, section.array_rc, section.lattice
    )
    with pytest.raises(InvalidRequestError, match="same organism"):
        StEnTransModel.load(stored).programmes_on(other)


def test_a_few_strong_genes_in_common(
    simulated: SimulatedSection, fitted: FittedStEnTrans, stored
) -> None:
    """They cannot tell all programmes apart; the counts stay what they are."""
    section = simulated.section
    power = (fitted.kriging.programmes.loadings**2).sum(axis=0)
    strong = np.argsort(-power)
    n_known = np.searchsorted(power[strong].cumsum(), 0.35 * power.sum())
    known = set(section.genes[strong[: n_known + 1]])
    var = section.var.rename(index=lambda name: name if name in known else f"X-{name}")
    other = replace(section, var=var)
    helped = fit_with(stored, other)
    assert helped.denoise().mean.sum() == pytest.approx(section.counts.sum(), rel=0.03)


@pytest.mark.parametrize("n_spots", [1, 5, 12, 45])
def test_on_few_spots(simulated: SimulatedSection, stored, n_spots: int) -> None:
    few = simulated.section.subset(np.arange(n_spots))
    helped = fit_with(stored, few)
    assert helped.denoise().mean.sum() == pytest.approx(few.counts.sum(), rel=0.03)
    assert np.isfinite(helped.predict(few.array_rc + 0.5).sd).all()


def test_files_that_are_no_models(tmp_path) -> None:
    with pytest.raises(InvalidRequestError, match="no model file"):
        StEnTransModel.load(tmp_path / "absent.npz")
    text = tmp_path / "text.npz"
    text.write_text("not an archive")
    with pytest.raises(InvalidRequestError, match="another kind of file"):
        StEnTransModel.load(text)
    archive = tmp_path / "other.npz"
    np.savez(archive, something=np.zeros(3))
    with pytest.raises(InvalidRequestError, match="no model of this program"):
        StEnTransModel.load(archive)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_models_that_were_cut_off(stored, share: float) -> None:
    whole = stored.read_bytes()
    stored.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InvalidRequestError, match="no model of this program"):
        StEnTransModel.load(stored)


def test_where_a_model_cannot_be_kept(fitted: FittedStEnTrans, tmp_path) -> None:
    with pytest.raises(InvalidRequestError, match="there is no folder"):
        StEnTransModel.of(fitted).save(tmp_path / "absent" / "tissue.npz")


def test_home_may_be_meant(fitted, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert StEnTransModel.of(fitted).save("~/tissue.npz") == tmp_path / "tissue.npz"
    assert StEnTransModel.load("~/tissue.npz").genes


def test_kriging_has_no_model_to_keep(simulated: SimulatedSection) -> None:
    with pytest.raises(InvalidRequestError, match="stentrans"):
        StEnTransModel.of(get_method("nearest").fit(simulated.section))


def test_why_there_is_no_model_to_keep(simulated: SimulatedSection) -> None:
    """On few spots, without a programme, and of a job that was stopped."""
    section, method = simulated.section, get_method("stentrans")
    few = method.fit(section.subset(np.arange(30)))
    with pytest.raises(InvalidRequestError, match=r"40 spots or more.* has 30"):
        StEnTransModel.of(few)
    two = method.fit(with_genes(section, np.arange(2)))
    with pytest.raises(InvalidRequestError, match="no gene programme was found"):
        StEnTransModel.of(two)
    stopped = method.fit(section, on_progress=lambda _: True)
    with pytest.raises(InvalidRequestError, match="run to its end"):
        StEnTransModel.of(stopped)


@pytest.mark.parametrize("name", ["loadings", "marks", "marked_genes", "marked_share"])
def test_models_without_all_their_parts(stored, name: str) -> None:
    with np.load(stored) as whole:
        arrays = {key: whole[key] for key in whole.files if key != name}
    np.savez(stored, **arrays)
    with pytest.raises(InvalidRequestError, match="no model of this program"):
        StEnTransModel.load(stored)


def test_nothing_is_evaluated_on_spots_that_a_model_was_made_of(
    fitted: FittedStEnTrans, stored, rng
) -> None:
    """Whatever the order of its genes, its lattice, and with a part of its spots."""
    section, config = fitted.section, RunConfig(model=str(stored))
    kept = section.subset(rng.permutation(section.n_spots)[: section.n_spots // 2])
    moved = replace(kept, array_rc=kept.array_rc + 0.25, lattice=IRREGULAR)
    for known in (section, moved):
        with pytest.raises(InvalidRequestError, match="100% of its spots"):
            evaluate(known, "stentrans", config=config)
    assert evaluate(section, "nearest", config=config).methods == ["nearest"]


def with_genes(section, columns):
    """The section without the other genes."""
    return replace(
        section, counts=section.counts[:, columns], var=section.var.iloc[columns]
    )


@pytest.mark.parametrize("n_genes", [119, 80, 20])
def test_leaving_genes_out_makes_no_section_unseen(
    fitted: FittedStEnTrans, stored, n_genes: int
) -> None:
    section, config = fitted.section, RunConfig(model=str(stored))
    left = with_genes(section, np.arange(n_genes))
    with pytest.raises(InvalidRequestError, match="100% of its spots"):
        evaluate(left, "stentrans", config=config)


@pytest.mark.parametrize(("n_genes", "depth"), [(3, 15), (9, 10), (30, 20)])
def test_few_counts_are_alike_by_chance(
    square_section, tmp_path, n_genes: int, depth: float
) -> None:
    """Two draws of one tissue, most counts being of its first gene."""
    rng = np.random.default_rng(n_genes)
    waves = np.sin(np.mgrid[:25, :25].reshape(2, -1).T / 3)
    log = waves @ rng.normal(0, 0.5, (2, n_genes)) + rng.normal(size=n_genes)
    log[:, 0] += 2 * np.log(n_genes)
    mean = depth * np.exp(log) / np.exp(log).sum(axis=1, keepdims=True)
    first, second = (square_section(rng.poisson(mean)) for _ in range(2))
    config = RunConfig.model_validate({"transformer": {"episodes": 1, "steps": 1}})
    fitted = get_method("stentrans").fit(first, config)
    kept = StEnTransModel.of(fitted).save(tmp_path / "shallow.npz")
    config = RunConfig(model=str(kept))
    assert get_method("stentrans").has_seen(second, config) == ""
    assert "100%" in get_method("stentrans").has_seen(first, config)


def test_a_second_section_of_the_tissue_can_be_evaluated(
    simulated: SimulatedSection, stored
) -> None:
    second = thinned(simulated.section, 0.5)
    report = evaluate(second, "stentrans", config=RunConfig(model=str(stored)))
    assert report.summary("dropout").loc["stentrans", "pearson"] > 0
