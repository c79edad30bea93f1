"""The network: an encoder of visible spots and a decoder queried at any positions.

Tokens are spots. Every attention is local, over the nearest visible spots, with a
learned decay with distance; positions enter through those distances alone, so the
network does not care where the section lies or how it is turned. It predicts a
correction to kriging and starts from none. Knows nothing about sections or genes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from napari_stentrans.config import TransformerConfig


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """The nearest visible spots of some positions.

    Attributes
    ----------
    spots : LongTensor, shape (position, neighbour)
        Indices of visible spots.
    distance : Tensor, shape (position, neighbour)
        In units of the typical spacing of the visible spots.
    absent : BoolTensor, shape (position, neighbour)
        Places that hold no neighbour, where there are fewer spots than places.
    """

    spots: Tensor
    distance: Tensor
    absent: Tensor


class LocalAttention(nn.Module):
    """Attention of positions to their nearest visible spots."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_query = nn.Linear(width, width)
        self.to_key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.decay = nn.Parameter(torch.linspace(-2.0, 1.0, heads))

    def forward(self, x: Tensor, spots: Tensor, near: Neighbourhood) -> Tensor:
        """Attend.

        Parameters
        ----------
        x : Tensor, shape (position, width)
            Positions that attend.
        spots : Tensor, shape (visible spot, width)
            Spots attended to.
        near
            Neighbourhood of the positions among the spots.

        Returns
        -------
        Tensor, shape (position, width)
        """
        n, m = near.spots.shape
        query = self.to_query(x).view(n, self.heads, 1, -1)
        key_value = self.to_key_value(spots)[near.spots]  # (n, m, 2 * width)
        key, value = (
            part.view(n, m, self.heads, -1).transpose(1, 2)
            for part in key_value.chunk(2, dim=-1)
        )
        slope = nnf.softplus(self.decay).view(1, -1, 1, 1)
        bias = -slope * near.distance.view(n, 1, 1, m)
        bias = bias.masked_fill(near.absent.view(n, 1, 1, m), float("-inf"))
        logits = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5 + bias
        mixed = logits.softmax(dim=-1) @ value  # (n, head, 1, width / head)
        found: Tensor = self.out(mixed.reshape(n, -1))
        return found


class Layer(nn.Module):
    """Pre-norm attention and a two-layer perceptron, each added to its input."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm_x = nn.LayerNorm(width)
        self.norm_spots = nn.LayerNorm(width)
        self.attend = LocalAttention(width, heads)
        self.mlp = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.GELU(),
            nn.Linear(2 * width, width),
        )

    def forward(self, x: Tensor, spots: Tensor, near: Neighbourhood) -> Tensor:
        """Update positions, shape (position, width), from the spots around them."""
        x = x + self.attend(self.norm_x(x), self.norm_spots(spots), near)
        updated: Tensor = x + self.mlp(x)
        return updated


class SpotTransformer(nn.Module):
    """Correction to kriged programmes at any positions.

    Parameters
    ----------
    n_spot_features, n_query_features
        Features of a visible spot, and of a queried position.
    n_programmes
        Channels to correct.
    config
        Width, depth and heads.
    """

    def __init__(
        self,
        n_spot_features: int,
        n_query_features: int,
        n_programmes: int,
        config: TransformerConfig,
    ) -> None:
        super().__init__()
        width, heads = config.width, config.heads
        self.embed_spot = nn.Linear(n_spot_features, width)
        self.embed_query = nn.Linear(n_query_features, width)
        self.encoder = nn.ModuleList(Layer(width, heads) for _ in range(config.depth))
        self.decoder = nn.ModuleList(Layer(width, heads) for _ in range(2))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, n_programmes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(
        self,
        spot_features: Tensor,
        query_features: Tensor,
        spot_near: Neighbourhood,
        query_near: Neighbourhood,
    ) -> Tensor:
        """Predict corrections in units of the kriging standard deviation.

        Parameters
        ----------
        spot_features : Tensor, shape (visible spot, feature)
            Tokens of the encoder.
        query_features : Tensor, shape (query, feature)
            Tokens of the decoder.
        spot_near, query_near
            Their neighbourhoods among the visible spots.

        Returns
        -------
        Tensor, shape (query, programme)
        """
        spots = self.embed_spot(spot_features)
        for layer in self.encoder:
            spots = layer(spots, spots, spot_near)
        queries = self.embed_query(query_features)
        for layer in self.decoder:
            queries = layer(queries, spots, query_near)
        corrections: Tensor = self.head(self.norm(queries))
        return corrections
