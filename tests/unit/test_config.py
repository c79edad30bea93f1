from __future__ import annotations

import json

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from napari_stentrans.config import RunConfig, StrictModel
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.tissue import TissueRule
from napari_stentrans.settings import resolve_config


def models(model: type[BaseModel] = RunConfig) -> list[type[BaseModel]]:
    """A model and every model inside it."""
    inside = [
        field.annotation
        for field in model.model_fields.values()
        if isinstance(field.annotation, type)
        and issubclass(field.annotation, BaseModel)
    ]
    return [model, *(deeper for found in inside for deeper in models(found))]


def test_a_configuration_survives_json():
    config = RunConfig(refine=3, tissue="adjacent", seed=7, method="kriging")
    text = json.dumps(config.model_dump(mode="json"))
    assert RunConfig.model_validate_json(text) == config
    assert config.tissue is TissueRule.ADJACENT


def test_defaults_are_what_the_documentation_says():
    config = RunConfig()
    assert config.method == "stentrans"
    assert config.refine == 2
    assert config.tissue is TissueRule.FILLED
    assert config.device == "auto"
    assert config.seed == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"refine": 0},
        {"refine": 5},
        {"refine": 1.5},
        {"seed": -1},
        {"seed": 2**32},
        {"device": "gpu"},
        {"tissue": "everything"},
        {"kriging": {"n_programmes": 0}},
        {"transformer": {"learning_rate": 0}},
        {"transformer": {"steps": -1}},
        {"transformer": {"episodes": -1}},
        {"transformer": {"width": 64}},
        {"refine": True},
        {"seed": False},
        {"seed": np.bool_(True)},
        {"transformer": {"steps": True}},
        {"dist": {"learning_rate": True}},
    ],
    ids=str,
)
def test_values_out_of_their_limits_are_refused(wrong):
    with pytest.raises(ValidationError):
        RunConfig.model_validate(wrong)


def test_truth_is_no_number_but_truth():
    told = "^refine: input should be a whole number, not True$"
    with pytest.raises(InvalidRequestError, match=told):
        resolve_config(None, refine=True)
    told = "^dist.learning_rate: input should be a number, not True$"
    with pytest.raises(InvalidRequestError, match=told):
        resolve_config({"dist": {"learning_rate": True}})
    assert not resolve_config(None, kriging={"residuals": False}).kriging.residuals


def test_no_model_is_no_file():
    assert RunConfig(model=None).model == RunConfig().model == ""


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_choice_is_frozen_strict_and_explained(model):
    assert issubclass(model, StrictModel)
    with pytest.raises(ValidationError, match="Extra inputs"):
        model.model_validate({"no_such_choice": 1})
    config = model()
    for name, field in model.model_fields.items():
        with pytest.raises(ValidationError, match="frozen"):
            setattr(config, name, getattr(config, name))
        if not issubclass(type(getattr(config, name)), BaseModel):
            assert field.title, f"{name} has no title"
            assert field.description, f"{name} has no help text"
