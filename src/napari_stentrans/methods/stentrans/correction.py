"""What a network says of a scene, in slices that fit in memory.

For predicting only: training takes a scene as a whole (`SpotTransformer.forward`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import torch
from torch import Tensor

from napari_stentrans.methods.parallel import map_in_order
from napari_stentrans.methods.stentrans.network import (
    Layer,
    Neighbourhood,
    Scene,
    SpotTransformer,
)
from napari_stentrans.portions import portions
from napari_stentrans.progress import Progress, Steps, run_to_end
from napari_stentrans.section.lattice import FloatArray

_AT_ONCE = 64
"""Spots, or queries: more take longer each, as they leave the cache of a core."""
_AT_ONCE_ON_GPU = 1024
"""There it is starting to compute that takes long."""


def correct(network: SpotTransformer, scene: Scene) -> FloatArray:
    """`correction_steps`, run to the end."""
    return run_to_end(correction_steps(network, scene))


def correction_steps(network: SpotTransformer, scene: Scene) -> Steps[FloatArray]:
    """Corrections of a scene's queries, shape (query, channel).

    The sign of a programme is arbitrary: what the network says of a scene and of its
    mirror image is averaged, so that it can make no difference.
    """
    device = network.head.weight.device
    there = scene.to(device)
    signs = -torch.ones(scene.spots.shape[1], device=device)
    spots_alone = there.of_queries(slice(0))
    tokens, mirrored = yield from token_steps(
        network, [spots_alone, spots_alone.flipped(signs)]
    )

    def decode(part: slice) -> Tensor:
        seen, spots = there.around(part)
        plain = network.decode(seen, tokens[spots])
        mirror = network.decode(seen.flipped(signs), mirrored[spots])
        return 0.5 * (plain - mirror)

    corrections = torch.empty_like(there.query_sd)
    for done in _filled(corrections, decode):
        yield Progress("Transformer: predicting", done, len(corrections))
    found: FloatArray = corrections.cpu().numpy().astype("float64")
    return found


def token_steps(network: SpotTransformer, scenes: list[Scene]) -> Steps[list[Tensor]]:
    """Tokens of the visible spots of scenes of one size, as by `encode`.

    Returns
    -------
    list of Tensor, shape (visible spot, channel, width)
    """
    n_spots, n_channels = scenes[0].spots.shape[:2]
    n_each = n_spots * (1 + 2 * len(network.encoder))
    found = []
    # one after the other: what spots offer to others is twice as large as the tokens
    for number, scene in enumerate(scenes):
        tokens = scene.spots.new_empty(n_spots, n_channels, network.shape.width)
        for done in _encoded(network, scene, tokens):
            # counted in spots, which a person knows, though each is visited often
            n_read = (number * n_each + done) * n_spots // (len(scenes) * n_each)
            yield Progress("Transformer: reading the spots", n_read, n_spots)
        found.append(tokens)
    return found


def _encoded(network: SpotTransformer, scene: Scene, tokens: Tensor) -> Iterator[int]:
    """Fill in tokens, yielding how many spots were visited, each several times."""

    def embed(part: slice) -> Tensor:
        embedded: Tensor = network.embed_spot(scene.spots[part])
        return embedded

    yield from _filled(tokens, embed)
    for number, layer in enumerate(network.encoder):
        before = (1 + 2 * number) * len(tokens)
        for done in _updated(cast("Layer", layer), tokens, scene.spot_near):
            yield before + done


def _updated(layer: Layer, tokens: Tensor, near: Neighbourhood) -> Iterator[int]:
    """Update tokens in place, by all that there were, yielding spots visited."""
    n_spots, n_channels, width = tokens.shape
    offered = tokens.new_empty(n_spots, n_channels, 2 * width)
    yield from _filled(offered, lambda part: layer.offer(tokens[part]))

    def update(part: slice) -> Tensor:
        return layer.update(tokens[part], offered, near[part])

    for done in _filled(tokens, update):
        yield n_spots + done


def _filled(rows: Tensor, made: Callable[[slice], Tensor]) -> Iterator[int]:
    """Fill in rows, on all cores of a CPU, yielding how many are done."""

    @torch.no_grad()
    def make(part: slice) -> Tensor:
        return made(part)

    on_cpu = rows.device.type == "cpu"
    parts = portions(len(rows), _AT_ONCE if on_cpu else _AT_ONCE_ON_GPU)
    on_all_cores = map_in_order if on_cpu else map
    for part, some in zip(parts, on_all_cores(make, parts), strict=True):
        rows[part] = some
        yield part.stop
