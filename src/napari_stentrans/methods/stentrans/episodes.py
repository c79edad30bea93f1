"""Episodes: part of a section with some spots hidden, kriged afresh.

Channels are kriged anew without the hidden spots. Programmes, the weights of
covariances and the slope are those of the whole section, which saw the hidden spots;
so answers are cross-fitted scores, on loadings that were found without the spot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_stentrans.methods.kriging.channels import ChannelKriging
from napari_stentrans.methods.kriging.enhancer import FittedKriging, sloped
from napari_stentrans.methods.kriging.spectra import WindowSpectra
from napari_stentrans.methods.stentrans.masking import random_mask
from napari_stentrans.methods.stentrans.network import Scene
from napari_stentrans.methods.stentrans.tokens import VisibleSpots
from napari_stentrans.progress import run_to_end
from napari_stentrans.section.lattice import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Episode:
    """A scene whose answers are known.

    Attributes
    ----------
    scene
        What the network sees.
    residual : ndarray, shape (query, channel)
        Cross-fitted score less the kriged one.
    spots : ndarray, shape (query,)
        Which spot of the section each query is.
    remoteness : ndarray, shape (query,)
        Distance to the nearest visible spot, in typical spacings.
    """

    scene: Scene
    residual: FloatArray
    spots: IntArray
    remoteness: FloatArray


def make_episode(
    kriging: FittedKriging,
    members: IntArray,
    n_neighbours: int,
    rng: np.random.Generator,
) -> Episode:
    """Hide some of the members (spots of the section) and krige them from the rest."""
    places = kriging.channels.places[members]
    hidden = random_mask(places[:, :2], rng)
    visible = members[~hidden]
    channels = ChannelKriging(
        WindowSpectra(places[~hidden], size=len(visible)),
        kriging.programmes.scores[visible],
        kriging.channels.mixture,
    )
    at_spots = run_to_end(channels.at_spots_steps())
    left_out = sloped(at_spots.left_out, kriging.slope)
    kriged = run_to_end(channels.predict_steps(places[hidden]))
    kriged = sloped(kriged, kriging.slope)
    tokens = VisibleSpots(
        channels.places[:, :2],
        channels.channels,
        left_out,
        kriging.programmes.strength,
        n_neighbours,
    )
    scene, remoteness = tokens.scene(places[hidden, :2], kriged)
    spots = members[hidden]
    residual = kriging.crossed.scores[spots] - kriged.mean
    return Episode(scene, residual, spots, remoteness)
