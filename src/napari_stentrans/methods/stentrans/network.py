"""The network: an encoder of visible spots and a decoder queried at any positions.

Tokens are spots, once for every channel (library size or a gene programme); all
channels share the same weights, so that one network serves every section. Every
attention is local, over the nearest visible spots, and looks at how far they are and
how alike in content: positions enter through distances alone, so the network does not
care where a section lies or how it is turned. It predicts a correction to kriging and
starts from none. Knows nothing about sections or genes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

SPOT_SCORES = 3
"""So many leading features of a spot are scores: measured, kriged, and both weighed."""
SPOT_SIGNED, QUERY_SIGNED = 4, 1
"""So many leading features of a token change sign with the channel."""
SPOT_FEATURES, QUERY_FEATURES, PAIR_FEATURES = 10, 8, 6


@dataclass(frozen=True)
class NetworkShape:
    """Size of a network; it is stored with its weights.

    Attributes
    ----------
    width
        Features of a token.
    depth
        Layers of the encoder.
    heads
        Attention heads.
    neighbours
        Spots that a query attends to; tokens of the encoder attend to half as many.
    """

    width: int = 32
    depth: int = 1
    heads: int = 4
    neighbours: int = 24


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """The nearest visible spots of some positions.

    Attributes
    ----------
    spots : LongTensor, shape (position, neighbour)
        Indices of visible spots.
    relation : Tensor, shape (position, neighbour, pair feature)
        How far each is, in space and in content.
    absent : BoolTensor, shape (position, neighbour)
        Places that hold no neighbour, where there are fewer spots than places.
    """

    spots: Tensor
    relation: Tensor
    absent: Tensor

    def __getitem__(self, part: slice | Tensor) -> Neighbourhood:
        """Neighbourhoods of some of the positions."""
        return Neighbourhood(self.spots[part], self.relation[part], self.absent[part])

    def to(self, device: torch.device) -> Neighbourhood:
        """Return the neighbourhoods on a device."""
        return Neighbourhood(
            self.spots.to(device), self.relation.to(device), self.absent.to(device)
        )


@dataclass(frozen=True, eq=False)
class Scene:
    """What the network is shown: visible spots, and positions to correct.

    Attributes
    ----------
    spots : Tensor, shape (visible spot, channel, SPOT_FEATURES)
    queries : Tensor, shape (query, channel, QUERY_FEATURES)
    spot_near, query_near
        Neighbourhoods among the visible spots.
    query_sd : Tensor, shape (query, channel)
        Kriging's standard deviation, the unit of a correction.
    """

    spots: Tensor
    queries: Tensor
    spot_near: Neighbourhood
    query_near: Neighbourhood
    query_sd: Tensor

    def to(self, device: torch.device) -> Scene:
        """Return the scene on a device."""
        return Scene(
            self.spots.to(device),
            self.queries.to(device),
            self.spot_near.to(device),
            self.query_near.to(device),
            self.query_sd.to(device),
        )

    def of_channels(self, channels: Tensor) -> Scene:
        """Return the scene of some channels alone."""
        return replace(
            self,
            spots=self.spots[:, channels],
            queries=self.queries[:, channels],
            query_sd=self.query_sd[:, channels],
        )

    def of_queries(self, part: slice | Tensor) -> Scene:
        """Return the scene with some of the queries."""
        return replace(
            self,
            queries=self.queries[part],
            query_near=self.query_near[part],
            query_sd=self.query_sd[part],
        )

    def around(self, part: slice) -> tuple[Scene, Tensor]:
        """Scene of some queries among the spots that they see, and which those are.

        For decoding alone, whose cost then does not grow with the section: the spots
        that are left do not see each other.
        """
        scene = self.of_queries(part)
        near = scene.query_near
        seen, places = torch.unique(near.spots, return_inverse=True)
        alone = replace(
            scene,
            spots=self.spots[seen],
            spot_near=self.spot_near[:0],
            query_near=replace(near, spots=places),
        )
        return alone, seen

    def flipped(self, signs: Tensor) -> Scene:
        """Return the scene with the signs of channels flipped, shape (channel,)."""
        return replace(
            self,
            spots=_flip(self.spots, SPOT_SIGNED, signs),
            queries=_flip(self.queries, QUERY_SIGNED, signs),
        )


def _flip(features: Tensor, n_signed: int, signs: Tensor) -> Tensor:
    factors = signs.new_ones(len(signs), features.shape[-1])
    factors[:, :n_signed] = signs[:, None]
    return features * factors


class LocalAttention(nn.Module):
    """Attention of positions to their nearest visible spots, channel by channel."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_query = nn.Linear(width, width)
        self.to_key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.bias = _pair_bias(heads)

    def forward(self, query: Tensor, key_value: Tensor, near: Neighbourhood) -> Tensor:
        """Attend.

        Parameters
        ----------
        query : Tensor, shape (position, channel, width)
            What the positions ask for, by ``to_query``.
        key_value : Tensor, shape (visible spot, channel, 2 * width)
            What the spots have to offer, by ``to_key_value``.
        near
            Neighbourhood of the positions among the spots.

        Returns
        -------
        Tensor, shape (position, channel, width)
        """
        (n, m), c, h = near.spots.shape, query.shape[1], self.heads
        query = query.view(n, 1, c, h, -1)
        key, value = (
            part[near.spots].view(n, m, c, h, -1) for part in key_value.chunk(2, dim=-1)
        )
        bias = self.bias(near.relation)  # (n, m, head)
        bias = bias.masked_fill(near.absent[..., None], float("-inf"))
        # products of so small matrices are slower than multiplying and adding
        logits = (query * key).sum(dim=-1) * query.shape[-1] ** -0.5
        share = (logits + bias[:, :, None]).softmax(dim=1)  # (n, m, c, head)
        mixed = (share[..., None] * value).sum(dim=1)
        found: Tensor = self.out(mixed.reshape(n, c, -1))
        return found


class Pointer(nn.Module):
    """Averages of what the spots around say, with weights learnt from the tokens.

    Scores are averaged as they are, so that the network need not learn to pass them
    through: what it learns is whom to listen to, and how far.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_query = nn.Linear(width, width)
        self.to_key = nn.Linear(width, width)
        self.bias = _pair_bias(heads)
        self.amount = nn.Linear(width, heads * SPOT_SCORES)
        nn.init.zeros_(self.amount.weight)
        nn.init.zeros_(self.amount.bias)

    def forward(self, x: Tensor, spots: Tensor, scene: Scene) -> Tensor:
        """Correction of each query, shape (query, channel)."""
        near = scene.query_near
        (n, m), c, h = near.spots.shape, x.shape[1], self.heads
        query = self.to_query(x).view(n, 1, c, h, -1)
        key = self.to_key(spots)[near.spots].view(n, m, c, h, -1)
        logits = (query * key).sum(dim=-1) * query.shape[-1] ** -0.5
        bias = self.bias(near.relation).masked_fill(
            near.absent[..., None], float("-inf")
        )
        share = (logits + bias[:, :, None]).softmax(dim=1)  # (n, m, c, head)
        kriged = scene.queries[..., :1]
        said = scene.spots[..., :SPOT_SCORES][near.spots] - kriged[:, None]
        mixed = torch.einsum("nmch,nmcs->nchs", share, said).reshape(n, c, -1)
        amount = self.amount(x)
        correction: Tensor = (amount * mixed).sum(dim=-1)
        return correction


def _pair_bias(heads: int) -> nn.Sequential:
    """How much each head favours a spot for its distance and likeness."""
    return nn.Sequential(nn.Linear(PAIR_FEATURES, 16), nn.GELU(), nn.Linear(16, heads))


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
        """Update positions, (position, channel, width), from the spots around them."""
        query = self._query(x)  # before the spots: gradients add up in that order
        return self._answered(x, query, self.offer(spots), near)

    def offer(self, spots: Tensor) -> Tensor:
        """What spots have to offer, (spot, channel, 2 * width): each one's alone."""
        key_value: Tensor = self.attend.to_key_value(self.norm_spots(spots))
        return key_value

    def update(self, x: Tensor, offered: Tensor, near: Neighbourhood) -> Tensor:
        """Update some of the positions from what all spots `offer`."""
        return self._answered(x, self._query(x), offered, near)

    def _query(self, x: Tensor) -> Tensor:
        query: Tensor = self.attend.to_query(self.norm_x(x))
        return query

    def _answered(
        self, x: Tensor, query: Tensor, offered: Tensor, near: Neighbourhood
    ) -> Tensor:
        x = x + self.attend(query, offered, near)
        updated: Tensor = x + self.mlp(x)
        return updated


class SpotTransformer(nn.Module):
    """Correction to kriged channels at any positions.

    Parameters
    ----------
    shape
        Its size.
    """

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.shape = shape
        width, heads = shape.width, shape.heads
        self.embed_spot = nn.Linear(SPOT_FEATURES, width)
        self.embed_query = nn.Linear(QUERY_FEATURES, width)
        self.encoder = nn.ModuleList(Layer(width, heads) for _ in range(shape.depth))
        self.decoder = nn.ModuleList(Layer(width, heads) for _ in range(2))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.pointer = Pointer(width, heads)

    def encode(self, scene: Scene) -> Tensor:
        """Tokens of the visible spots, shape (visible spot, channel, width)."""
        spots: Tensor = self.embed_spot(scene.spots)
        for layer in self.encoder:
            spots = layer(spots, spots, scene.spot_near)
        return spots

    def decode(self, scene: Scene, spots: Tensor) -> Tensor:
        """Corrections of the kriged channels, shape (query, channel)."""
        queries = self.embed_query(scene.queries)
        for layer in self.decoder:
            queries = layer(queries, spots, scene.query_near)
        queries = self.norm(queries)
        moved = self.head(queries)[..., 0] * scene.query_sd
        corrections: Tensor = moved + self.pointer(queries, spots, scene)
        return corrections

    def forward(self, scene: Scene) -> Tensor:
        """Corrections of the kriged channels, shape (query, channel)."""
        return self.decode(scene, self.encode(scene))
