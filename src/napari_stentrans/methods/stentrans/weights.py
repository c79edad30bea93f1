"""Weights of networks, as npz files: arrays and a line of JSON, no pickles."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from napari_stentrans.methods.stentrans.network import NetworkShape, SpotTransformer

SHIPPED = Path(__file__).with_name("pretrained.npz")
"""Made by the ``pretraining`` package beside it, from simulated tissue alone."""


def load_network(path: Path = SHIPPED) -> SpotTransformer:
    """Return a network with stored weights, on the CPU, ready to predict."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    shape = NetworkShape(**json.loads(str(arrays.pop("shape"))))
    network = SpotTransformer(shape)
    network.load_state_dict({k: torch.from_numpy(v) for k, v in arrays.items()})
    return network.eval()


def save_network(network: SpotTransformer, path: Path) -> None:
    """Store the weights of a network, and its shape."""
    arrays = {k: v.detach().cpu().numpy() for k, v in network.state_dict().items()}
    temporary = path.with_name(path.name + ".part.npz")
    np.savez_compressed(temporary, shape=json.dumps(asdict(network.shape)), **arrays)
    temporary.replace(path)
