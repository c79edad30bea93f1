"""The picture of an evaluation."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.evaluation import evaluate, evaluation_figure, hold_out
from napari_stentrans.evaluation.figure_genes import MOST_GENES


@pytest.fixture(scope="module")
def section():
    return simulated_section(n_rows=14, n_cols=16, n_genes=60, seed=2).section


@pytest.fixture(scope="module")
def report(section):
    genes = [str(gene) for gene in section.genes[:2]]
    tasks = ["dropout", "denoise"]
    return evaluate(section, ["nearest", "linear", "raw"], tasks, pictured=genes)


def boxes_and_pictures(figure):
    above, below = figure.subfigs
    pictures = [ax for ax in below.axes if ax.collections and ax.get_title()]
    return [ax for ax in above.axes if ax.lines], pictures


def test_each_task_has_a_box_plot_a_method(report):
    boxes, _ = boxes_and_pictures(evaluation_figure(report))
    assert [ax.get_title() for ax in boxes[:2]] == ["dropout", "denoise"]
    names = [[t.get_text() for t in ax.get_xticklabels()] for ax in boxes]
    assert names == [["nearest", "linear"], ["nearest", "linear", "raw"]] * 2
    medians = [
        line.get_ydata()[0] for line in boxes[0].lines if line.get_color() == "C3"
    ]
    expected = report.summary("dropout")["pearson"]
    np.testing.assert_allclose(medians, expected)


def test_pictures_show_given_measured_and_predicted(report, section):
    _, pictures = boxes_and_pictures(evaluation_figure(report))
    titles = [ax.get_title() for ax in pictures[:4]]
    assert titles == ["given to the method", "measured", "nearest", "linear"]
    given, measured, nearest, _ = (ax.collections[-1] for ax in pictures[:4])
    trial = hold_out(section, "dropout", 0)
    counts = section.gene_counts(report.pictures[0].genes[0])
    np.testing.assert_array_equal(measured.get_array(), counts[trial.scored])
    np.testing.assert_array_equal(given.get_array(), counts[trial.visible])
    xy = section.pitch_rc[trial.scored, ::-1]
    np.testing.assert_allclose(measured.get_offsets(), xy)
    np.testing.assert_allclose(nearest.get_offsets(), xy)
    limits = {ax.collections[-1].get_clim() for ax in pictures[:4]}
    assert len(limits) == 1


def test_small_values_have_all_colours(section):
    shares = section.with_counts(section.counts / np.float32(1e5))
    gene = str(section.genes[0])
    report = evaluate(shares, ["nearest"], "dropout", pictured=[gene])
    figure = evaluation_figure(report)
    _, (_, measured, _) = boxes_and_pictures(figure)
    low, high = measured.collections[-1].get_clim()
    assert low == 0
    assert high == pytest.approx(float(measured.collections[-1].get_array().max()), 0.5)
    labels = [ax.get_ylabel() for ax in figure.subfigs[1].axes]
    assert "values" in labels
    assert "counts" not in labels


def test_values_without_a_ceiling_are_drawn_without_a_warning(section):
    shares = section.with_counts(section.counts / np.float32(1e5))
    report = evaluate(shares, ["nearest"], "dropout")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        boxes, *_ = evaluation_figure(report).subfigs
    assert not [text for ax in boxes.axes for text in ax.texts]


def test_rows_are_drawn_where_they_do_not_meet(report):
    figure = evaluation_figure(report)
    figure.draw_without_rendering()
    rows = {}
    for ax in figure.subfigs[1].axes:
        row = rows.setdefault(round(ax.bbox.y0), [])
        row.append(ax.get_tightbbox())
    assert len(rows) == 4
    edges = [edge for y in sorted(rows) for edge in spans(rows[y])]
    assert edges == sorted(edges)
    assert edges[0] >= 0
    assert edges[-1] < figure.subfigs[0].axes[-1].get_tightbbox().y0
    for row in rows.values():
        sides = [side for box in row for side in (box.x0, box.x1)]
        assert sides == sorted(sides)
        assert sides[0] >= 0
        assert sides[-1] <= figure.bbox.width


def spans(boxes):
    return min(box.y0 for box in boxes), max(box.y1 for box in boxes)


def test_pictures_of_many_genes_take_no_part_in_the_slow_layout(section):
    report = evaluate(section, ["nearest"], "dropout", pictured=section.genes[:30])
    figure = evaluation_figure(report)
    rows = {round(ax.get_position().y0, 6) for ax in figure.subfigs[1].axes}
    assert len(rows) == MOST_GENES
    assert all(ax.get_subplotspec() is None for ax in figure.subfigs[1].axes)
    assert "genes pictured: the first 12 of 30" in figure.subfigs[0].get_suptitle()


def test_box_plots_are_as_high_above_many_genes(section):
    heights = []
    for n_genes in (0, 12):
        genes = section.genes[:n_genes]
        report = evaluate(section, ["nearest"], "dropout", pictured=genes)
        figure = evaluation_figure(report)
        figure.draw_without_rendering()
        heights.append([ax.bbox.height for ax in figure.subfigs[0].axes])
    np.testing.assert_allclose(*heights, rtol=0.05)


def test_without_genes_there_are_box_plots_alone(section, tmp_path):
    report = evaluate(section, ["nearest"], "region", [0, 1])
    figure = evaluation_figure(report)
    assert len(figure.subfigs) == 1
    assert "2 seeds" in figure.subfigs[0].get_suptitle()
    texts = [text.get_text() for ax in figure.subfigs[0].axes for text in ax.texts]
    assert texts == ["median ceiling"] * 2
    figure.savefig(tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 5000


def test_names_are_drawn_as_they_are(section, tmp_path):
    named = section.var.rename({section.genes[0]: "$x^$"})
    odd = replace(section, name="$a_$ and $b^$", var=named)
    report = evaluate(odd, ["nearest"], "dropout", pictured=["$x^$"])
    figure = evaluation_figure(report)
    figure.savefig(tmp_path / "x.png")
    assert "$a_$ and $b^$" in figure.subfigs[0].get_suptitle()


def test_paper_protocol_is_named_in_the_picture(section):
    report = evaluate(section, ["nearest"], "upsample", protocol="paper")
    title = evaluation_figure(report).subfigs[0].get_suptitle()
    assert "paper protocol: all spots scored, in-sample" in title
