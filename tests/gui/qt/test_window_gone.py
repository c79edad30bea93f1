"""The end of a program that did not close its viewer: Qt deletes before we let go."""

from __future__ import annotations

import pytest
from psygnal import EmitLoopError

from napari_stentrans.gui.widgets.main_widget import _end


class _Failing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def silence(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        raise self.error


@pytest.mark.parametrize("is_wrapped", [True, False])
def test_only_what_qt_has_deleted_may_fail(is_wrapped):
    def failing(text: str) -> _Failing:
        error = RuntimeError(text)
        return _Failing(EmitLoopError(error) if is_wrapped else error)

    deleted = failing("wrapped C/C++ object of type Canvas has been deleted")
    if is_wrapped:
        deleted.error.__cause__ = RuntimeError("Internal C++ object already deleted.")
    _end(deleted, deleted)
    other = failing("another fault")
    with pytest.raises(type(other.error)):
        _end(other, other)
