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
    answers, offered, chosen = [], [], [""]

    def dialogue(_parent, _title, start, _filters):
        offered.append(start)
        return answers.pop(0), chosen[0]

    monkeypatch.setattr(QFileDialog, "getSaveFileName", dialogue)
    return answers, offered, chosen


def ask(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    return ask_where_to_save(parent, "Save", "start", "One (*.a *.b);;Other (*.c.gz)")


def test_an_ending_is_added(qtbot, asked, tmp_path):
    asked[0].append(str(tmp_path / "new"))

    assert ask(qtbot) == tmp_path / "new.a"


@pytest.mark.parametrize(
    ("name", "chosen", "written"),
    [
        pytest.param("new", "", "new.a", id="no filter is told"),
        pytest.param("new", "Other (*.c.gz)", "new.c.gz", id="of the filter"),
        pytest.param("slide.1", "One (*.a *.b)", "slide.1.a", id="a dot in the name"),
        pytest.param("new.B", "Other (*.c.gz)", "new.B", id="of another filter"),
    ],
)
def test_which_ending_is_added(qtbot, asked, tmp_path, name, chosen, written):
    asked[0].append(str(tmp_path / name))
    asked[2][0] = chosen

    assert ask(qtbot) == tmp_path / written


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
