"""Opens a package as its users do: nuscenes-devkit and pycocotools.  Run by its test, elsewhere.

Prints what they found as JSON; the first argument is the package, the second where to draw.
"""

import json
import sys
from pathlib import Path
from typing import Any


def with_nuscenes(package: Path, out: Path) -> dict[str, Any]:
    """Load the tables, draw a sweep with its boxes and points in a picture, follow objects."""
    import matplotlib as mpl

    mpl.use("Agg")
    from nuscenes.nuscenes import NuScenes

    opened: Any = NuScenes(version="v1.0-avdataops", dataroot=str(package), verbose=False)
    hits = {
        one["token"]: sum(
            opened.get("sample_annotation", ann)["num_lidar_pts"] for ann in one["anns"]
        )
        for one in opened.sample
    }
    best = opened.get("sample", max(hits, key=lambda token: hits[token]))
    lidar, camera = best["data"]["LIDAR_TOP"], best["data"]["CAM_FRONT"]
    opened.render_sample_data(
        lidar, out_path=str(out / "lidar.png"), underlay_map=False, verbose=False
    )
    opened.render_sample_data(camera, out_path=str(out / "camera.png"), verbose=False)
    opened.render_pointcloud_in_image(
        best["token"],
        pointsensor_channel="LIDAR_TOP",
        camera_channel="CAM_FRONT",
        out_path=str(out / "points.png"),
        verbose=False,
    )
    _, boxes, intrinsic = opened.get_sample_data(camera, box_vis_level=0)
    velocities = [opened.box_velocity(one["token"]).tolist() for one in opened.sample_annotation]
    return {
        "tables": {name: len(getattr(opened, name)) for name in opened.table_names},
        "boxes": [box.center.tolist() for box in boxes],
        "intrinsic": intrinsic.tolist(),
        "hits": hits[best["token"]],
        "velocities": velocities,
    }


def with_coco(package: Path) -> dict[str, Any]:
    """Load the file and ask for what is in each image."""
    from pycocotools.coco import COCO

    opened: Any = COCO(str(package / "labels.coco.json"))
    return {
        "images": len(opened.getImgIds()),
        "annotations": len(opened.getAnnIds()),
        "areas": [one["area"] for one in opened.loadAnns(opened.getAnnIds())],
        "categories": [one["name"] for one in opened.loadCats(opened.getCatIds())],
    }


if __name__ == "__main__":
    package, out = Path(sys.argv[1]), Path(sys.argv[2])
    found = with_coco(package) if sys.argv[3] == "coco" else with_nuscenes(package, out)
    sys.stdout.write(f"\n{json.dumps(found)}\n")
