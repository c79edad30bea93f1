"""The session's one job: its status and messages, and failures told in plain words."""

from __future__ import annotations

import logging
from collections.abc import Callable
from traceback import format_exception
from typing import Any

from napari_stentrans.errors import StEnTransError
from napari_stentrans.gui.jobs.desk import JobDesk, JobListener, StartJob
from napari_stentrans.gui.state.session import EnhanceSession, JobStatus, Message
from napari_stentrans.progress import Progress, Steps

logger = logging.getLogger(__name__)


def notify(text: str, error: Exception | None = None) -> None:
    """Show a failure as napari shows its own; with an error, its details on request."""
    from napari.utils.notifications import (
        ErrorNotification,
        notification_manager,
        show_error,
    )

    if error is None:
        show_error(text)
    else:
        notification_manager.dispatch(ErrorNotification(error))


def inform(text: str) -> None:
    """Tell what is no failure where there is no panel to tell it on."""
    from napari.utils.notifications import show_info

    show_info(text)


def tell_failure(error: Exception) -> None:
    """Tell a failure of a job where there is no panel to tell it on."""
    told = _as_ours(error)
    notify(str(told), told)


def _as_ours(error: Exception) -> Exception:
    """Return a failure as it is told: ours as they are, others as what they are."""
    if isinstance(error, StEnTransError | OSError):
        return error
    logger.error("a job failed unexpectedly", exc_info=error)
    told = StEnTransError(
        f"something unexpected went wrong ({type(error).__name__}: {error}). "
        "Please report the details."
    )
    return told.with_traceback(error.__traceback__)


class Background:
    """Runs one job at a time, and keeps the status and message of the session true."""

    def __init__(self, session: EnhanceSession, start: StartJob) -> None:
        self._session = session
        self._desk = JobDesk(start)

    def run(
        self,
        status: JobStatus,
        steps: Callable[[], Steps[Any]],
        returned: Callable[[Any], None],
        failed: Callable[[Exception], None] | None = None,
        progressed: Callable[[Progress], None] | None = None,
    ) -> None:
        """Start a job; it is over before ``returned`` or ``failed`` is called.

        What is saved is written to its end even if the program is left meanwhile.
        """

        def ended(act: Callable[[Any], None]) -> Callable[[Any], None]:
            def report(value: Any) -> None:
                self._session.status = JobStatus.IDLE
                act(value)

            return report

        self._session.status = status
        self._desk.run(
            steps,
            JobListener(
                progressed=progressed or self._session.progressed.emit,
                returned=ended(returned),
                failed=ended(failed or self.failed),
            ),
        )
        if status is JobStatus.SAVING:
            self._desk.keep()

    def stop(self) -> None:
        """Ask the job to return what it has."""
        self._desk.stop()
        self._session.status = JobStatus.STOPPING

    def discard(self) -> None:
        """End the job and forget it."""
        self._desk.discard()
        self._session.status = JobStatus.IDLE

    def close(self) -> None:
        """End the job and leave the session, whose widgets are gone, alone.

        What is being saved is wanted all the same, and is written to its end.
        """
        if self._session.status is JobStatus.SAVING:
            self._desk.leave(JobListener(failed=tell_failure))
        else:
            self._desk.discard()

    def leave(self, returned: Callable[[Any], None]) -> None:
        """Ask the job for what it has, which ``returned`` gets: the panel goes."""
        self._desk.stop()
        self._desk.leave(JobListener(returned=returned, failed=tell_failure))

    def say(self, text: str, about: str = "") -> None:
        """Tell what goes on."""
        self._session.message = Message(text, about=about)

    def complain(self, what: object, about: str = "") -> None:
        """Tell what cannot be, where all else goes on: below, and as a notification."""
        self._session.message = Message(str(what), is_error=True, about=about)
        notify(str(what))

    def take_back(self, about: str) -> None:
        """Say no more of something that was amiss; other messages stay."""
        if self._session.message.about == about:
            self.say("")

    def failed(self, error: Exception) -> None:
        """Tell a failure of a job, with its details."""
        details = "".join(format_exception(error))
        told = _as_ours(error)
        self._session.message = Message(str(told), is_error=True, details=details)
        notify(str(told), told)
