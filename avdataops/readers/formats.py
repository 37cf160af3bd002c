"""The one table of recording formats; adding a format is adding a row."""

from avdataops.model.errors import UnreadableFile
from avdataops.ports.files import ReadableFile
from avdataops.ports.originals import Originals
from avdataops.ports.reading import Format, Reader, Sidecars
from avdataops.readers.canlog.recognise import recognises_asc, recognises_candump

HEAD_BYTES = 4096
_MDF_MAGIC = (b"MDF     ", b"UnFinMF ")


def _open_mcap(file: ReadableFile, sidecars: Sidecars) -> Reader:  # noqa: ARG001 - same call for all
    from avdataops.readers.rosbag.mcap import open_mcap
    from avdataops.readers.rosbag.reader import RosReader

    return RosReader(file.name, open_mcap(file))


def _open_bag1(file: ReadableFile, sidecars: Sidecars) -> Reader:  # noqa: ARG001 - same call for all
    from avdataops.readers.rosbag.bag1 import open_bag1
    from avdataops.readers.rosbag.reader import RosReader

    return RosReader(file.name, open_bag1(file))


def _open_db3(file: ReadableFile, sidecars: Sidecars) -> Reader:  # noqa: ARG001 - same call for all
    from avdataops.readers.rosbag.db3 import open_db3
    from avdataops.readers.rosbag.reader import RosReader

    return RosReader(file.name, open_db3(file))


def _mcap_originals(file: ReadableFile) -> Originals:
    from avdataops.readers.rosbag.mcap import open_mcap
    from avdataops.readers.rosbag.originals import RosOriginals

    return RosOriginals(file.name, open_mcap(file))


def _bag1_originals(file: ReadableFile) -> Originals:
    from avdataops.readers.rosbag.bag1 import open_bag1
    from avdataops.readers.rosbag.originals import RosOriginals

    return RosOriginals(file.name, open_bag1(file))


def _db3_originals(file: ReadableFile) -> Originals:
    from avdataops.readers.rosbag.db3 import open_db3
    from avdataops.readers.rosbag.originals import RosOriginals

    return RosOriginals(file.name, open_db3(file, counted=False))


def _open_mdf(file: ReadableFile, sidecars: Sidecars) -> Reader:
    version = file.read_at(8, 4).decode("ascii", "replace").strip(" \0")
    if not version.startswith("4"):
        raise UnreadableFile(
            f"{file.name} is MDF {version or 'of no version'}; MDF 4 is read",
            hint="asammdf converts it: MDF('old.mdf').convert('4.10').save('new.mf4')",
        )
    from avdataops.readers.mdf4.reader import open_mdf4

    return open_mdf4(file, sidecars)


def _open_tdms(file: ReadableFile, sidecars: Sidecars) -> Reader:  # noqa: ARG001 - same call for all
    from avdataops.readers.tdms.reader import open_tdms

    return open_tdms(file)


def _open_blf(file: ReadableFile, sidecars: Sidecars) -> Reader:
    from avdataops.readers.canlog.blf import open_blf

    return open_blf(file, sidecars)


def _open_asc(file: ReadableFile, sidecars: Sidecars) -> Reader:
    from avdataops.readers.canlog.asc import open_asc

    return open_asc(file, sidecars)


def _open_candump(file: ReadableFile, sidecars: Sidecars) -> Reader:
    from avdataops.readers.canlog.candump import open_candump

    return open_candump(file, sidecars)


MDF4 = Format("mdf4", (".mf4",), lambda head: head[:8] in _MDF_MAGIC, _open_mdf)
TDMS = Format("tdms", (".tdms",), lambda head: head.startswith(b"TDSm"), _open_tdms)
MCAP = Format(
    "mcap", (".mcap",), lambda head: head.startswith(b"\x89MCAP0\r\n"), _open_mcap, _mcap_originals
)
BAG1 = Format(
    "bag", (".bag",), lambda head: head.startswith(b"#ROSBAG V"), _open_bag1, _bag1_originals
)
DB3 = Format(
    "db3", (".db3",), lambda head: head.startswith(b"SQLite format 3\0"), _open_db3, _db3_originals
)
BLF = Format("blf", (".blf",), lambda head: head.startswith(b"LOGG"), _open_blf)
ASC = Format("asc", (".asc",), recognises_asc, _open_asc)
CANDUMP = Format("candump", (".log",), recognises_candump, _open_candump)
FORMATS = (MDF4, MCAP, BAG1, DB3, TDMS, BLF, ASC, CANDUMP)


def recognise(head: bytes, formats: tuple[Format, ...] = FORMATS) -> Format | None:
    """Return the format of a file by its first bytes, None if it is not known."""
    return next((known for known in formats if known.recognises(head)), None)


def open_recording(
    file: ReadableFile, sidecars: Sidecars | None = None, formats: tuple[Format, ...] = FORMATS
) -> Reader:
    """Open ``file`` with the format that its first bytes show; its name does not matter.

    Raises ``UnreadableFile`` if no format fits, or if the file is too damaged to open.
    """
    head = file.read_at(0, min(HEAD_BYTES, file.size))
    found = recognise(head, formats)
    if found is None:
        known = ", ".join(one.name for one in formats)
        what = f"begins with {head[:8]!r}" if head else "is empty"
        raise UnreadableFile(f"{file.name} {what}; known formats are {known}")
    return found.open(file, sidecars or Sidecars())


def open_originals(file: ReadableFile, formats: tuple[Format, ...] = FORMATS) -> Originals | None:
    """Open ``file`` for copying its messages; None if its format has none to copy.

    Raises ``UnreadableFile`` if it is too damaged to open.
    """
    found = recognise(file.read_at(0, min(HEAD_BYTES, file.size)), formats)
    return found.originals(file) if found and found.originals else None
