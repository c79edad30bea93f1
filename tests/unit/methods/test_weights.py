"""Weights on disk: what ships loads, and what is saved comes back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from napari_stentrans.methods.stentrans.network import NetworkShape, SpotTransformer
from napari_stentrans.methods.stentrans.weights import (
    SHIPPED,
    load_network,
    save_network,
)


def test_the_shipped_weights_are_of_the_default_shape() -> None:
    network = load_network()
    assert network.shape == NetworkShape()
    assert not network.training
    expected = SpotTransformer(NetworkShape()).state_dict()
    found = network.state_dict()
    assert {k: v.shape for k, v in found.items()} == {
        k: v.shape for k, v in expected.items()
    }
    assert all(torch.isfinite(v).all() for v in found.values())
    assert found["pointer.amount.weight"].any()  # it was trained: this starts at zero


def test_the_shipped_weights_are_small_and_no_pickle() -> None:
    assert SHIPPED.stat().st_size < 500_000
    with np.load(SHIPPED, allow_pickle=False) as stored:
        assert all(stored[name].dtype != object for name in stored.files)


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    torch.manual_seed(3)
    shape = NetworkShape(width=8, depth=2, heads=2, neighbours=6)
    network = SpotTransformer(shape)
    save_network(network, tmp_path / "weights.npz")
    again = load_network(tmp_path / "weights.npz")
    assert again.shape == shape
    for name, weights in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], weights), name
    assert [path.name for path in tmp_path.iterdir()] == ["weights.npz"]


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    np.savez(path, shape=np.array([{"width": 8}], dtype=object))
    with pytest.raises(ValueError, match="pickle"):
        load_network(path)


def test_loading_leaves_the_global_random_state() -> None:
    state = torch.random.get_rng_state()
    load_network()
    assert torch.equal(state, torch.random.get_rng_state())
