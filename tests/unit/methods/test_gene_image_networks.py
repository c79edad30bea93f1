"""The networks of gene images: layout, sizes, switches, weight files."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_stentrans.errors import InvalidRequestError, ReadError
from napari_stentrans.methods.dist.network import DistNetwork
from napari_stentrans.methods.gene_images.network import interleave
from napari_stentrans.methods.published.network import (
    PublishedNetwork,
    read_weights,
    sinusoid,
)


def test_sub_pixels_are_interleaved():
    channels = torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1, 1)
    assert interleave(channels).tolist() == [[[1, 2], [3, 4]]]


def test_position_encoding_by_a_naive_loop():
    found = sinusoid(5, 8)
    for token in range(5):
        for feature in range(0, 8, 2):
            angle = token / 10000 ** (2 * feature / 8)
            assert found[token, feature] == pytest.approx(np.sin(angle))
            assert found[token, feature + 1] == pytest.approx(np.cos(angle))


def test_a_token_is_laid_out_as_its_patch_of_four_images():
    network = PublishedNetwork(2, 1, 1)
    tokens = torch.arange(2 * 3 * 16.0).reshape(1, 6, 16)
    laid = network._lay_out(tokens, 3)
    assert laid.shape == (1, 4, 4, 6)
    for token, row, col, channel in [(0, 0, 0, 0), (4, 1, 0, 3), (5, 1, 1, 2)]:
        expected = tokens[0, token, (row * 2 + col) * 4 + channel]
        place = 2 * (token // 3) + row, 2 * (token % 3) + col
        assert laid[0, channel, *place] == expected


@pytest.mark.parametrize("size", [(5, 7), (6, 6), (1, 1)])
@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("kind", ["published", "dist"])
def test_networks_double_images_of_any_size(kind, size, mask):
    network = (
        PublishedNetwork(3, 4, 1, mask=mask)
        if kind == "published"
        else DistNetwork(4, 2, mask=mask)
    )
    images = torch.rand(2, *size)
    seen = network.channels(images, torch.ones(size, dtype=torch.bool))
    assert seen.shape[1] == 1 + mask
    assert network(seen).shape == (2, 4, *size)


def test_residual_adds_the_input():
    torch.manual_seed(0)
    plain, added = PublishedNetwork(3, 4, 1), PublishedNetwork(3, 4, 1, residual=True)
    added.load_state_dict(plain.state_dict())
    images = torch.rand(2, 1, 6, 6)
    torch.testing.assert_close(added(images) - plain(images), images.expand(2, 4, 6, 6))


def test_dist_starts_close_to_the_repeated_input():
    torch.manual_seed(0)
    images = torch.rand(4, 1, 9, 9)
    difference = DistNetwork(64, 2)(images) - images
    assert difference.abs().mean() < 0.2 * images.mean()


def test_heads_that_do_not_fit_are_refused():
    with pytest.raises(InvalidRequestError, match="5 heads do not divide the 36"):
        PublishedNetwork(3, 5, 1)


def test_weights_that_are_none_are_refused(tmp_path):
    torch.save({"something": torch.zeros(1)}, tmp_path / "other.params")
    (tmp_path / "text.params").write_text("no weights")
    for name in ("other.params", "text.params", "absent.params"):
        with pytest.raises(ReadError, match=name):
            read_weights(tmp_path / name)


def test_weights_are_read_back(tmp_path):
    network = PublishedNetwork(2, 2, 3)
    torch.save(network.state_dict(), tmp_path / "own.params")
    read = read_weights(tmp_path / "own.params", heads=2)
    images = torch.rand(1, 1, 5, 5)
    torch.testing.assert_close(read(images), network(images))
