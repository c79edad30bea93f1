from __future__ import annotations

from pathlib import Path

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QLineEdit, QWidget

from napari_stentrans.gui.widgets.asking import ask_where_to_save
from napari_stentrans.gui.widgets.fold import Fold


@pytest.fixture
def asked(monkeypatch):
    """Answers of the user, one after the other; and the names that were offered."""
    answers, offered = [], []

    def dialogue(_parent, _title, start, _filters):
        offered.append(start)
        return answers.pop(0), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", dialogue)
    return answers, offered


def ask(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    return ask_where_to_save(
        parent,
        "Save",
        "start",
        "All (*)",
        lambda path, _: path.removesuffix(".a") + ".a",
    )


def test_an_ending_is_added(qtbot, asked, tmp_path):
    asked[0].append(str(tmp_path / "new"))

    assert ask(qtbot) == tmp_path / "new.a"


def test_a_file_is_not_replaced_by_a_name_without_its_ending(qtbot, asked, tmp_path):
    there = tmp_path / "there.a"
    there.touch()
    asked[0].extend([str(tmp_path / "there"), str(there)])

    assert ask(qtbot) == there
    assert asked[1] == ["start", str(there)]


def test_who_does_not_want_it_replaced_is_heard(qtbot, asked, tmp_path):
    (tmp_path / "there.a").touch()
    asked[0].extend([str(tmp_path / "there"), ""])

    assert ask(qtbot) is None
    assert not Path(tmp_path / "there").exists()


def test_folded_controls_are_out_of_sight_and_of_the_tab_key(qtbot):
    line = QLineEdit()
    fold = Fold("More", "Rarely needed", line)
    qtbot.addWidget(fold)
    fold.show()
    fold.heading.setFocus()

    qtbot.keyClick(fold.heading, Qt.Key.Key_Tab)
    assert not line.isVisible()
    assert not line.hasFocus()
    assert fold.heading.arrowType() == Qt.ArrowType.RightArrow
    qtbot.mouseClick(fold.heading, Qt.MouseButton.LeftButton)

    assert line.isVisible()
    assert fold.heading.arrowType() == Qt.ArrowType.DownArrow
