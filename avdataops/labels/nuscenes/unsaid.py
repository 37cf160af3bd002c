"""What of a package nuScenes has no way to say."""

from avdataops.labels.nuscenes.records import Drive
from avdataops.ports.labelling import Shipment


def unsaid(shipment: Shipment) -> list[str]:
    """Return it as sentences; nothing is left out without one."""
    drive = Drive(shipment)
    sensors = shipment.rig.calibration.sensors
    found = [
        f"{one.stream} is left out: its place or its way of drawing is not known"
        for one in sensors
        if one.stream not in drive.sensors
    ]
    bent = [one.stream for one in drive.sensors.values() if _is_bent(one.intrinsics)]
    found += [f"the distortion of {stream} has no place in it" for stream in bent]
    without = len(shipment.labels.frames) - len(drive.frames)
    if without:
        found.append(f"{without} frames are left out: where the vehicle was is not known")
    stayed = sum(one.file not in shipment.left for one in shipment.labels.pictures)
    if stayed:
        found.append(f"{stayed} pictures stay and have no sample_data")
    flat = sum(one.box is not None for one in shipment.labels.labels)
    if flat:
        found.append(f"{flat} boxes in pictures have no place in it; OpenLABEL and COCO hold them")
    return found


def _is_bent(intrinsics: object) -> bool:
    return any(getattr(intrinsics, "distortion", ()))
