"""The bar of a running job: what it says, and how seldom it is drawn."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QEvent, QObject

from napari_stentrans.gui.widgets.activity_bar import ActivityBar
from napari_stentrans.progress import Progress

SOON = 3000


class Paints(QObject):
    """Counts how often a widget is drawn."""

    def __init__(self, of) -> None:
        super().__init__()
        self.n = 0
        of.installEventFilter(self)

    def eventFilter(self, _watched, event) -> bool:
        self.n += event.type() == QEvent.Type.Paint
        return False


@pytest.fixture
def bar(qtbot):
    made = ActivityBar()
    qtbot.addWidget(made)
    made.resize(320, 20)
    made.show()
    qtbot.waitExposed(made)
    return made


def share(bar):
    return bar.value() / bar.maximum()


def test_the_last_sign_of_life_is_shown(bar, qtbot):
    bar.take(Progress("Kriging", 1, 4))
    bar.take(Progress("Training", 3, 4))

    qtbot.waitUntil(lambda: bar.text() == "Training 3/4", timeout=SOON)
    assert share(bar) == pytest.approx(0.75)


def test_a_hundred_signs_of_life_are_drawn_a_few_times(bar, qtbot):
    qtbot.wait(50)
    paints = Paints(bar)

    for step in range(100):
        bar.take(Progress("Training", step, 100))
        qtbot.wait(5)
    qtbot.waitUntil(lambda: bar.text().startswith("Training 99/100"), timeout=SOON)

    assert 1 <= paints.n <= 12  # once in a quarter of a second


def test_a_job_of_one_step_fills_the_bar_and_empties_it(bar, qtbot):
    bar.take(Progress("Reading", 0, 1))
    seen = set()

    def has_filled_and_emptied():
        seen.add((bar.value(), bar._empties))
        values = {value for value, empties in seen if empties}
        return {0, bar.maximum()} <= values and bar.text() == "Reading"

    qtbot.waitUntil(has_filled_and_emptied, timeout=10_000)


def test_a_job_that_can_say_how_far_it_is_fills_from_the_left(bar, qtbot):
    bar.take(Progress("Reading", 0, 1))
    qtbot.waitUntil(lambda: bar._empties, timeout=SOON)

    bar.take(Progress("Training", 1, 2))

    qtbot.waitUntil(lambda: share(bar) == 0.5, timeout=SOON)
    assert not bar._empties


def test_a_long_text_is_cut_and_told_whole(bar, qtbot):
    phase = "Looking very closely at each and every one of the spots " * 3
    bar.take(Progress(phase, 1, 4))

    qtbot.waitUntil(lambda: bar.text().endswith("…"), timeout=SOON)
    assert bar.toolTip() == f"{phase} 1/4"


def test_the_next_job_begins_anew(bar, qtbot):
    bar.take(Progress("Training", 3, 4))
    qtbot.waitUntil(lambda: bar.value() > 0, timeout=SOON)

    bar.restart()

    assert (bar.text(), bar.value()) == ("", 0)


def test_a_bar_that_is_not_seen_rests(bar, qtbot):
    bar.take(Progress("Reading", 0, 1))
    qtbot.waitUntil(lambda: bar.value() > 0, timeout=SOON)
    bar.hide()
    value = bar.value()

    qtbot.wait(600)

    assert bar.value() == value
    bar.show()
    qtbot.waitUntil(lambda: bar.value() != value, timeout=SOON)
