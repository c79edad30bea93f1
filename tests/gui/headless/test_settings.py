"""What is remembered between launches."""

from __future__ import annotations

import json

import pytest

from napari_stentrans.config import KrigingConfig, RunConfig
from napari_stentrans.gui.control.memory import Memory
from napari_stentrans.gui.state.settings import (
    Settings,
    read_settings,
    write_settings,
)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "of" / "a user" / "settings.json"


def test_what_is_written_is_read_again(file):
    config = RunConfig(refine=3, method="kriging", kriging=KrigingConfig(window=99))
    settings = Settings(config, {"kriging cpu": 1.5}, ("A", "B"), "/sets/go.gmt")

    write_settings(file, settings)

    assert read_settings(file) == settings
    assert [path.name for path in file.parent.iterdir()] == ["settings.json"]


def test_without_a_file_everything_has_its_default(file):
    assert read_settings(file) == Settings()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1, 2]", "null", '"text"', '{"config": 5}', '{"config": [1]}', "\x00"],
)
def test_nonsense_does_no_harm(file, text):
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert read_settings(file) == Settings()


def test_a_file_of_another_encoding_does_no_harm(file):
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\xff\xfe\x00\xd8")
    assert read_settings(file) == Settings()


def remembered(file, **config):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"config": config}))
    return read_settings(file).config


def test_each_setting_is_judged_alone(file):
    found = remembered(
        file,
        refine=3,
        seed=-5,
        colour="red",
        device="abacus",
        kriging={"window": 99, "n_programmes": 100_000, "windows": 1},
    )
    assert found == RunConfig(refine=3, kriging=KrigingConfig(window=99))


def test_a_method_that_is_gone_is_not_used(file):
    assert remembered(file, method="magic", refine=3) == RunConfig(refine=3)


def test_a_model_that_is_gone_is_not_used(file, tmp_path):
    model = tmp_path / "tissue.npz"
    assert remembered(file, model=str(model)) == RunConfig()
    model.touch()
    assert remembered(file, model=str(model)).model == str(model)


@pytest.mark.parametrize("name", ["x" * 300, "no\0name"])
def test_a_model_that_nothing_can_be_called_is_not_used(file, name):
    assert remembered(file, model=name) == RunConfig()


@pytest.mark.parametrize(
    "factor", [0, -1, "fast", None, float("inf"), float("nan"), int("9" * 400)]
)
def test_only_factors_are_factors(file, factor):
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"slowness": {"a": factor, "b": 2.5}}))
    assert read_settings(file).slowness == {"b": 2.5}


def test_a_folder_that_cannot_be_written_is_logged(file, caplog):
    file.parent.parent.mkdir(parents=True)
    file.parent.touch()  # a file where the folder should be
    write_settings(file, Settings())
    assert "cannot be kept" in caplog.text


def test_each_change_is_kept_at_once(file):
    memory = Memory(file)
    memory.keep_config(RunConfig(refine=4))
    memory.keep_slowness({"kriging cpu": 2.0})

    again = Memory(file)

    assert again.config == RunConfig(refine=4)
    assert again.slowness == {"kriging cpu": 2.0}


def test_two_windows_do_not_overwrite_what_the_other_keeps(file):
    one, other = Memory(file), Memory(file)
    one.keep_genes(("CD3E", "CD8A"))
    other.keep_config(RunConfig(seed=7))
    one.keep_slowness({"kriging cpu": 2.0})

    again = Memory(file)
    assert again.genes == ("CD3E", "CD8A")
    assert again.config == RunConfig(seed=7)
    assert again.slowness == {"kriging cpu": 2.0}
    assert one.config == RunConfig(), "a window goes on with its own settings"


def test_two_windows_add_to_one_list_and_take_off_it(file):
    Memory(file).keep_genes(("CD3E", "CD8A"))
    one, other = Memory(file), Memory(file)

    one.keep_genes(("CD3E", "CD8A", "MS4A1"))
    other.keep_genes(("CD8A", "EPCAM"))

    assert Memory(file).genes == ("CD8A", "MS4A1", "EPCAM")
    assert other.genes == ("CD8A", "EPCAM"), "a window goes on with its own list"


def test_two_windows_learn_how_slow_different_runs_are(file):
    one, other = Memory(file), Memory(file)

    one.keep_slowness({"kriging cpu": 2.0})
    other.keep_slowness({"stentrans cpu": 3.0})
    one.keep_slowness({"kriging cpu": 2.5})

    assert Memory(file).slowness == {"kriging cpu": 2.5, "stentrans cpu": 3.0}


def test_nothing_is_written_without_a_change(file):
    Memory(file).keep_config(RunConfig())
    assert not file.exists()


def test_without_a_file_it_is_remembered_while_the_program_runs():
    memory = Memory()
    memory.keep_config(RunConfig(refine=4))
    assert memory.config.refine == 4
    assert Memory().config == RunConfig()
