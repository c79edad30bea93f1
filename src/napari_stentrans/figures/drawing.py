"""Rasters and pictures drawn where they lie in the world, with a scale bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.raster import SpotRaster

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.image import AxesImage

View: TypeAlias = tuple[FloatArray, FloatArray]
"""(least, greatest) x, and (least, greatest) y."""

_BACKGROUND = "0.93"
_INK = "0.15"
_SHARE = 0.25
"""Of the width that a scale bar may take."""
_LONGEST_PICTURE = 1500
"""Pixels: more than a panel of a figure shows."""


@dataclass(frozen=True, eq=False)
class Colours:
    """What colour a value has.

    Attributes
    ----------
    limits
        Values of the first and the last colour.
    colormap : str or ndarray, shape (colour, 4)
        A name in matplotlib, or red, green, blue and opacity of each, 0 to 1.
    gamma
        What the colours are bent by, as in napari.
    """

    limits: tuple[float, float]
    colormap: str | NDArray[np.floating] = "viridis"
    gamma: float = 1.0

    def in_matplotlib(self) -> str | Colormap:
        """Return the colormap in a form that matplotlib draws with."""
        from matplotlib.colors import ListedColormap

        if isinstance(self.colormap, str):
            return self.colormap
        return ListedColormap(self.colormap)


def draw_values(
    ax: Axes, picture: NDArray[np.float32], raster: SpotRaster, colours: Colours
) -> AxesImage:
    """Draw values of a raster, NaN left blank."""
    from matplotlib.colors import PowerNorm

    norm = PowerNorm(colours.gamma, *colours.limits)
    cmap = colours.in_matplotlib()
    return _draw(ax, picture, raster.affine, norm=norm, cmap=cmap)


def draw_tissue(ax: Axes, image: TissueImage) -> AxesImage:
    """Draw a picture of tissue."""
    step = -(-max(image.data.shape[:2]) // _LONGEST_PICTURE)
    affine = image.affine @ np.diag([step, step, 1.0])
    return _draw(ax, image.data[::step, ::step], affine)


def view_of(raster: SpotRaster) -> View:
    """World extent of a whole raster."""
    rows, cols = raster.shape
    first, bottom, right = -0.5, rows - 0.5, cols - 0.5
    corners = [[y, x, 1] for y in (first, bottom) for x in (first, right)]
    y, x = raster.affine[:2] @ np.array(corners).T
    return np.array([x.min(), x.max()]), np.array([y.min(), y.max()])


def show_view(ax: Axes, view: View) -> None:
    """Show a part of the world, y downwards, without ticks."""
    x, y = view
    ax.set(xlim=x, ylim=y[::-1], xticks=[], yticks=[], facecolor=_BACKGROUND)
    ax.set_aspect("equal")


def scale_bar(ax: Axes, view: View, pitch_px: float, pitch_um: float | None) -> str:
    """Draw a bar of a round length at the lower left; returns its label.

    Parameters
    ----------
    ax, view
        Where, and what of the world is shown there.
    pitch_px
        Distance of neighbouring spots in world units.
    pitch_um
        The same in µm; where it is unknown, the length is told in spots.
    """
    x, y = view
    width, height = float(np.ptp(x)), float(np.ptp(y))
    unit_px = pitch_px / pitch_um if pitch_um else pitch_px
    length = max(_round_down(_SHARE * width / unit_px), 1.0 if not pitch_um else 0.0)
    left, bottom = x[0] + 0.03 * width, y[1] - 0.035 * height
    ax.plot(
        [left, left + length * unit_px],
        [bottom, bottom],
        color=_INK,
        linewidth=2.5,
        solid_capstyle="butt",
        gid="scale bar",
    )
    label = _length(length, is_um=bool(pitch_um))
    ax.annotate(
        label,
        (left, bottom),
        xytext=(0, 3),
        textcoords="offset points",
        color=_INK,
        fontsize="small",
    )
    return label


def _round_down(number: float) -> float:
    """Largest 1, 2 or 5 times a power of ten that is not above a number."""
    power: float = 10.0 ** np.floor(np.log10(max(number, 1e-12)))
    return max(step * power for step in (1, 2, 5) if step * power <= number * 1.0001)


def _length(length: float, *, is_um: bool) -> str:
    if not is_um:
        return f"{length:g} spots" if length != 1 else "1 spot"
    return f"{length / 1000:g} mm" if length >= 1000 else f"{length:g} µm"


def _draw(
    ax: Axes, picture: NDArray[np.generic], affine: FloatArray, **look: object
) -> AxesImage:
    from matplotlib.transforms import Affine2D

    swap = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    to_xy = Affine2D(swap @ affine @ swap)
    rows, cols = picture.shape[:2]
    return ax.imshow(
        picture,
        extent=(-0.5, cols - 0.5, rows - 0.5, -0.5),
        interpolation="nearest",
        transform=to_xy + ax.transData,
        **look,  # type: ignore[arg-type]
    )
