"""Pictures of a camera around a scene."""

import base64
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avdataops.lake.messages import Messages, Place, Source
from avdataops.model.errors import InputError
from avdataops.model.time import NS_PER_MS, format_time
from avdataops.signals.camera_pictures import colour_picture

THUMBNAILS, THUMBNAIL_PX = 6, 160
_RAW = ("height", "width", "step", "encoding")
_QUALITY = 70


@dataclass(frozen=True, slots=True)
class Image:
    """One picture as it was recorded.

    >>> picture = scene.images("/camera/front/image/compressed")[0]
    >>> picture.format, picture.frame_id
    ('jpeg', 'camera_front')
    >>> picture.decode().shape
    (180, 320, 3)
    """

    stream: str
    t_ref_ns: int
    """When it was logged, on the reference clock."""
    t_ns: int
    """The same on the recorder's clock."""
    data: bytes
    """JPEG or PNG as it came, or raw pixels."""
    format: str | None
    """What the message states; None for raw pixels."""
    frame_id: str | None
    raw: tuple[int, int, int, str] | None = None
    """Height, width, bytes per line and encoding of raw pixels."""

    def decode(self) -> NDArray[np.uint8]:
        """Return the pixels, (height, width, 3), red, green, blue; raises ``InputError``."""
        facts = dict(zip(_RAW, self.raw, strict=True)) if self.raw else {}
        picture = colour_picture({"data": self.data, **facts})
        if picture is None:
            kind = self.format or (self.raw[3] if self.raw else "no format")
            raise InputError(
                f"the picture of '{self.stream}' at {self.t_ns} ({kind}) cannot be decoded"
            )
        return np.ascontiguousarray(picture[:, :, ::-1])

    def _repr_html_(self) -> str:
        return thumbnail(self)


class Images(Messages[Image]):
    """Pictures by time, read when they are looked at.

    >>> pictures = scene.images("/camera/front/image/compressed", before_s=1)
    >>> pictures.nearest(scene.t_start_ns).decode().dtype
    dtype('uint8')
    >>> len(pictures.times) == len(pictures)
    True
    """

    def __init__(self, source: Source) -> None:
        super().__init__(source, lambda row, place: _image(source.name, row, place))

    def _repr_html_(self) -> str:
        count = min(len(self), THUMBNAILS)
        chosen = [round(n * (len(self) - 1) / max(count - 1, 1)) for n in range(count)]
        shown = "".join(thumbnail(self[number]) for number in dict.fromkeys(chosen))
        return f"<p>{escape(repr(self))}</p>{shown}"


def _image(name: str, row: dict[str, Any], place: Place) -> Image:
    value = {key: row[key].as_py() for key in (*_RAW, "format", "header_frame_id") if key in row}
    raw = tuple(value.get(key) for key in _RAW)
    return Image(
        stream=name,
        t_ref_ns=place.t_ref_ns,
        t_ns=place.t_ns,
        data=row["data"].as_py() or b"",
        format=value.get("format"),
        frame_id=value.get("header_frame_id") or None,
        raw=None if None in raw else raw,  # type: ignore[arg-type]  # whole, so of these types
    )


def thumbnail(image: Image) -> str:
    """Return a small picture as HTML with its time; words where it cannot be decoded."""
    import cv2

    told = escape(f"{image.stream} {format_time(image.t_ref_ns // NS_PER_MS * NS_PER_MS)}")
    try:
        picture = image.decode()
    except InputError:
        return f"<span>{told}: no picture</span> "
    height, width = picture.shape[:2]
    size = (THUMBNAIL_PX, max(1, round(height * THUMBNAIL_PX / width)))
    small = cv2.resize(picture[:, :, ::-1], size, interpolation=cv2.INTER_AREA)
    packed = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    data = base64.b64encode(packed.tobytes()).decode()
    return f'<img alt="{told}" title="{told}" src="data:image/jpeg;base64,{data}"> '
