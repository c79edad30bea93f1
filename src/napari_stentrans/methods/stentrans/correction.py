"""What a network says of a scene, in pieces that fit in memory."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from napari_stentrans.methods.parallel import one_torch_thread
from napari_stentrans.methods.stentrans.network import Scene, SpotTransformer
from napari_stentrans.section.lattice import FloatArray

_QUERIES_AT_ONCE = 256


def correct(network: SpotTransformer, scene: Scene) -> FloatArray:
    """Corrections of a scene's queries, shape (query, channel)."""
    parts = [part for _, part in corrections(network, scene)]
    found: FloatArray = torch.cat(parts).cpu().numpy().astype("float64")
    return found


def corrections(network: SpotTransformer, scene: Scene) -> Iterator[tuple[int, Tensor]]:
    """Yield how many queries are done, and the corrections of the next ones.

    The sign of a programme is arbitrary: what the network says of a scene and of its
    mirror image is averaged, so that it can make no difference.
    """
    device = network.head.weight.device
    n_channels, n_queries = scene.spots.shape[1], len(scene.queries)
    with torch.no_grad(), one_torch_thread():
        there = scene.to(device)
        mirrored = there.flipped(-torch.ones(n_channels, device=device))
        tokens, tokens_mirrored = network.encode(there), network.encode(mirrored)
        for start in range(0, n_queries, _QUERIES_AT_ONCE):
            part = slice(start, start + _QUERIES_AT_ONCE)
            plain = network.decode(there.of_queries(part), tokens)
            mirror = network.decode(mirrored.of_queries(part), tokens_mirrored)
            yield min(part.stop, n_queries), 0.5 * (plain - mirror)
