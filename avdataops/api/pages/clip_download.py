"""A scene as a file: the original messages around it, to open in Foxglove, Rerun or Lichtblick."""

import shutil
import tempfile
import threading
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from avdataops.api.door import Open
from avdataops.api.pages.media import pictures_of
from avdataops.api.parameters import Id
from avdataops.api.visiting import visitor
from avdataops.clips import clip_format
from avdataops.model.errors import InputError
from avdataops.model.time import NS_PER_S
from avdataops.wiring.scene_clips import ClipWish, clip_of, export_clip

ROUTES = APIRouter(include_in_schema=False, dependencies=[Depends(visitor)])
MAX_CLIP_S = 300.0
"""Longer scenes (a night, a whole rain) are cut on the command line, not while a browser waits."""
_AT_ONCE = threading.BoundedSemaphore(2)
_BUSY = 503
Padding = Annotated[float, Query(ge=0.0, le=30.0, allow_inf_nan=False)]


@ROUTES.get("/scenes/{scene}/clip.mcap")
def download_clip(door: Open, scene: Id, before: Padding = 5.0, after: Padding = 5.0) -> Response:
    """Write the clip to a file of its own and send that; two at once, others are told to wait."""
    found = door.catalog.scene(scene)
    length_s = (found.t_end_ns - found.t_start_ns) / NS_PER_S
    if length_s > MAX_CLIP_S:
        raise InputError(
            f"this scene lasts {length_s:.0f} s, and {MAX_CLIP_S:.0f} s are cut here",
            hint=f"avdataops scenes export {found.id} --to mcap -o {found.id}.mcap",
        )
    storage = pictures_of(door).storage
    if not _AT_ONCE.acquire(blocking=False):
        raise HTTPException(_BUSY, "other clips are being cut; ask again in a few seconds")
    try:
        wish = ClipWish(before_s=before, after_s=after)
        place = Path(tempfile.mkdtemp(prefix="avdataops-clip-"))
        try:
            target = place / f"{found.id}.mcap"
            export_clip(clip_of(door.catalog, storage, found, wish), clip_format("mcap"), target)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
    finally:
        _AT_ONCE.release()
    return FileResponse(
        target,
        media_type="application/octet-stream",
        filename=target.name,
        headers={"Cache-Control": "private, no-store"},
        background=BackgroundTask(shutil.rmtree, place, ignore_errors=True),
    )
