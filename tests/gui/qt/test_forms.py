from __future__ import annotations

from unittest.mock import Mock

import pytest

from napari_stentrans.config import RunConfig, TransformerConfig
from napari_stentrans.gui.widgets.forms import form_for, show_in_form


def test_a_form_has_the_titles_values_and_help_of_the_model(qtbot):
    config = RunConfig(seed=7, device="cpu")

    form = form_for(config, ("refine", "device", "seed"))

    assert [row.label for row in form] == ["Refinement", "Device", "Seed"]
    assert [row.value for row in form] == [2, "cpu", 7]
    assert form.device.choices == ("auto", "cpu", "cuda", "mps")
    assert form.seed.tooltip == RunConfig.model_fields["seed"].description


def test_limits_are_those_of_the_model(qtbot):
    form = form_for(TransformerConfig(), ("episodes", "learning_rate"))

    assert (form["episodes"].min, form["episodes"].max) == (0, 1000)
    with pytest.raises(ValueError, match="range"):
        form["episodes"].value = 1001


@pytest.mark.parametrize("rate", [0.00025, 2e-5, 1e-12, 1 / 3, 0.5])
def test_a_number_is_shown_in_full_whether_at_first_or_later(qtbot, rate):
    fine = TransformerConfig(learning_rate=rate)
    later = form_for(TransformerConfig(), ("learning_rate",))
    show_in_form(later, fine)

    for form in (form_for(fine, ("learning_rate",)), later):
        row = form.learning_rate
        assert row.value == rate
        assert float(row.native.text()) == rate
        assert 0 < row.min <= rate <= row.max == 1
        assert row.step <= 1e-4


def test_a_number_can_be_typed_as_finely_as_it_was_shown(qtbot):
    form = form_for(TransformerConfig(learning_rate=0.00025), ("learning_rate",))
    show_in_form(form, TransformerConfig(learning_rate=0.0002))  # its last digit gone
    form.learning_rate.value = 0.00027
    assert form.learning_rate.value == 0.00027


def test_offered_choices_show_text_and_give_values(qtbot):
    form = form_for(RunConfig(), ("refine",), {"refine": [("fine", 2), ("finer", 4)]})

    form.refine.value = 4

    assert form.refine.get_choice("finer") == 4


def test_showing_a_model_tells_nobody(qtbot):
    form, heard = form_for(RunConfig(), ("refine", "seed")), Mock()
    form.changed.connect(heard)

    show_in_form(form, RunConfig(refine=3, seed=5))

    assert [row.value for row in form] == [3, 5]
    heard.assert_not_called()
    form.seed.value = 6
    assert heard.call_count == 1
