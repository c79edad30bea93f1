"""A GPU with too little memory: the CPU computes instead, and says so."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest
import torch

from napari_stentrans import enhance
from napari_stentrans.config import RunConfig
from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import ComputeError, DeviceMemoryError
from napari_stentrans.methods import base, device
from napari_stentrans.methods.base import Enhancer
from napari_stentrans.methods.device import devices_here, memory_watched
from napari_stentrans.methods.interpolation import Nearest


class Greedy(Enhancer):
    """Fits on the CPU only; remembers the devices that it was asked to use."""

    name = "greedy"
    summary = "For tests."
    asked: list[str]
    fails_on = ("cuda", "auto")

    def learn_steps(self, section, config):
        self.asked.append(config.device)
        with memory_watched(torch.device("cuda"), "less"):
            if config.device in self.fails_on:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried 20 GiB\nmore")
            return (yield from Nearest().fit_steps(section, config))


@pytest.fixture
def greedy(monkeypatch):
    class Fresh(Greedy):
        asked: list[str] = []  # noqa: RUF012

    module = ModuleType("stentrans_greedy_method")
    module.Greedy = Fresh
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(base._REGISTRY, "greedy", f"{module.__name__}:Greedy")
    return Fresh


@pytest.fixture(scope="module")
def section():
    return simulated_section(n_rows=6, n_cols=6, n_genes=8, seed=1).section


@pytest.mark.parametrize("choice", ["auto", "cuda"])
def test_the_cpu_computes_what_the_gpu_cannot_hold(greedy, section, choice):
    seen = []

    result = enhance(
        section, method="greedy", device=choice, on_progress=lambda p: seen.append(p)
    )

    assert greedy.asked == [choice, "cpu"]
    assert any("CPU" in progress.phase for progress in seen)
    expected = enhance(section, method="nearest")
    gene = section.genes[0]
    np.testing.assert_array_equal(result.image(gene), expected.image(gene))


def test_the_result_says_why_it_is_of_the_cpu(greedy, section):
    told = enhance(section, method="greedy").provenance

    assert told["config"]["device"] == "cpu"
    assert len(told["notices"]) == 1
    assert "Tried 20 GiB" in told["notices"][0]
    assert "more" not in told["notices"][0]


def test_what_fits_has_no_notice(section):
    assert enhance(section, method="nearest").provenance["notices"] == []


def test_nothing_is_tried_again_on_the_cpu_itself(greedy, section, monkeypatch):
    monkeypatch.setattr(greedy, "fails_on", ("cuda", "auto", "cpu"))
    with pytest.raises(DeviceMemoryError):
        enhance(section, method="greedy")
    assert greedy.asked == ["auto", "cpu"]


@pytest.mark.parametrize(
    "failure",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublas"),
    ],
    ids=["cuda", "mps", "cublas"],
)
def test_failures_for_lack_of_memory_are_known(failure):
    with (
        pytest.raises(DeviceMemoryError, match="or a smaller batch") as caught,
        memory_watched(torch.device("cuda"), "a smaller batch"),
    ):
        raise failure
    assert caught.value.device == "cuda"
    assert isinstance(caught.value, ComputeError)
    assert caught.value.__cause__ is failure


def test_other_failures_stay_what_they_are():
    with (
        pytest.raises(RuntimeError, match=r"^CUDA error: device-side assert$"),
        memory_watched(torch.device("cuda"), "less"),
    ):
        raise RuntimeError("CUDA error: device-side assert")


def test_a_gpu_is_named_with_its_free_memory(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (3 * 2**30, 8 * 2**30))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Test GPU 8")

    found = devices_here()

    assert (found[0].choice, found[0].name) == ("cuda", "Test GPU 8")
    assert found[0].free == 3 * 2**30
    assert found[-1].choice == "cpu"
    assert device.resolve_device("auto").type == "cuda"


def test_a_gpu_that_cannot_be_asked_is_still_offered(monkeypatch):
    def broken():
        raise RuntimeError("CUDA driver error")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", broken)

    assert [found.choice for found in devices_here()] == ["cuda", "cpu"]


def test_the_device_is_chosen_only_where_it_matters(section):
    """Kriging and interpolation know no device: one that is absent does no harm."""
    config = RunConfig(method="nearest", device="mps")
    assert len(enhance(section, config=config)) > section.n_spots
