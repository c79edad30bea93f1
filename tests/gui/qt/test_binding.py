"""The window runs under the Qt that was asked for, and under that one alone."""

from __future__ import annotations

import os
import sys

import qtpy

BINDINGS = {"PyQt5", "PyQt6", "PySide2", "PySide6"}


def test_one_qt_is_loaded_and_it_is_the_one_that_was_asked_for(qapp):
    asked = os.environ.get("QT_API", qtpy.API_NAME)

    assert qtpy.API_NAME.lower() == asked.lower()
    assert BINDINGS & sys.modules.keys() == {qtpy.API_NAME}
    assert type(qapp).__module__.startswith(qtpy.API_NAME)
