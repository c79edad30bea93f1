"""What would be lost, and whether that was said: such a wish is asked for twice."""

from __future__ import annotations

from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.wording import how_many

_LOSS = "what would be lost"
"""What a message is about that is a question."""


class Losses:
    """Warns before what the current section has is lost.

    The question stands for as long as it can be read: any other message, and whatever
    else a person does meanwhile, takes it back.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._again = ""
        session = bench.session
        for changed in (
            session.events.section,
            session.events.status,
            session.genes.events.current,
            session.genes.events.shown,
            session.regions.events.rows,
            session.regions.events.tool,
            session.run.events.config,
            session.run.events.results,
            session.view.events.mode,
            session.view.events.reference,
        ):
            changed.connect(self._take_back)

    def are_known(self, again: str, *, with_regions: bool = False) -> bool:
        """Whether nothing would be lost that was not warned of; else warns now.

        Parameters
        ----------
        again
            How to ask for the same a second time.
        with_regions
            Whether what is painted would be lost, too.
        """
        session = self._bench.session
        results = session.run.results
        rows = session.regions.rows if with_regions else ()
        is_told = session.message.about == _LOSS and again == self._again
        if is_told or not (results or rows):
            return True
        name = "" if session.section is None else session.name_of(session.section)
        lost = [
            how_many(len(results), "a result", "results"),
            how_many(len(rows), "a region", "regions"),
        ]
        self._again = again
        self._bench.background.say(
            f"{name} has {' and '.join(filter(None, lost))} that would be lost: save "
            f"what you need, or {again}.",
            about=_LOSS,
        )
        return False

    def _take_back(self) -> None:
        self._bench.background.take_back(_LOSS)
