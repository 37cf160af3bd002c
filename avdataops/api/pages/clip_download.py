"""A scene as a file: the original messages for Foxglove, Rerun or Lichtblick, or its tables."""

import shutil
import tempfile
import threading
import zipfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from avdataops.api.access import admitted
from avdataops.api.door import Door, Open
from avdataops.api.pages.media import pictures_of
from avdataops.api.parameters import Id
from avdataops.clips import clip_format
from avdataops.clips.clip import ClipFormat
from avdataops.model.errors import InputError
from avdataops.model.scene import Scene
from avdataops.model.time import NS_PER_S
from avdataops.wiring.scene_clips import ClipWish, clip_of, export_clip

ROUTES = APIRouter(include_in_schema=False, dependencies=[Depends(admitted)])
MAX_CLIP_S = 300.0
"""Longer scenes (a night, a whole rain) are cut on the command line, not while a browser waits."""
_AT_ONCE = threading.BoundedSemaphore(2)
_BUSY = 503
Padding = Annotated[float, Query(ge=0.0, le=30.0, allow_inf_nan=False)]


class Tables(StrEnum):
    """How the tables of a scene are given."""

    PARQUET = "parquet"
    CSV = "csv"


@ROUTES.get("/scenes/{scene}/clip.mcap")
def download_clip(door: Open, scene: Id, before: Padding = 5.0, after: Padding = 5.0) -> Response:
    """Write the clip to a file of its own and send that; two at once, others are told to wait."""
    found, wish = door.catalog.scene(scene), ClipWish(before_s=before, after_s=after)
    return _sent(*_cut(door, found, wish, clip_format("mcap")), "application/octet-stream")


@ROUTES.get("/scenes/{scene}/tables.zip")
def download_tables(
    door: Open,
    scene: Id,
    form: Annotated[Tables, Query(alias="as")] = Tables.PARQUET,
    before: Padding = 5.0,
    after: Padding = 5.0,
) -> Response:
    """Write what every stream and the ego's signals hold around a scene, and send it packed."""
    found, wish = door.catalog.scene(scene), ClipWish(before_s=before, after_s=after)
    place, folder = _cut(door, found, wish, clip_format(form))
    return _sent(place, _packed(folder, f"-{form}"), "application/zip")


def _cut(door: Door, found: Scene, wish: ClipWish, form: ClipFormat) -> tuple[Path, Path]:
    """Return a folder to be removed, and the clip in it."""
    length_s = (found.t_end_ns - found.t_start_ns) / NS_PER_S
    if length_s > MAX_CLIP_S:
        name = f"{found.id}{form.suffix}"
        raise InputError(
            f"this scene lasts {length_s:.0f} s, and {MAX_CLIP_S:.0f} s are cut here",
            hint=f"avdataops scenes export {found.id} --to {form.name} -o {name}",
        )
    storage = pictures_of(door).storage
    if not _AT_ONCE.acquire(blocking=False):
        raise HTTPException(_BUSY, "other clips are being cut; ask again in a few seconds")
    place = Path(tempfile.mkdtemp(prefix="avdataops-clip-"))
    try:
        target = place / f"{found.id}{form.suffix}"
        export_clip(clip_of(door.catalog, storage, found, wish), form, target)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    else:
        return place, target
    finally:
        _AT_ONCE.release()


def _packed(folder: Path, ending: str) -> Path:
    file = folder.with_name(f"{folder.name}{ending}.zip")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.iterdir()):
            packed.write(path, path.name)
    return file


def _sent(place: Path, file: Path, media_type: str) -> Response:
    return FileResponse(
        file,
        media_type=media_type,
        filename=file.name,
        headers={"Cache-Control": "private, no-store"},
        background=BackgroundTask(shutil.rmtree, place, ignore_errors=True),
    )
