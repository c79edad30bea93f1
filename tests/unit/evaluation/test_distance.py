"""Error by distance, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.evaluation.distance import ErrorByDistance


def test_errors_spot_by_spot(rng):
    distance = np.array([0, 1, 1, np.sqrt(2), np.sqrt(3), 2, 2.24, 3, 3.6])
    truth, predicted = rng.normal(2, 1, (2, 9, 5))
    errors = ErrorByDistance.of(distance)
    errors.add("error", truth[:, :2], predicted[:, :2])
    errors.add("error", truth[:, 2:], predicted[:, 2:])
    table = errors.table().set_index("distance")
    members = {
        "0": [0],
        "up to 1": [1, 2],
        "up to 1.5": [3],
        "up to 2": [4, 5],
        "up to 3": [6, 7],
        "beyond 3": [8],
    }
    assert list(table.index) == list(members)
    for name, spots in members.items():
        expected = np.mean(
            [
                (truth[spot, gene] - predicted[spot, gene]) ** 2 / truth[:, gene].var()
                for spot in spots
                for gene in range(5)
            ]
        )
        assert table.loc[name, "error"] == pytest.approx(expected)
        assert table.loc[name, "spots"] == len(spots)


def test_the_mean_of_each_gene_has_error_one(rng):
    truth = rng.normal(2, 1, (50, 4))
    truth[:, 3] = 7  # does not vary: left out
    errors = ErrorByDistance.of(np.ones(50))
    errors.add("error", truth, np.broadcast_to(truth.mean(axis=0), truth.shape))
    assert errors.table()["error"].tolist() == [pytest.approx(1)]
