"""Kept results of a benchmark count as long as what made them is what it was."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest

FACTS = {
    "protocol": "held-out",
    "section": "her2st/C5.tsv.gz",
    "fingerprint": "abc",
    "task": "dropout",
    "method": "kriging",
    "seed": 0,
    "config": {"tissue": "filled", "published": {"depth": 12}},
}


@pytest.fixture
def module(repository, monkeypatch):
    monkeypatch.syspath_prepend(repository / "benchmarks")
    yield import_module("result_cache")
    sys.modules.pop("result_cache", None)


@pytest.fixture
def at(module, monkeypatch, tmp_path):
    """The cache as seen with some state of the source, which mentions a setting."""

    def cache(digest: str):
        state = module.Sources(digest, frozenset({"tissue"}))
        monkeypatch.setattr(module, "sources", lambda method: state)
        return module.ResultCache(tmp_path)

    return cache


def test_a_result_counts_for_the_source_section_and_settings_it_was_made_with(at):
    at("one").put(FACTS, {"scores": {"pearson": 0.5}})
    assert at("one").get(FACTS)["scores"] == {"pearson": 0.5}
    assert at("two").get(FACTS) is None
    assert at("one").get(FACTS | {"fingerprint": "other"}) is None
    assert at("one").get(FACTS | {"seed": 1}) is None
    config = FACTS["config"]
    assert at("one").get(FACTS | {"config": config | {"published": None}})
    assert at("one").get(FACTS | {"config": config | {"tissue": "adjacent"}}) is None


def test_a_later_result_takes_the_place_of_an_earlier_one(at, tmp_path):
    at("one").put(FACTS, {"scores": {"pearson": 0.5}})
    at("two").put(FACTS, {"scores": {"pearson": 0.6}})
    assert at("one").get(FACTS) is None
    assert at("two").get(FACTS)["scores"] == {"pearson": 0.6}
    assert len(list(tmp_path.rglob("*.json"))) == 1


def test_a_result_counts_after_changes_that_did_nothing(at):
    at("one").put(FACTS, {"scores": {"pearson": 0.5}})
    at("two").add_same("kriging", "dropout", "two", "one")
    assert at("two").get(FACTS)
    at("three").add_same("kriging", "dropout", "three", "two")
    assert at("three").get(FACTS)
    assert at("four").get(FACTS) is None
    assert at("three").get(FACTS | {"method": "dist"}) is None


def test_what_changed_one_task_may_have_left_others_as_they_were(at):
    paper = FACTS | {"task": "upsample", "protocol": "paper"}
    for facts in (FACTS, FACTS | {"task": "denoise"}, paper):
        at("one").put(facts, {"scores": {"pearson": 0.5}})
    for kind in ("dropout", "upsample"):
        at("two").add_same("kriging", kind, "two", "one")
    assert at("two").get(FACTS)
    assert at("two").get(FACTS | {"task": "denoise"}) is None
    assert at("two").get(paper) is None
    at("two").add_same("kriging", "paper", "two", "one")
    assert at("two").get(paper)
