"""Figures of map matching as lines for people, and their bars."""

from collections.abc import Mapping
from typing import Any

Roads = Mapping[str, Any]
_WIDTH = 42


def map_lines(roads: Roads, note: str) -> list[str]:
    """Return the shares of points on the right way by extract and noise, and the speeds."""
    lines = [f"map matching: {note}"] if note else []
    if "way_accuracy" not in roads:
        return lines or ["map matching: not measured"]
    lines.append("right way at 1 Hz, by noise of positions (in brackets without wheel speed):")
    for region, shares in roads["way_accuracy"].items():
        bare = roads["way_accuracy_positions_only"][region]
        told = (
            f"{noise.replace('_', ' ')} {share:.3f} ({bare[noise]:.3f})"
            for noise, share in shares.items()
        )
        lines.append(f"{region:14} {', '.join(told)}")
    for rate, speeds in roads["points_per_s"].items():
        told = (f"{region} {speed:,.0f}" for region, speed in speeds.items())
        lines.append(f"points/s {rate.replace('_', ' '):6} {', '.join(told)}")
    if roads["boundaries_within_10_m"] is not None:
        lines.append(
            f"ends of tunnels, bridges, roundabouts at 5 m: {roads['boundaries']},"
            f" {roads['boundaries_within_10_m']:.1%} within 10 m,"
            f" half within {roads['boundary_p50_m']:.1f} m"
        )
    return lines


def map_bars(roads: Roads) -> list[str]:
    """Return a line for each bar and extract, the cause of each missed one."""
    if "way_accuracy" not in roads:
        return []
    least, fastest = roads["bar"]["way_accuracy_5_m"], roads["bar"]["points_per_s"]
    lines = []
    for region, shares in roads["way_accuracy"].items():
        cause = "" if shares["5_m"] >= least else f"missed: {_cause(roads, region)}"
        lines.append(f"{f'right way {region} {least:g} at 5 m':{_WIDTH}} {cause or 'met'}")
    slowest = min(roads["points_per_s"]["1_hz"].values())
    speed = "met" if slowest >= fastest else f"missed: {slowest:,.0f}"
    return [*lines, f"{f'map matching {fastest:,.0f} points/s':{_WIDTH}} {speed}"]


def _cause(roads: Roads, region: str) -> str:
    """Return what is wrong most: points by the end of a way lie within the noise of the next."""
    told = f"{roads['way_accuracy'][region]['5_m']:.3f}"
    share = roads.get("wrong_within_10_m_of_a_way_end", {}).get(region)
    if share is None:
        return told
    known = roads.get("way_accuracy_route_known", {}).get(region)
    best = "" if known is None else f" ({known:.3f} with the route known beforehand)"
    return (
        f"{told}{best}; {share:.0%} of the wrong points are within 10 m of where one way becomes"
        " the next"
    )
