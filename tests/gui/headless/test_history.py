from __future__ import annotations

from napari_stentrans.gui.control.history import History


def test_what_is_put_often_is_one_step_once_kept():
    history = History("blank")
    for value in ("s", "st", "stroke"):
        history.put(value)
    assert history.keep()
    assert not history.keep()

    assert history.undo() == "blank"
    assert not history.can_undo
    assert history.redo() == "stroke"
    assert not history.can_redo


def test_what_is_not_kept_yet_is_undone_too():
    history = History("a")
    history.put("b")
    assert history.can_undo
    assert history.undo() == "a"
    assert history.redo() == "b"


def test_going_on_after_undoing_forgets_what_was_undone():
    history = History("a")
    for value in ("b", "c"):
        history.put(value)
        history.keep()
    history.undo()
    history.put("d")
    history.keep()
    assert not history.can_redo
    assert [history.undo(), history.undo(), history.undo()] == ["b", "a", "a"]


def test_only_so_many_steps_are_kept():
    history = History(-1)
    for value in range(300):
        history.put(value)
        history.keep()
    undone = 0
    while history.can_undo:
        history.undo()
        undone += 1
    assert undone == 99
    assert history.now == 200
