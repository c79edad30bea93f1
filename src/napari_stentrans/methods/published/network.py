"""The network of the paper: patches of a gene's image are tokens of a Transformer.

Names of the parts are those in the authors' weight files, so that these can be read.
"""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from napari_stentrans.errors import InvalidRequestError, ReadError
from napari_stentrans.methods.gene_images.network import ImageNetwork

_MLP_RATIO = 2


class PublishedNetwork(ImageNetwork):
    """Patch embedding, Transformer blocks, and each token laid out as 2 x 2 patches.

    Parameters
    ----------
    patch
        Sites along each side of a patch; a token has ``4 * patch ** 2`` features.
    heads, depth
        Attention heads, blocks.
    residual
        Add the input to each of the four outputs. The paper says so; the released
        code computes it and drops it.
    mask
        Take a second channel, which says what was measured. Not published.
    """

    def __init__(
        self,
        patch: int,
        heads: int,
        depth: int,
        *,
        residual: bool = False,
        mask: bool = False,
    ) -> None:
        super().__init__()
        width = 4 * patch**2
        if width % heads:
            msg = (
                f"{heads} heads do not divide the {width} features of a token (4 x "
                f"patch x patch, patch {patch}); choose another number of heads"
            )
            raise InvalidRequestError(msg)
        self.patch, self.residual, self.mask = patch, residual, mask
        self.patch_embed = _PatchEmbedding(self.n_channels, width, patch)
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(depth))

    def forward(self, images: Tensor) -> Tensor:
        """Refine images, shape (gene, channel, row, col), of any size."""
        n_rows, n_cols = images.shape[-2:]
        padded = nn.functional.pad(
            images, (0, _padding(n_cols, self.patch), 0, _padding(n_rows, self.patch))
        )
        refined = self.refine_patches(padded)[..., :n_rows, :n_cols]
        return refined + images[:, :1] if self.residual else refined

    def refine_patches(self, images: Tensor) -> Tensor:
        """Refine images whose sides are whole patches; nothing is added."""
        grid = self.patch_embed.proj(images)
        tokens = grid.flatten(2).transpose(1, 2)
        tokens = tokens + sinusoid(tokens.shape[1], tokens.shape[2]).to(tokens)
        for block in self.blocks:
            tokens = block(tokens)
        return self._lay_out(tokens, grid.shape[-1])

    def _lay_out(self, tokens: Tensor, n_across: int) -> Tensor:
        """Turn tokens, features (row, col, channel), into (gene, 4, row, col)."""
        down, p = tokens.shape[1] // n_across, self.patch
        parts = tokens.reshape(len(tokens), down, n_across, p, p, 4)
        return parts.permute(0, 5, 1, 3, 2, 4).reshape(
            len(tokens), 4, down * p, n_across * p
        )

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """All parameters, at one learning rate."""
        return [{"params": self.parameters(), "lr": learning_rate}]


def sinusoid(n_tokens: int, width: int) -> Tensor:
    """Position encoding, shape (token, feature), by the number of the token alone.

    The exponent runs twice as fast as in Vaswani et al. (2017), and a token does not
    know its row and column: both as published.
    """
    number = torch.arange(n_tokens, dtype=torch.float64)[:, None]
    feature = torch.arange(0, width, 2, dtype=torch.float64)
    angle = number / 10000 ** (2 * feature / width)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).reshape(n_tokens, width)


def read_weights(path: str | Path, heads: int = 4) -> PublishedNetwork:
    """Read a weight file of the authors; patch and depth follow from its shapes.

    Parameters
    ----------
    path
        A torch state dict. Only tensors are read from it, never code.
    heads
        Attention heads, which the file does not tell.

    Raises
    ------
    ReadError
        If the file holds no such network.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        embedding = state["patch_embed.proj.weight"]
        numbers = [re.match(r"blocks\.(\d+)\.", name) for name in state]
        depth = 1 + max(int(found[1]) for found in numbers if found)
        network = PublishedNetwork(embedding.shape[-1], heads, depth)
        network.load_state_dict(state)
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise ReadError(_not_weights(path, error)) from error
    except (RuntimeError, pickle.UnpicklingError) as error:
        raise ReadError(_not_weights(path, error)) from error
    return network.eval()


def _not_weights(path: str | Path, error: Exception) -> str:
    return (
        f"{path} cannot be read as weights of the stEnTrans network: {error}. Choose a "
        "file of the authors, such as stEnTrans_mel_p3h4.params."
    )


def _padding(size: int, patch: int) -> int:
    """Empty rows or columns added: a whole patch if none is needed, as published."""
    return patch - size % patch


class _PatchEmbedding(nn.Module):
    def __init__(self, n_channels: int, width: int, patch: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(n_channels, width, patch, stride=patch)


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = _Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = _Perceptron(width)

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attn(self.norm1(tokens))
        mixed: Tensor = tokens + self.mlp(self.norm2(tokens))
        return mixed


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        n_genes, n_tokens, width = tokens.shape
        parts = self.qkv(tokens).reshape(n_genes, n_tokens, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(query, key, value)
        joined: Tensor = self.proj(
            seen.transpose(1, 2).reshape(n_genes, n_tokens, width)
        )
        return joined


class _Perceptron(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, _MLP_RATIO * width)
        self.fc2 = nn.Linear(_MLP_RATIO * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        mixed: Tensor = self.fc2(nn.functional.gelu(self.fc1(tokens)))
        return mixed
