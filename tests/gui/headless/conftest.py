"""The controller on napari's viewer model: no window, no Qt, jobs driven by hand."""

from __future__ import annotations

import pytest
from napari.components import ViewerModel

from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def controller(viewer, jobs, fake_method, told):
    """A controller whose runs count to fifty."""
    made = Controller(viewer, EnhanceSession(), start=jobs)
    made.runs.configure(method="fake")
    return made


@pytest.fixture
def opened(controller, section):
    controller.stage.open(section)
    return controller


@pytest.fixture
def run(jobs):
    """Set up a run of a controller and see it to its end."""

    def to_end(controller, **choices):
        controller.runs.configure(**choices)
        controller.runs.enhance()
        jobs.last.finish()

    return to_end


@pytest.fixture
def with_result(viewer, section, jobs, run):
    """A controller with a section, two genes and a result that knows depth."""
    controller = Controller(viewer, EnhanceSession(), jobs)
    controller.stage.open(section)
    controller.genes.add(section.genes[:2])
    run(controller, method="kriging")
    return controller


@pytest.fixture
def enhance(opened, jobs):
    """Set up a run, and see it and what it sets going to their end."""

    def run(**choices):
        opened.runs.configure(**choices)
        opened.runs.enhance()
        jobs.last.finish()
        for job in jobs.started:  # what the result set going
            job.finish()

    return run


@pytest.fixture
def finish(jobs):
    """Let what runs beside come to its end."""

    def run():
        for job in jobs.started:  # grows by what these set going
            if not job.discarded:
                job.finish()

    return run
