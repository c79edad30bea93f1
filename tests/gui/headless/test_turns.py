"""Work in turns: what is done when, given up, or left over; and layers made so."""

from __future__ import annotations

from itertools import count, pairwise

import pytest
from napari.components import ViewerModel

from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.jobs.turns import Turns
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.gui.state.view import ViewMode


class HandTurns(list):
    """Turns that come when the test says so."""

    def __call__(self, act):
        self.append(act)

    def next(self, n=1):
        for _ in range(n):
            self.pop(0)()

    def all(self):
        while self:
            self.next()


@pytest.fixture
def turn():
    return HandTurns()


@pytest.fixture
def turns(turn):
    return Turns(turn, clock=map(float, count()).__next__)  # each piece takes a second


@pytest.fixture
def done():
    return []


@pytest.fixture
def work(done):
    """Work of so many pieces, which notes what is done and whether it was closed."""

    def make(name, n=2):
        try:
            for number in range(n):
                done.append(f"{name}{number}")
                yield
        except GeneratorExit:
            done.append(f"{name} left")
            raise

    return make


# -- turns -------------------------------------------------------------------------


def test_without_a_window_all_is_done_at_once_in_order(work, done):
    turns = Turns()
    turns.take(work("a", 3))
    turns.take(work("b", 1))

    assert done == ["a0", "a1", "a2", "b0"]
    assert turns.are_over


def test_one_piece_a_turn_the_first_at_once(turns, turn, work, done):
    turns.take(work("a"))
    turns.take(work("b"))

    assert done == ["a0"]
    assert len(turn) == 1
    for expected in ("a1", None, "b0", "b1"):
        turn.next()
        if expected:
            assert done[-1] == expected
    turn.all()
    assert done == ["a0", "a1", "b0", "b1"]
    assert turns.are_over


def test_work_can_wait_for_a_turn(turns, turn, work, done):
    turns.take(work("a"), at_once=False)
    assert done == []

    turn.all()
    assert done == ["a0", "a1"]


def test_what_has_time_comes_last_and_delays_nothing(turns, turn, work, done):
    turns.take(work("slow"), at_once=False, has_time=True)
    turns.take(work("a"))
    turns.take(work("b", 1))

    assert done == ["a0"]
    turn.all()
    assert done == ["a0", "a1", "b0", "slow0", "slow1"]


def test_small_pieces_that_have_time_share_a_turn(turn, done):
    def small(name):
        yield from ()
        done.append(name)

    now = iter([0, 0.01, 0.02, 0.04, 1, 1.01])
    turns = Turns(turn, clock=lambda: next(now))
    for name in "abcde":
        turns.take(small(name), at_once=False, has_time=True)

    turn.next()
    assert done == list("abc")  # the next would have begun after 0.04 s
    turn.next()
    assert done == list("abcde")
    assert turns.are_over


def test_what_has_no_time_never_shares_a_turn(turn, done, work):
    turns = Turns(turn, clock=lambda: 0.0)
    turns.take(work("a", n=3), at_once=False)
    turns.take(work("b", n=3), at_once=False)

    turn.next()

    assert done == ["a0"]


def test_work_that_has_time_lets_others_pass_between_its_pieces(
    turns, turn, work, done
):
    turns.take(work("slow", 3), has_time=True)
    turns.take(work("a", 1))
    turn.all()

    assert done == ["slow0", "a0", "slow1", "slow2"]


def test_asked_for_anew_the_old_work_is_given_up(turns, turn, work, done):
    turns.take(work("a", 3), key="same")
    turns.take(work("other", 1))
    turns.take(work("b", 1), key="same")
    turn.all()

    assert done == ["a0", "a left", "other0", "b0"]


def test_given_up_and_dropped_work_is_closed(turns, turn, work, done):
    turns.take(work("a"), key="a")
    turns.take(work("b"))
    turns.give_up("a")
    turns.drop()

    turn.all()
    assert done == ["a0", "a left"]
    assert turns.are_over


def test_what_is_left_can_be_finished_now(turns, turn, work, done):
    turns.take(work("a"))
    turns.take(work("b"))
    turns.finish()

    assert done == ["a0", "a1", "b0", "b1"]
    turn.all()
    assert done == ["a0", "a1", "b0", "b1"]


@pytest.mark.parametrize("act", ["drop", "finish", "give up", "ask anew"])
def test_a_piece_may_touch_the_turns_it_comes_in(turns, turn, work, done, act):
    def meddling():
        if act == "drop":
            turns.drop()
        elif act == "finish":
            turns.finish()
        elif act == "give up":
            turns.give_up("me")
        else:
            turns.take(work("new", 1), key="me")
        yield
        done.append("went on")

    turns.take(meddling(), key="me")
    turn.all()

    expected = {"finish": ["went on"], "ask anew": ["new0"]}
    assert done == expected.get(act, [])
    assert turns.are_over


def test_work_asked_for_by_a_piece_comes_after_what_waits(turns, turn, work, done):
    def asking():
        turns.take(work("c", 1))
        done.append("a")
        yield

    turns.take(asking())
    turns.take(work("b", 1))
    turn.all()
    assert done == ["a", "c0", "b0"]


def test_a_piece_that_fails_ends_its_own_work_alone(turns, turn, work, done):
    def failing():
        yield
        msg = "no"
        raise ValueError(msg)

    turns.take(failing())
    turns.take(work("b", 1))

    with pytest.raises(ValueError, match="no"):
        turn.next()
    turn.all()
    assert done == ["b0"]


# -- layers made in turns ----------------------------------------------------------


@pytest.fixture
def opened(jobs, fake_method, section, turn, told):
    """A controller of a window, with a section and a result."""
    made = Controller(ViewerModel(), EnhanceSession(), start=jobs, later=turn)
    made.stage.open(section)
    made.runs.configure(method="fake")
    made.runs.enhance()
    jobs.last.finish()
    turn.all()
    return made


def roles(opened, gene):
    return {
        role
        for role in (Role.GENE, Role.ENHANCED, Role.SD)
        if opened.stage.find(opened.session.section, role, gene) is not None
    }


def names(opened):
    return [layer.name for layer in opened.stage.viewer.layers]


@pytest.fixture
def genes(section):
    return [str(gene) for gene in section.genes[:4]]


def test_one_layer_a_turn(opened, genes, turn):
    counts = [len(opened.stage.viewer.layers)]
    opened.genes.add(genes[:3])
    while True:
        counts.append(len(opened.stage.viewer.layers))
        if not turn:
            break
        turn.next()

    steps = [after - before for before, after in pairwise(counts)]
    assert max(steps) == 1
    assert sum(steps) == 6
    assert opened.session.genes.current == genes[2]
    assert opened.session.genes.shown == tuple(genes[:3])


def test_the_same_is_made_as_at_once(opened, genes, section, jobs, turn):
    other = Controller(ViewerModel(), EnhanceSession(), start=jobs)
    other.stage.open(section)
    other.runs.configure(method="fake")
    other.runs.enhance()
    jobs.last.finish()
    for each in (opened, other):
        each.genes.show(genes[3])
        turn.all()
        each.genes.add(genes[:2])
        each.view.show_sd(shown=True)
        each.view.set_mode(ViewMode.SWIPE)
        each.view.show_origin(shown=True)
        turn.all()

    def state(controller):
        return [(layer.name, layer.visible) for layer in controller.stage.viewer.layers]

    assert state(opened) == state(other)


def test_a_gene_asked_for_twice_is_made_once(opened, genes, turn):
    opened.genes.add(genes[:1])
    opened.genes.add(genes[:1])
    opened.genes.show(genes[0])
    turn.all()

    assert len(names(opened)) == len(set(names(opened)))
    assert roles(opened, genes[0]) == {Role.GENE, Role.ENHANCED}
    assert opened.session.genes.unpinned is None


def test_a_gene_that_is_looked_at_twice_is_made_whole(opened, genes, turn):
    opened.genes.show(genes[0])
    opened.genes.show(genes[0])
    turn.all()

    assert roles(opened, genes[0]) == {Role.GENE, Role.ENHANCED}


def test_of_genes_flipped_through_the_last_one_stays(opened, genes, turn):
    for gene in genes:
        opened.genes.show(gene)
    turn.all()

    assert opened.session.genes.shown == (genes[3],)
    assert opened.session.genes.current == genes[3]
    assert roles(opened, genes[3]) == {Role.GENE, Role.ENHANCED}


def test_a_gene_removed_before_it_is_made_is_gone(opened, genes, turn):
    before = names(opened)
    opened.genes.add(genes[:2])
    opened.genes.remove(genes[0])
    opened.genes.remove(genes[1])
    turn.all()

    assert names(opened) == before
    assert opened.session.genes.shown == ()


def test_a_layer_deleted_by_hand_meanwhile_is_not_brought_back(opened, genes, turn):
    opened.genes.show(genes[0])
    layers = opened.stage.viewer.layers
    layers.remove(opened.stage.find(opened.session.section, Role.GENE, genes[0]))
    turn.all()

    assert roles(opened, genes[0]) == set()


def test_another_way_of_comparing_meanwhile(opened, genes, turn):
    opened.genes.add(genes[:1])
    opened.view.set_mode(ViewMode.SWIPE)
    turn.next()
    opened.view.set_mode(ViewMode.SIDE_BY_SIDE)
    turn.next()
    opened.view.set_mode(ViewMode.BLINK)
    turn.all()

    tags = [tag.role for _, tag in opened.stage.tagged()]
    assert not {Role.SWIPE_LEFT, Role.SWIPE_RIGHT} & set(tags)
    assert not opened.stage.viewer.canvas.grid.enabled
    shown = [tag.role for layer, tag in opened.stage.tagged() if layer.visible]
    assert [role for role in shown if role is not Role.IMAGE] == [Role.GENE]


def test_a_result_that_arrives_meanwhile_is_the_one_that_is_shown(
    opened, genes, jobs, turn
):
    opened.genes.add(genes[:3])
    opened.runs.enhance()
    run = jobs.last
    run.advance(2)  # a preview: level 0.5
    turn.next()
    run.finish()  # level 50
    turn.all()

    section = opened.session.section
    for gene in genes[:3]:
        layer = opened.stage.find(section, Role.ENHANCED, gene)
        assert layer.data[layer.data > 0].max() == 50


def test_a_run_cancelled_meanwhile_leaves_what_was_before(opened, genes, jobs, turn):
    opened.genes.add(genes[:2])
    turn.all()
    opened.runs.enhance()
    jobs.last.advance(2)
    opened.runs.cancel()
    turn.all()

    layer = opened.stage.find(opened.session.section, Role.ENHANCED, genes[0])
    assert layer.data[layer.data > 0].max() == 50


def test_a_first_run_cancelled_before_all_is_made_leaves_no_preview(
    genes, jobs, fake_method, section, turn
):
    opened = Controller(ViewerModel(), EnhanceSession(), start=jobs, later=turn)
    opened.stage.open(section)
    opened.runs.configure(method="fake")
    opened.runs.enhance()
    opened.genes.add(genes[:3])
    while opened.session.enhanced is None:
        jobs.last.advance()
    opened.runs.cancel()
    turn.all()

    assert {tag.role for _, tag in opened.stage.tagged()}.isdisjoint(
        {Role.ENHANCED, Role.SD}
    )


def test_a_gene_deleted_by_hand_while_a_result_is_shown_stays_away(
    opened, genes, jobs, turn
):
    opened.genes.add(genes[:3])
    turn.all()
    before = opened.session.enhanced
    opened.runs.enhance()
    while opened.session.enhanced is before:
        jobs.last.advance()
    section = opened.session.section
    for role in (Role.GENE, Role.ENHANCED):
        layer = opened.stage.find(section, role, genes[2])
        opened.stage.viewer.layers.remove(layer)
    turn.all()

    assert opened.session.genes.shown == tuple(genes[:2])


def test_a_section_that_is_left_has_its_layers_whole(
    opened, genes, other_section, section, turn
):
    opened.genes.add(genes[:2])
    opened.stage.open(other_section)
    turn.all()

    assert opened.session.section is other_section
    for role in (Role.GENE, Role.ENHANCED):
        assert opened.stage.find(section, role, genes[1]) is not None
    shown = [tag.section for layer, tag in opened.stage.tagged() if layer.visible]
    assert set(shown) == {other_section}


def test_of_a_section_that_is_gone_nothing_is_made(opened, genes, turn):
    opened.genes.add(genes[:3])
    opened.stage.viewer.layers.clear()
    turn.all()

    assert names(opened) == []
    assert opened.turns.are_over


def test_closing_gives_up_what_waits(opened, genes, turn):
    opened.genes.add(genes[:3])
    n_layers = len(names(opened))
    opened.close()
    turn.all()

    assert len(names(opened)) == n_layers


def test_the_brush_is_armed_after_all_that_moves_layers(opened, genes, turn):
    opened.genes.add(genes[:1])
    opened.view.set_mode(ViewMode.SIDE_BY_SIDE)
    opened.regions.paint()
    turn.all()

    canvas = opened.stage.canvas(opened.session.section)
    assert canvas.mode == "paint"
    assert opened.stage.viewer.layers.selection.active is canvas
    assert opened.session.regions.tool is not None


def test_a_brush_put_away_before_it_is_armed_stays_away(opened, turn):
    opened.regions.paint()
    opened.regions.use(None)
    turn.all()

    canvas = opened.stage.canvas(opened.session.section)
    assert canvas.mode == "pan_zoom"


def test_a_run_puts_a_brush_away_that_is_about_to_be_armed(opened, jobs, turn):
    opened.regions.paint()
    opened.runs.enhance()
    jobs.last.finish()
    turn.all()

    canvas = opened.stage.canvas(opened.session.section)
    assert canvas.mode == "pan_zoom"
    assert opened.session.regions.tool is None
