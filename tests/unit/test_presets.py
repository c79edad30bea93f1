from __future__ import annotations

import pytest

from napari_stentrans.config import (
    PRESETS,
    RunConfig,
    TransformerConfig,
    preset_of,
    with_preset,
)
from napari_stentrans.settings import resolve_config


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_known_again(name):
    asked = RunConfig(refine=3, seed=4, device="cpu", tissue="adjacent")

    chosen = with_preset(asked, name)

    assert preset_of(chosen) == name
    assert (chosen.refine, chosen.seed, chosen.device) == (3, 4, "cpu")
    assert chosen.tissue == "adjacent"


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("before", PRESETS)
def test_nothing_is_left_of_the_preset_before(before, name):
    first = with_preset(RunConfig(transformer=TransformerConfig(steps=7)), before)
    assert with_preset(first, name) == resolve_config(None, preset=name)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("before", PRESETS)
def test_a_preset_replaces_a_configuration_and_keeps_what_is_asked_for(before, name):
    base = resolve_config(RunConfig(refine=3, seed=4), preset=before)

    found = resolve_config(base, preset=name)

    assert found == with_preset(base, name)
    assert (found.refine, found.seed) == (3, 4)


def test_settings_of_ones_own_are_no_preset():
    own = RunConfig(transformer=TransformerConfig(steps=7))
    assert preset_of(own) is None
    assert preset_of(RunConfig(method="linear")) is None


def test_the_default_is_standard():
    assert preset_of(RunConfig()) == "standard"


def test_a_model_stays_with_the_method_that_can_use_it():
    with_model = RunConfig(model="tissue.npz")
    assert with_preset(with_model, "best").model == "tissue.npz"
    assert with_preset(with_model, "instant").model == ""
