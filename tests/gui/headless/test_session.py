from __future__ import annotations

from dataclasses import replace
from unittest.mock import Mock

import numpy as np

from napari_stentrans.gui.state.regions import Painted
from napari_stentrans.gui.state.sections import told_apart
from napari_stentrans.gui.state.session import EnhanceSession, JobStatus
from napari_stentrans.progress import Progress
from napari_stentrans.section.missing import MissingRegions


def test_a_change_is_told_once_and_an_equal_value_not_at_all():
    session, heard = EnhanceSession(), Mock()
    session.genes.events.shown.connect(heard)

    session.genes.shown = ("A",)
    session.genes.shown = ("A",)

    assert heard.call_count == 1


def test_equal_signs_of_life_are_all_told():
    session, heard = EnhanceSession(), Mock()
    session.progressed.connect(heard)
    same = Progress("Training", 1, 10)

    session.progressed.emit(same)
    session.progressed.emit(same)

    assert heard.call_count == 2


def test_sections_are_compared_by_identity(section, make_section):
    session, heard = EnhanceSession(), Mock()
    session.section = section
    session.events.section.connect(heard)

    session.section = section
    session.section = make_section()

    assert heard.call_count == 1


def test_sections_are_told_apart_whatever_they_are_called(section):
    names = ["B4", "B4", "B4 (2)", "C1", "B4"]
    told = told_apart([replace(section, name=name) for name in names])

    assert len(set(told)) == len(names)
    assert told[:2] == ["B4", "B4 (2)"]
    assert told[3] == "C1"


def test_two_sessions_share_nothing():
    one, two = EnhanceSession(), EnhanceSession()
    heard = Mock()
    one.progressed.connect(heard)

    two.progressed.emit(Progress("Training", 1, 10))

    heard.assert_not_called()


def test_painted_counts_spots_new_and_outside_positions(section):
    unmeasured = np.zeros(section.n_spots, dtype=bool)
    outside = unmeasured.copy()
    unmeasured[:3], outside[5:7] = True, True
    regions = MissingRegions(unmeasured, outside, np.zeros((4, 2)), np.zeros((1, 2)))

    assert Painted.of(regions) == Painted(n_spots=3, n_new=4, n_outside=3)


def test_only_idle_is_not_busy():
    assert [status for status in JobStatus if not status.is_busy] == [JobStatus.IDLE]
    enhancing = {status for status in JobStatus if status.is_enhancing}
    assert enhancing == {JobStatus.ENHANCING, JobStatus.STOPPING}
