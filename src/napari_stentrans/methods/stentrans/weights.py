"""Weights of networks, as npz files: arrays and a line of JSON, no pickles."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_stentrans.io.files.replacing import replacing
from napari_stentrans.methods.parallel import seeded_torch
from napari_stentrans.methods.stentrans.network import NetworkShape, SpotTransformer

SHIPPED = Path(__file__).with_name("pretrained.npz")
"""Made by the ``pretraining`` package beside it, from simulated tissue alone."""


def load_network(path: Path = SHIPPED) -> SpotTransformer:
    """Return a network with stored weights, on the CPU, ready to predict."""
    with np.load(path, allow_pickle=False) as stored:
        return network_of({name: stored[name] for name in stored.files})


def save_network(network: SpotTransformer, path: Path) -> None:
    """Store the weights of a network, and its shape."""
    save_arrays(arrays_of(network), path)


def network_of(arrays: dict[str, NDArray[Any]]) -> SpotTransformer:
    """Make a network of `arrays_of` another."""
    weights = dict(arrays)
    shape = NetworkShape(**json.loads(str(weights.pop("shape"))))
    with seeded_torch(0):  # weights drawn in vain
        network = SpotTransformer(shape)
    network.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()})
    return network.eval()


def arrays_of(network: SpotTransformer) -> dict[str, NDArray[Any]]:
    """Weights of a network by name, and its shape as a line of JSON."""
    arrays = {k: v.detach().cpu().numpy() for k, v in network.state_dict().items()}
    return arrays | {"shape": np.array(json.dumps(asdict(network.shape)))}


def save_arrays(arrays: dict[str, NDArray[Any]], path: Path) -> None:
    """Write an npz file, which appears under its name only once it is complete."""
    with replacing(path) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
