"""What a network says of a scene, in pieces that fit in memory."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from napari_stentrans.methods.parallel import map_in_order
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
    there = scene.to(device)
    both = there, there.flipped(-torch.ones(n_channels, device=device))
    on_all_cores = map_in_order if device.type == "cpu" else map

    @torch.no_grad()
    def encode(seen: Scene) -> Tensor:
        return network.encode(seen)

    tokens = tuple(on_all_cores(encode, both))

    @torch.no_grad()
    def decode(start: int) -> Tensor:
        part = slice(start, start + _QUERIES_AT_ONCE)
        plain, mirror = (
            network.decode(seen.of_queries(part), seen_tokens)
            for seen, seen_tokens in zip(both, tokens, strict=True)
        )
        return 0.5 * (plain - mirror)

    done = 0
    for part in on_all_cores(decode, range(0, n_queries, _QUERIES_AT_ONCE)):
        done += len(part)
        yield done, part
