"""A method that does nothing quickly or slowly, jobs driven by hand, small sections."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import GEN_CREATED, getgeneratorstate
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from napari_stentrans.config import RunConfig
from napari_stentrans.datasets import simulated_section
from napari_stentrans.gui.jobs.desk import JobListener
from napari_stentrans.methods import base
from napari_stentrans.methods.base import Enhancer, ExpressionField, Fitted, Prediction
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.section import Section


@dataclass(frozen=True, eq=False)
class LevelField(ExpressionField):
    """The same level of every gene everywhere."""

    n: int
    level: float

    @property
    def n_positions(self) -> int:
        return self.n

    def read(self, genes: Any) -> Prediction:
        mean = np.full((self.n, len(genes)), self.level, dtype=np.float32)
        return Prediction(mean, np.ones_like(mean))


@dataclass(frozen=True, eq=False)
class LevelFitted(Fitted):
    section: Section
    level: float

    def field_steps(self, array_rc: Any) -> Steps[ExpressionField]:
        yield Progress("Predicting", 1, 1)
        return LevelField(len(array_rc), self.level)

    def spot_field_steps(self) -> Steps[ExpressionField]:
        yield Progress("Predicting", 1, 1)
        return LevelField(self.section.n_spots, self.level)


class FakeEnhancer(Enhancer):
    """Previews level 0.5, then counts up to level 50; stopped early it returns less."""

    name = "fake"
    summary = "counts to fifty"
    n_steps = 50
    delay = 0.0
    error: Exception | None = None
    seen: list[Section] = []  # noqa: RUF012 - reset by the fixture

    def learn_steps(self, section: Section, config: RunConfig) -> Steps[Fitted]:
        self.seen.append(section)
        yield Progress("Preview", 1, 1, partial=LevelFitted(section, 0.5))
        for step in range(1, self.n_steps + 1):
            time.sleep(self.delay)
            if self.error is not None and step == 3:
                raise self.error
            if (yield Progress("Counting", step, self.n_steps)):
                return LevelFitted(section, float(step))
        return LevelFitted(section, float(self.n_steps))


@pytest.fixture
def fake_method(monkeypatch: pytest.MonkeyPatch) -> type[FakeEnhancer]:
    """One more method, "fake"; set ``delay``, ``error`` on the class it returns."""

    class Fresh(FakeEnhancer):
        seen: list[Section] = []  # noqa: RUF012

    module = ModuleType("stentrans_fake_method")
    module.Fake = Fresh  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(base._REGISTRY, "fake", f"{module.__name__}:Fake")
    return Fresh


@dataclass(eq=False)
class HandJob:
    """A job that goes on when it is told to, in the thread of the test."""

    steps: Steps[Any]
    listener: JobListener
    answer: bool | None = None
    discarded: bool = False
    kept: bool = False
    ended: bool = False

    def stop(self) -> None:
        self.answer = True

    def discard(self) -> None:
        self.discarded = True

    def keep(self) -> None:
        self.kept = True

    def advance(self, n: int = 1) -> None:
        """Do ``n`` steps; reports go out even after a discard, as late ones would."""
        for _ in range(n):
            if self.ended:
                return
            answer = (
                None if getgeneratorstate(self.steps) == GEN_CREATED else self.answer
            )
            try:
                progress = self.steps.send(answer)
            except StopIteration as end:
                self.ended = True
                self.listener.returned(end.value)
            except Exception as error:  # noqa: BLE001 - a worker passes on everything
                self.ended = True
                self.listener.failed(error)
            else:
                self.listener.progressed(progress)

    def finish(self) -> None:
        while not self.ended:
            self.advance()


@dataclass(eq=False)
class HandJobs:
    """A `StartJob` that keeps the jobs for the test to drive."""

    started: list[HandJob] = field(default_factory=list)

    def __call__(
        self, steps: Callable[[], Steps[Any]], listener: JobListener
    ) -> HandJob:
        self.started.append(HandJob(steps(), listener))
        return self.started[-1]

    @property
    def last(self) -> HandJob:
        return self.started[-1]


@pytest.fixture
def jobs() -> HandJobs:
    return HandJobs()


@pytest.fixture(params=["square", "hex", "quincunx", "irregular"])
def any_section(request: pytest.FixtureRequest) -> Section:
    return _section(request.param)


@pytest.fixture
def make_section() -> Callable[..., Section]:
    return _section


def _section(kind: str = "hex", **choices: Any) -> Section:
    options = {"n_rows": 9, "n_cols": 8, "n_genes": 30, "seed": 3, "image": True}
    return simulated_section(lattice=kind, **(options | choices)).section


@pytest.fixture
def section() -> Section:
    return _section()


@pytest.fixture
def other_section() -> Section:
    return _section("square", image=False)


@pytest.fixture(autouse=True)
def no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is read from, or written to, what the user's launches remember."""
    from napari_stentrans.gui.control import memory

    monkeypatch.setattr(memory, "settings_file", lambda: tmp_path / "settings.json")
    monkeypatch.setattr(memory, "data_folder", lambda: tmp_path / "data")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Texts of the error notifications that the user gets."""
    from napari_stentrans.gui.jobs import background

    texts: list[str] = []

    def notify(text: str, _error: Exception | None = None) -> None:
        texts.append(text)

    monkeypatch.setattr(background, "notify", notify)
    return texts


@pytest.fixture
def informed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Texts of the notifications that are no errors."""
    from napari_stentrans.gui.control import runs

    texts: list[str] = []
    monkeypatch.setattr(runs, "inform", texts.append)
    return texts
