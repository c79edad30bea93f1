"""The collector rests while libraries are imported; in processes of their own, since
the tests' own process has frozen what it holds."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SETTLED = """
import gc
from napari_stentrans.imports import importing
with importing():
    assert not gc.isenabled()
    import decimal, xml.dom.minidom
    held = [[] for _ in range(100_000)]
assert gc.isenabled() and not gc.get_freeze_count()
old = {id(each) for each in gc.get_objects(generation=2)}
assert all(id(each) in old for each in held)
"""
_FAILING = """
import gc
from napari_stentrans.imports import importing
try:
    with importing():
        import no_such_module
except ImportError:
    assert gc.isenabled()
else:
    raise AssertionError
"""
_OFF = """
import gc
from napari_stentrans.imports import importing
gc.disable()
with importing():
    pass
assert not gc.isenabled()
"""
_FROZEN = """
import gc
from napari_stentrans.imports import importing
gc.freeze()
with importing():
    assert gc.isenabled()
assert gc.get_freeze_count()
"""


@pytest.mark.parametrize("script", [_SETTLED, _FAILING, _OFF, _FROZEN])
def test_the_collector_is_left_as_it_was(script: str) -> None:
    subprocess.run([sys.executable, "-c", script], check=True)
