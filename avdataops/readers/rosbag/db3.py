"""rosbag2 SQLite containers, read-only and through a ReadableFile."""

import itertools
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

import apsw

from avdataops.model.errors import UnreadableFile
from avdataops.model.stream import Problem
from avdataops.model.time import TimeRange
from avdataops.ports.files import ReadableFile
from avdataops.readers.rosbag.container import Connection, Lost, Stated, undescribed
from avdataops.readers.rosbag.crew import Crew
from avdataops.readers.rosbag.db3_rows import Columns, Row, in_blocks, sound
from avdataops.readers.rosbag.definitions import LANGUAGES, full_name
from avdataops.readers.rosbag.messages import Messages
from avdataops.readers.rosbag.sqlite import Database, declared_bytes
from avdataops.readers.rosbag.sqlite_pages import Pages

_FROM = "FROM messages WHERE timestamp >= ? AND timestamp < ?"
_IN_ORDER = "ORDER BY timestamp, id"
_DATA = "SELECT data FROM messages WHERE id = ?"
_NTH = "SELECT timestamp FROM messages ORDER BY timestamp LIMIT 1 OFFSET ?"
_BEFORE_ALL = (-(2**63), -(2**63))


def _span(time: TimeRange | None) -> tuple[int, int]:
    low, high = -(2**63), 2**63 - 1
    if time is None:
        return low, high
    return min(max(time.start_ns, low), high), min(max(time.stop_ns, low), high)


class Db3Container:
    """One opened database."""

    has_publish_time = False
    attachments: tuple[str, ...] = ()

    def __init__(
        self, file: ReadableFile, database: Database, connections: tuple[Connection, ...]
    ) -> None:
        self._file = file
        self._is_cut = declared_bytes(file) > file.size
        self._database = database
        self.connections = connections
        self.problems: list[Problem] = []

    def messages(
        self, wanted: Collection[int], time: TimeRange | None, crew: Crew
    ) -> Iterator[Messages | Lost]:
        """Yield the messages of the wanted topics by time, and by id where times tie."""
        rows = self._blocks(frozenset(wanted), _span(time))
        # SQLite reads in one thread, one block ahead of whoever takes them.
        coming = crew.submit(partial(next, rows, None))
        while (block := coming.result()) is not None:
            coming = crew.submit(partial(next, rows, None))
            yield from block

    def first(self, wanted: Collection[int], count: int) -> list[bytes]:
        """Return the first messages of the wanted topics together."""
        rows = self._rows(frozenset(wanted), _span(None))
        found = (row[-1] for row in rows if not isinstance(row, Lost))
        return list(itertools.islice(found, count))

    def _blocks(
        self, topics: frozenset[int], span: tuple[int, int]
    ) -> Iterator[list[Messages | Lost]]:
        """Yield rows as blocks; those of the usual kind are not looked at one by one."""
        whole = f"SELECT timestamp, id, topic_id, data {_FROM}{self._some(topics)} {_IN_ORDER}"
        if self._is_cut or self._sorts(whole, span):
            yield from in_blocks(self._rows(topics, span))
            return
        rows, last = Columns(), _BEFORE_ALL
        try:
            for row in self._database.execute(whole, span):
                rows.add(row)
                if rows.is_full:
                    full, rows = rows, Columns()
                    last = full.last
                    yield from full.blocks(topics)
        except apsw.Error as error:
            self._note("the messages cannot be read in order", error)
            last = rows.last if len(rows) else last
            yield from rows.blocks(topics)
            yield from in_blocks(self._salvaged(topics, span, last))
            return
        yield from rows.blocks(topics)

    def _sorts(self, whole: str, span: tuple[int, int]) -> bool:
        try:
            return self._database.sorts(whole, span)
        except apsw.Error:
            return True

    def _rows(self, topics: frozenset[int], span: tuple[int, int]) -> Iterator[Row | Lost]:
        last = _BEFORE_ALL
        if self._is_cut:
            # SQLite would fill what is missing of a message with zeros and not say so.
            yield from self._salvaged(topics, span, last)
            return
        try:
            for row in self._ordered(topics, span):
                yield sound(row)
                last = row[:2]
        except apsw.Error as error:
            self._note("the messages cannot be read in order", error)
            yield from self._salvaged(topics, span, last)

    def _some(self, topics: frozenset[int]) -> str:
        """Return the condition that leaves only these topics, empty for all."""
        if topics >= {one.id for one in self.connections}:
            return ""
        return f" AND topic_id IN ({','.join(map(str, sorted(topics)))})"

    def _ordered(self, topics: frozenset[int], span: tuple[int, int]) -> Iterator[Row]:
        """Yield rows by time and id without sorting what messages hold."""
        some = self._some(topics)
        whole = f"SELECT timestamp, id, topic_id, data {_FROM}{some} {_IN_ORDER}"
        if not self._database.sorts(whole, span):
            for row in self._database.rows(whole, span):
                if row[2] in topics:
                    yield row
            return
        keys = f"SELECT timestamp, id, topic_id {_FROM}{some} {_IN_ORDER}"
        for t_ns, row_id, topic in self._database.rows(keys, span):
            if topic in topics:
                yield t_ns, row_id, topic, self._database.value(_DATA, (row_id,))

    def _salvaged(
        self, topics: frozenset[int], span: tuple[int, int], last: tuple[int, int]
    ) -> Iterator[Row | Lost]:
        """Yield what single pages still hold, behind the message that was read last."""
        pages = Pages(self._file)
        found = {
            one.id: one
            for one in pages.messages()
            if one.topic in topics and span[0] <= one.t_ns < span[1] and (one.t_ns, one.id) > last
        }
        for one in sorted(found.values()):
            data = pages.data(one)
            if data is None:
                yield Lost(one.topic, 1, "damaged")
            else:
                yield sound((one.t_ns, one.id, one.topic, data))

    def check(self) -> None:
        """Note if the file ends before its database does."""
        if self._is_cut:
            text = (
                f"{self._file.name}: the database breaks off at byte {self._file.size} of "
                f"{declared_bytes(self._file)}"
            )
            self.problems.append(Problem(code="truncated", message=text))

    def count(self) -> None:
        """Give connections their rows and times; they stay unknown if pages are damaged."""
        if self._is_cut:
            return
        try:
            rows = self._database.rows(
                "SELECT topic_id, count(*), min(timestamp), max(timestamp) FROM messages"
                " GROUP BY topic_id"
            )
            facts = {topic: (n, TimeRange(first, last + 1)) for topic, n, first, last in rows}
        except (apsw.Error, TypeError) as error:
            self._note("messages cannot be counted", error)
            return
        counts = {topic: messages for topic, (messages, _) in facts.items()}
        known = {one.id for one in self.connections}
        self.problems += undescribed(self._file.name, counts, known)
        self.connections = tuple(
            replace(one, rows=facts[one.id][0], time=facts[one.id][1])
            if one.id in facts
            else replace(one, rows=0)
            for one in self.connections
        )

    def cuts(self, pieces: int) -> list[int]:
        """Return times, ascending, before which there are equally many messages."""
        total = sum(one.rows or 0 for one in self.connections)
        found: list[int] = []
        for piece in range(1, pieces if total else 1):
            with suppress(apsw.Error):
                found += [self._database.value(_NTH, (total * piece // pieces,))]
        return sorted(t_ns for t_ns in found if isinstance(t_ns, int))

    def count_before(self, wanted: Collection[int], t_ns: int) -> Mapping[int, int]:
        """Return how many messages of each wanted topic were logged before ``t_ns``."""
        try:
            rows = list(
                self._database.rows(
                    "SELECT topic_id, count(*) FROM messages WHERE timestamp < ? GROUP BY topic_id",
                    (t_ns,),
                )
            )
        except apsw.Error as error:
            self._note("messages cannot be counted", error)
            return {}
        return {topic: count for topic, count in rows if topic in wanted}

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _note(self, what: str, error: Exception) -> None:
        text = f"{self._file.name}: {what}: {error}"
        problem = Problem(code="truncated", message=text)
        if problem not in self.problems:
            self.problems.append(problem)


def open_db3(file: ReadableFile, *, counted: bool = True) -> Db3Container:
    """Open a rosbag2 database; raises ``UnreadableFile`` if it is none or its topics are lost.

    Counting the messages looks at every page that holds a row's head; who copies a short range
    does without.
    """
    database = Database(file)
    try:
        connections = _connections(database)
    except (apsw.Error, UnicodeDecodeError) as error:
        database.close()
        raise UnreadableFile(f"{file.name}: the topics cannot be read: {error}") from error
    container = Db3Container(file, database, connections)
    container.check()
    if counted:
        container.count()
    return container


def _connections(database: Database) -> tuple[Connection, ...]:
    tables = set(database.tables())
    missing = {"topics", "messages"} - tables
    if missing:
        raise UnreadableFile(f"{database.name}: not a rosbag2 database, no table {min(missing)}")
    definitions: dict[str, tuple[str, str]] = {}
    if "message_definitions" in tables:
        definitions = {
            full_name(str(topic_type)): (str(encoding), str(text))
            for topic_type, encoding, text in database.rows(
                "SELECT topic_type, encoding, encoded_message_definition FROM message_definitions"
            )
        }
    quality = _quality_of_service(database)
    found = []
    for number, name, kind, encoding in database.rows(
        "SELECT id, name, type, serialization_format FROM topics ORDER BY id"
    ):
        type_name = full_name(str(kind))
        language, text = definitions.get(type_name, ("", ""))
        found.append(
            Connection(
                id=number,
                topic=str(name),
                type=type_name,
                encoding=str(encoding),
                language=language if language in LANGUAGES else "",
                definition=text,
                stated=Stated(
                    type=str(kind),
                    language=language,
                    definition=text.encode("utf-8", "replace"),
                    facts=quality.get(number, ()),
                ),
            )
        )
    return tuple(found)


def _quality_of_service(database: Database) -> dict[int, tuple[tuple[str, str], ...]]:
    """Return the offered profiles by topic; the oldest databases have none."""
    try:
        rows = list(database.rows("SELECT id, offered_qos_profiles FROM topics"))
    except apsw.SQLError:
        return {}
    return {number: (("offered_qos_profiles", str(text)),) for number, text in rows if text}
