"""Pictures of Space Ranger output, and their scale."""

from __future__ import annotations

import json
import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from napari_stentrans.io.files.damage import attempt
from napari_stentrans.io.files.text import opened
from napari_stentrans.io.files.visible import visible
from napari_stentrans.io.formats.space_ranger.names import alike
from napari_stentrans.io.pictures.images import read_image
from napari_stentrans.section.image import TissueImage

_LONGEST = 1 << 20
"""Characters of a list of scale factors, at most."""


def scale_factors(spatial: Path, notes: list[str], prefix: str = "") -> dict[str, Any]:
    """Read the numbers of scalefactors_json.json; notes say what is damaged."""
    files = alike(visible(spatial.glob("*scalefactors_json*.json*")), prefix)
    if not files:
        notes.append("No scalefactors_json.json: the image cannot be aligned.")
        return {}
    problems: list[str] = []
    found = attempt(problems, files[0].name, partial(_json, files[0]))
    if not isinstance(found, dict):
        notes.append(
            f"The scale factors are not used: {' '.join(problems) or 'no table'}."
        )
        return {}
    numbers = {k: each for k, each in found.items() if isinstance(each, int | float)}
    sound = {k: each for k, each in numbers.items() if 0 < each < math.inf}
    if odd := sorted(set(numbers) - set(sound)):
        notes.append(f"Scale factors that are no positive numbers: {', '.join(odd)}.")
    return sound


def _json(file: Path) -> Any:
    with opened(file) as text:
        return json.loads(text.read(_LONGEST))


def best_image(
    spatial: Path, factors: dict[str, Any], notes: list[str], prefix: str = ""
) -> TissueImage | None:
    """The hires picture, else the lowres one, else none; notes say what is damaged.

    ``prefix`` is how the names of all parts begin, if they have such a beginning.
    """
    for resolution in ("hires", "lowres"):
        scale = factors.get(f"tissue_{resolution}_scalef", 0)
        files = visible(spatial.glob(f"*tissue_{resolution}_image.*"))
        for file in alike(files, prefix):
            if scale > 0:
                damage: list[str] = []
                image = attempt(
                    damage, file.name, partial(read_image, file, scale, resolution)
                )
                if image is not None and np.ptp(image.data) > 0:
                    return image
                what = damage[0] if damage else f"{file.name} is blank"
                notes.append(f"The image {what}.")
    notes.append("There is no usable image of the tissue.")
    return None
