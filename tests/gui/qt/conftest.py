"""Everything here needs Qt and a display; no thread and no widget outlives a test."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QCoreApplication, QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent

from napari_stentrans.config import RunConfig
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.gui)


@pytest.fixture
def collecting_as_usual() -> None:
    """Look through everything from now on, as napari does where nothing is frozen.

    Until the next module: what is frozen before its window is gone would stay.
    """
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_leaks(qapp) -> Iterator[None]:
    """Fail if a worker still runs, or a widget of ours is still there."""
    from qtpy.QtCore import QThreadPool
    from superqt.utils._qthreading import WorkerBase

    from napari_stentrans.gui.widgets.main_widget import StEnTransWidget

    yield
    assert QThreadPool.globalInstance().waitForDone(20_000), "a thread still runs"
    for _ in range(3):
        qapp.sendPostedEvents(None, 52)  # deferred deletes
        qapp.processEvents()
        gc.collect()
    assert not WorkerBase._worker_set, "a worker was never finished"
    left = [w for w in qapp.allWidgets() if isinstance(w, StEnTransWidget)]
    assert not left, f"{len(left)} widgets are left"


@pytest.fixture
def session():
    return EnhanceSession()


@pytest.fixture
def controller(session):
    """A controller that notes what is asked of it, and sets up runs."""
    parts = vars(Controller(ViewerModel(), EnhanceSession(), start=Mock()))
    fake = Mock(**{name: Mock(spec=type(part)) for name, part in parts.items()})
    fake.runs.configure.side_effect = lambda **choices: setattr(
        session.run,
        "config",
        RunConfig.model_validate(session.run.config.model_dump() | choices),
    )
    return fake


@pytest.fixture
def shown(qtbot, session, controller):
    """Show a panel, given its class."""

    def make(panel):
        made = panel(session, controller)
        qtbot.addWidget(made)
        made.show()
        return made

    return make


@pytest.fixture
def click(qtbot):
    """Click on a button, once it has its place: what was just unfolded has none yet."""

    def press(button):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
        assert not button.rect().isEmpty(), "the button has no place"
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    return press


@pytest.fixture
def double_click():
    """Click twice in quick succession: what Qt tells of a real mouse."""

    def press(button):
        middle, left = button.rect().center(), Qt.MouseButton.LeftButton
        places = (QPointF(middle), QPointF(button.mapToGlobal(middle)))
        kinds = QEvent.Type
        for kind, down in (
            (kinds.MouseButtonPress, left),
            (kinds.MouseButtonRelease, Qt.MouseButton.NoButton),
            (kinds.MouseButtonDblClick, left),
            (kinds.MouseButtonRelease, Qt.MouseButton.NoButton),
        ):
            none = Qt.KeyboardModifier.NoModifier
            event = QMouseEvent(kind, *places, left, down, none)
            QCoreApplication.sendEvent(button, event)

    return press
