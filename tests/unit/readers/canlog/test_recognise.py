"""First lines of text logs."""

import pytest

from avdataops.readers.canlog.recognise import recognises_asc, recognises_candump
from avdataops.readers.formats import recognise


@pytest.mark.parametrize(
    "line",
    [
        b"(1581670628.161550) can0 123#\n",
        b"(1581670628.161550) can0 123#DEADBEEF\n",
        b"(1581670628.161550) vcan0 12345678#00\r\n",
        b"\n \n(0.0) slcan-1 7FF#R\n",
        b"(46408.584930) can128 2E4##1BE00 R\n",
        b"(1581670628.161550) can0 123#",
        b"(1581670628.161550123)  can0  123#11 T\n",
    ],
)
def test_candump_lines_are_recognised(line: bytes) -> None:
    assert recognises_candump(line)
    found = recognise(line)
    assert found is not None
    assert found.name == "candump"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n\n",
        b"2024-01-01 12:00:00 INFO started\n",
        b"(1.0) can0 12#00\n",
        b"(1.0) can0 1234#00\n",
        b"(1.0) can0 123\n",
        b"(1.0) can0 123#hello\n",
        b"(1) can0 123#00\n",
        b"(1.0)can0 123#00\n",
        b"1.0 can0 123#00\n",
        b"(1.0) averyveryverylongname 123#00\n",
        b"  can0  123   [8]  11 22 33 44 55 66 77 88\n",
        b"see (1.0) can0 123#00\n",
        b"INFO\n(1.0) can0 123#00\n",
    ],
)
def test_other_logs_are_not(line: bytes) -> None:
    assert not recognises_candump(line)
    assert recognise(line) is None


@pytest.mark.parametrize(
    "line",
    [
        b"date Fri Feb 14 08:51:20 am 2020\nbase hex\n",
        b"date Sam Sep 30 15:06:13.191 2017\r\n",
        b"\xef\xbb\xbfdate Mit M\xe4r 1 1:06:13 2017\n",
        b"\nDATE Fri Feb 14 08:51:20 AM 2020",
    ],
)
def test_asc_logs_are_recognised(line: bytes) -> None:
    assert recognises_asc(line)
    found = recognise(line)
    assert found is not None
    assert found.name == "asc"


@pytest.mark.parametrize(
    "line",
    [
        b"date of purchase: 2020-02-14\n08:51:20",
        b"dated Fri Feb 14 08:51:20 2020\n",
        b"-----BEGIN PGP SIGNATURE-----\n",
        b"ncols 10\n",
        b"update Fri Feb 14 08:51:20 2020\n",
        b"base hex timestamps absolute\n",
    ],
)
def test_other_texts_are_no_asc(line: bytes) -> None:
    assert not recognises_asc(line)
    assert recognise(line) is None


def test_blf_begins_with_its_mark() -> None:
    found = recognise(b"LOGG" + bytes(140))
    assert found is not None
    assert found.name == "blf"
    assert recognise(b"LOG:") is None
