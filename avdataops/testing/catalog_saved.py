"""Catalog behaviour: saved queries change under a version, requests are known for a day."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from avdataops.model.errors import InputError, NotFound, Outdated
from avdataops.model.saved_query import SavedQuery
from avdataops.model.time import NS_PER_S
from avdataops.ports.catalog import Catalog
from avdataops.ports.curation import REMEMBERED_S, Remembered
from avdataops.testing.catalog_store import HOSTILE, OpenCatalog
from avdataops.testing.facts import T0_NS, sha256_of

WET = SavedQuery(name="wet", text="cut_in & rain", owner="ann", at_ns=T0_NS + 1)


def seen(key: str = "k", text: str = "p", answer: str | None = None) -> Remembered:
    """Return a request."""
    return Remembered(key=sha256_of(key), print=sha256_of(text), at_ns=T0_NS, answer=answer)


class SavedBehaviour:
    """Changed by whoever has seen what is there."""

    def test_a_query_is_kept_changed_and_forgotten(self, open_catalog: OpenCatalog) -> None:
        """Each change counts."""
        catalog = open_catalog()
        assert catalog.save_query(WET, expected=0) == WET
        changed = replace(WET, text="cut_in & fog", owner="bob", at_ns=T0_NS + 2)
        assert catalog.save_query(changed, expected=1) == replace(changed, version=2)
        later = open_catalog()
        assert later.saved_query("wet") == replace(changed, version=2)
        later.drop_query("wet", expected=2)
        with pytest.raises(NotFound):
            catalog.saved_query("wet")
        assert catalog.save_query(WET, expected=0) == WET

    def test_a_writer_who_saw_something_else_is_told(self, catalog: Catalog) -> None:
        """Nothing changes."""
        with pytest.raises(Outdated):
            catalog.save_query(WET, expected=1)
        catalog.save_query(WET, expected=0)
        for wrong in (0, 2):
            with pytest.raises(Outdated):
                catalog.save_query(replace(WET, text="x"), expected=wrong)
            with pytest.raises(Outdated):
                catalog.drop_query("wet", expected=wrong)
        assert catalog.saved_query("wet") == WET

    def test_queries_are_listed_by_name(self, catalog: Catalog) -> None:
        """Page by page, each once."""
        names = ["B", "a", "a.b", "b-1"]
        for name in reversed(names):
            catalog.save_query(replace(WET, name=name), expected=0)
        for limit in (1, 3, 9):
            found: list[str] = []
            while page := catalog.saved_queries(after=found[-1] if found else None, limit=limit):
                found += [one.name for one in page]
            assert found == names
        assert [one.name for one in catalog.saved_queries(limit=0)] == names

    def test_what_is_not_there_is_not_found(self, catalog: Catalog) -> None:
        """With the near miss."""
        catalog.save_query(WET, expected=0)
        for wrong in ("we", "", *HOSTILE):
            with pytest.raises(NotFound):
                catalog.saved_query(wrong)
            with pytest.raises(NotFound):
                catalog.drop_query(wrong, expected=1)
        with pytest.raises(NotFound, match="did you mean 'wet'"):
            catalog.saved_query("we")

    def test_hostile_text_comes_back_as_it_was(self, catalog: Catalog) -> None:
        """It is kept, not understood."""
        for number, text in enumerate(HOSTILE):
            kept = catalog.save_query(replace(WET, name=f"q{number}", text=text), expected=0)
            assert catalog.saved_query(f"q{number}") == kept
            assert kept.text == text

    @pytest.mark.parametrize(
        "wrong",
        [
            replace(WET, name="a b"),
            replace(WET, name=""),
            replace(WET, text=""),
            replace(WET, text="x" * 8_001),
            replace(WET, text="half \ud800"),
        ],
        ids=range(5),
    )
    def test_a_query_that_cannot_be_is_refused(self, catalog: Catalog, wrong: SavedQuery) -> None:
        """Nothing is kept."""
        with pytest.raises(InputError):
            catalog.save_query(wrong, expected=0)
        assert catalog.saved_queries() == []

    def test_of_writers_at_the_same_moment_one_wins(self, open_catalog: OpenCatalog) -> None:
        """The others are told."""
        open_catalog().save_query(WET, expected=0)
        catalogs = [open_catalog() for _ in range(3)]
        start = threading.Barrier(3)

        def act(own: Catalog) -> int:
            start.wait()
            try:
                return own.save_query(replace(WET, text="x"), expected=1).version
            except Outdated:
                return 0

        with ThreadPoolExecutor(3) as pool:
            assert sorted(pool.map(act, catalogs)) == [0, 0, 2]

    def test_a_request_is_known_with_its_answer(self, open_catalog: OpenCatalog) -> None:
        """The first to come counts, the first answer stays."""
        catalog = open_catalog()
        assert catalog.remember(seen()) == seen()
        assert catalog.remember(replace(seen(), at_ns=T0_NS + 5)) == seen()
        assert catalog.remember(seen(text="other", answer="no")) == seen()
        assert catalog.remember(seen(answer="yes")) == seen(answer="yes")
        assert open_catalog().remember(seen(answer="later")) == seen(answer="yes")
        assert open_catalog().remember(seen()) == seen(answer="yes")
        assert catalog.remember(seen("another")) == seen("another")

    def test_a_request_of_another_day_is_forgotten(self, catalog: Catalog) -> None:
        """By the clock of whoever asks."""
        catalog.remember(seen(answer="yes"))
        day_ns = REMEMBERED_S * NS_PER_S
        same = replace(seen(), at_ns=T0_NS + day_ns)
        assert catalog.remember(same) == seen(answer="yes")
        tomorrow = replace(seen(text="new"), at_ns=T0_NS + day_ns + 1)
        assert catalog.remember(tomorrow) == tomorrow
