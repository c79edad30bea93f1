"""What a person chooses, as frozen pydantic models: limits and help text live here.

The GUI form, ``--help`` and the provenance of a result are made from these fields.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from napari_stentrans.section.tissue import TissueRule

DeviceChoice = Literal["auto", "cpu", "cuda", "mps"]
_NUMBERS: dict[Any, str] = {int: "a whole number", float: "a number"}
"""What to call the fields of these kinds."""


class StrictModel(BaseModel):
    """Frozen, and intolerant of unknown names, and of yes or no for a number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_truth(cls, given: Any, about: ValidationInfo) -> Any:
        """Refuse True, or the yes of a run file, which would count as 1."""
        kind = cls.model_fields[str(about.field_name)].annotation
        if isinstance(given, bool | np.bool_) and kind in _NUMBERS:
            named = "number"
            told = f"input should be {_NUMBERS[kind]}"
            raise PydanticCustomError(named, told)
        return given


class KrigingConfig(StrictModel):
    """How gene programmes are formed and interpolated."""

    n_programmes: Annotated[
        int,
        Field(
            ge=1, le=200, title="Programmes", description="Gene programmes, at most."
        ),
    ] = 20
    window: Annotated[
        int,
        Field(
            ge=50,
            le=5000,
            title="Window",
            description="Spots solved together; larger sections are split.",
        ),
    ] = 350
    residuals: Annotated[
        bool,
        Field(
            title="Residuals",
            description="Also interpolate what the programmes leave of each gene.",
        ),
    ] = True


class TransformerConfig(StrictModel):
    """How far the pre-trained Transformer is adapted to the section."""

    episodes: Annotated[
        int,
        Field(
            ge=0,
            le=1000,
            title="Episodes",
            description="Ways of hiding spots on which its corrections are judged; "
            "0 believes them as they are.",
        ),
    ] = 12
    image: Annotated[
        bool,
        Field(
            title="Look at the image",
            description="Learn how expression follows stain and texture of the tissue, "
            "where the section has an image.",
        ),
    ] = True
    steps: Annotated[
        int,
        Field(
            ge=0,
            le=20_000,
            title="Training steps",
            description="Steps of training on the section itself; 0 for none.",
        ),
    ] = 0
    learning_rate: Annotated[
        float, Field(gt=0, le=1, title="Learning rate", description="Of AdamW.")
    ] = 5e-4


class GeneImageConfig(StrictModel):
    """Training of a network that takes each gene for an image."""

    epochs: Annotated[
        int,
        Field(ge=1, le=5000, title="Epochs", description="Passes over all genes."),
    ] = 10
    batch: Annotated[
        int,
        Field(ge=1, le=4096, title="Batch", description="Genes of a training step."),
    ] = 128
    learning_rate: Annotated[
        float, Field(gt=0, le=1, title="Learning rate", description="Of Adam.")
    ] = 1e-3
    mask: Annotated[
        bool,
        Field(
            title="Mask",
            description="Tell the network which sites were measured, and hide some in "
            "training. Off: a missing site reads as zero expression, as published.",
        ),
    ] = False
    rare_share: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            title="Rare share",
            description="Genes detected in no larger share of the spots get their "
            "mean; 0 sends every gene through the network.",
        ),
    ] = 0.01


class PublishedConfig(GeneImageConfig):
    """The stEnTrans network; 0 takes the published value for the kind of array.

    Published are batches of 512 genes for 50 epochs (melanoma) or 10 (Visium). By the
    error at held-back spots, a quarter of the batch gets as far in a fifth of them.
    """

    patch: Annotated[
        int,
        Field(
            ge=0,
            le=32,
            title="Patch",
            description="Sites along each side of a token. 0: 8 on hex arrays, else 3.",
        ),
    ] = 0
    heads: Annotated[
        int,
        Field(
            ge=0,
            le=64,
            title="Heads",
            description="Attention heads. 0: 8 on hex arrays, else 4.",
        ),
    ] = 0
    depth: Annotated[
        int, Field(ge=1, le=48, title="Depth", description="Transformer blocks.")
    ] = 12
    residual: Annotated[
        bool,
        Field(
            title="Residual",
            description="Add the input to the output, as the paper says; the released "
            "code drops it.",
        ),
    ] = False


class DistConfig(GeneImageConfig):
    """The convolutional network of DIST."""

    width: Annotated[
        int, Field(ge=1, le=512, title="Width", description="Features of a pixel.")
    ] = 64
    blocks: Annotated[
        int, Field(ge=1, le=16, title="Blocks", description="Residual blocks.")
    ] = 2
    epochs: Annotated[
        int,
        Field(
            ge=1,
            le=5000,
            title="Epochs",
            description="Passes over all genes; the authors run 200.",
        ),
    ] = 5
    batch: Annotated[
        int,
        Field(
            ge=1,
            le=4096,
            title="Batch",
            description="Genes of a training step; the authors run 128 or 512.",
        ),
    ] = 64


class RunConfig(StrictModel):
    """One enhancement, completely described."""

    method: Annotated[
        str, Field(title="Method", description="Which enhancer to use.")
    ] = "stentrans"
    refine: Annotated[
        int,
        Field(
            ge=1,
            le=4,
            title="Refinement",
            description="Positions along each direction for every one measured.",
        ),
    ] = 2
    tissue: Annotated[
        TissueRule,
        Field(
            title="Tissue",
            description="filled: close interior holes; adjacent: only between spots.",
        ),
    ] = TissueRule.FILLED
    device: Annotated[
        DeviceChoice,
        Field(title="Device", description="auto takes a GPU where there is one."),
    ] = "auto"
    seed: Annotated[
        int,
        Field(
            ge=0,
            le=2**32 - 1,
            title="Seed",
            description="The same seed, the same result.",
        ),
    ] = 0
    model: Annotated[
        str,
        BeforeValidator(lambda given: "" if given is None else str(given)),
        Field(
            title="Model",
            description="File of a fit to another section of the same tissue, whose "
            "gene programmes and network to use.",
        ),
    ] = ""
    kriging: KrigingConfig = KrigingConfig()
    transformer: TransformerConfig = TransformerConfig()
    published: PublishedConfig = PublishedConfig()
    dist: DistConfig = DistConfig()


PRESETS: dict[str, dict[str, Any]] = {
    "instant": {"method": "kriging"},
    "standard": {"method": "stentrans"},
    "best": {"method": "stentrans", "transformer": {"episodes": 40, "steps": 300}},
}
"""Named sets of choices, from a quick look to the most that can be done."""

RUN_OPTIONS = ("method", "refine", "tissue", "device", "seed", "model")
"""Fields that the command line has options for; run files may have any."""
_ASKED_FOR = ("refine", "tissue", "device", "seed", "model")
"""Fields that say what is wanted and where it is computed; the others say how."""


def with_preset(config: RunConfig, name: str) -> RunConfig:
    """Compute as a preset does what a configuration asks for.

    All other settings are replaced: what comes out is that preset and nothing else.
    """
    kept = config.model_dump(include=set(_ASKED_FOR))
    chosen = RunConfig.model_validate(kept | PRESETS[name])
    if chosen.method != "stentrans":  # no other method can use a model file
        return chosen.model_copy(update={"model": ""})
    return chosen


def preset_of(config: RunConfig) -> str | None:
    """Name of the preset by which this is computed; None for settings of one's own."""
    for name in PRESETS:
        if with_preset(config, name) == config:
            return name
    return None
