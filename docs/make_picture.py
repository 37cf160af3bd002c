"""Draws docs/images/scenes.png from a finished demo workspace: scenes with their camera frames."""

import sys
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

import avdataops as av

SHOWN = (
    ("cut_in", 2.0, "min_ttc_s"),
    ("hard_brake", 0.8, "min_ax_mps2"),
    ("vru_crossing", 2.5, "distance_at_entry_m"),
    ("gnss_outage", 4.0, "duration_s"),
    ("turn_left", 2.0, "heading_change_deg"),
    ("rain", 60.0, "max_precipitation_mmph"),
)
WIDTH, HEIGHT, CAPTION = 426, 240, 44
Image = npt.NDArray[np.uint8]


def frame(scene: av.FoundScene, after_s: float, evidence: str) -> Image:
    """Return the camera frame ``after_s`` into a scene, with a caption below it."""
    rows = scene.stream("/camera/front/image/compressed", after_s=1.0)
    wanted = scene.t_start_ns + round(after_s * 1e9)
    times = rows.column("t_ref_ns").to_numpy()
    nearest = int(np.abs(times - wanted).argmin())
    data = np.frombuffer(rows.column("data")[nearest].as_py(), dtype=np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if picture is None:
        raise SystemExit(f"{scene.id}: its camera frame does not decode")
    tile = np.full((HEIGHT + CAPTION, WIDTH, 3), 250, dtype=np.uint8)
    tile[:HEIGHT] = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    told = f"confidence {scene.confidence:.2f}   {evidence} {scene.evidence[evidence]:.1f}"
    _write(tile, scene.type, HEIGHT + 18, 0.55, (30, 30, 30))
    _write(tile, told, HEIGHT + 36, 0.42, (90, 90, 90))
    return tile


def _write(tile: Image, text: str, y: int, size: float, colour: tuple[int, int, int]) -> None:
    cv2.putText(tile, text, (8, y), cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)


def main(workspace: str, out: str) -> None:
    """Write the picture."""
    with av.connect(workspace) as lake:
        tiles = [frame(lake.scenes(kind)[0], at, told) for kind, at, told in SHOWN]
    rows = [np.hstack(tiles[start : start + 3]) for start in range(0, len(tiles), 3)]
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(out, np.vstack(rows), [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main(*sys.argv[1:3])
