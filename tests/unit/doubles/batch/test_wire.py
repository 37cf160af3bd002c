import pytest

from tests.doubles.batch.wire import Refusal, check_signature, matcher, seconds, selector, signature

ACCOUNT = ("emulator", "c2VjcmV0")
URL = ("/jobs", "api-version=2025-06-01&timeOut=30")
HEADERS = {"content-length": "2", "content-type": "application/json", "ocp-date": "today"}


def signed(headers: dict[str, str] = HEADERS, account: tuple[str, str] = ACCOUNT) -> dict[str, str]:
    return headers | {
        "authorization": f"SharedKey {account[0]}:{signature('POST', URL, headers, account)}"
    }


def test_the_right_signature_passes() -> None:
    check_signature("POST", URL, signed(), ACCOUNT)


@pytest.mark.parametrize(
    "headers",
    [
        HEADERS,
        signed(account=("emulator", "b3RoZXI=")),
        signed(account=("other", "c2VjcmV0")),
        signed() | {"ocp-date": "yesterday"},
        signed() | {"content-length": "3"},
    ],
)
def test_another_key_account_or_request_does_not(headers: dict[str, str]) -> None:
    with pytest.raises(Refusal, match="AuthenticationFailed"):
        check_signature("POST", URL, headers, ACCOUNT)


def test_the_order_of_the_query_does_not_matter_and_its_values_do() -> None:
    turned = (URL[0], "timeOut=30&api-version=2025-06-01")
    check_signature("POST", turned, signed(), ACCOUNT)
    with pytest.raises(Refusal):
        check_signature("POST", (URL[0], "api-version=2025-06-01"), signed(), ACCOUNT)


@pytest.mark.parametrize(
    ("text", "passing"),
    [
        (None, ["a-1", "a-2", "b-1"]),
        ("state eq 'active'", ["a-1"]),
        ("state ne 'active'", ["a-2", "b-1"]),
        ("startswith(id,'a-')", ["a-1", "a-2"]),
        ("startswith(id, 'a-') and state eq 'completed'", ["a-2"]),
        ("id eq 'x'", []),
    ],
)
def test_filters_pick_what_they_say(text: str | None, passing: list[str]) -> None:
    documents = [
        {"id": "a-1", "state": "active"},
        {"id": "a-2", "state": "completed"},
        {"id": "b-1", "state": "completed"},
    ]
    passes = matcher(text, ("id", "state"))
    assert [one["id"] for one in documents if passes(one)] == passing


@pytest.mark.parametrize(
    "text",
    [
        "state gt 'a'",
        "state eq 'a' or id eq 'b'",
        "state eq active",
        "commandLine eq 'x'",
        "endswith(id,'x')",
        "state eq 'it''s'",
        "not (state eq 'a')",
    ],
)
def test_other_filters_are_refused(text: str) -> None:
    with pytest.raises(Refusal, match="no filter"):
        matcher(text, ("id", "state"))


def test_a_selection_takes_what_is_there() -> None:
    document = {"id": "a", "state": "active", "url": "x"}
    known = ("id", "state", "url", "nodeInfo")
    assert selector(None, known)(document) == document
    assert selector("id,state", known)(document) == {"id": "a", "state": "active"}
    assert selector("id,nodeInfo", known)(document) == {"id": "a"}


def test_a_selection_of_what_no_document_has_is_refused() -> None:
    with pytest.raises(Refusal, match="'ID'"):
        selector("id,ID", ("id",))


@pytest.mark.parametrize(
    ("text", "expected_s"),
    [("PT1H", 3600), ("PT90S", 90), ("P1DT1M", 86460), ("PT0.5S", 0.5), ("P7D", 604800)],
)
def test_durations_are_read(text: str, expected_s: float) -> None:
    assert seconds(text) == expected_s


def test_what_is_no_duration_is_refused() -> None:
    with pytest.raises(Refusal, match="not a duration"):
        seconds("1 hour")


def test_a_refusal_is_worded_as_the_service_does() -> None:
    assert Refusal(409, "JobExists", "There is one.", ["id"]).body() == {
        "code": "JobExists",
        "message": {"lang": "en-us", "value": "There is one."},
        "values": [{"key": "Reason", "value": "id"}],
    }
