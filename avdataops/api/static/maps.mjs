// A map without tiles: roads of the workspace's own extract, or nothing but what is drawn on it.

import { LngLatBounds, Map, NavigationControl, ScaleControl } from "./vendor/maplibre-gl.mjs";

const LEAST_ZOOM_OF_ROADS = 11.5;
const dark = matchMedia("(prefers-color-scheme: dark)");

function colours() {
  return dark.matches
    ? { ground: "#161b22", casing: "#2b323b", road: "#4a5561", main: "#66727f" }
    : { ground: "#e9edf1", casing: "#9aa7b4", road: "#ffffff", main: "#ffe9a8" };
}

function style() {
  const c = colours();
  const isMain = ["match", ["get", "road_class"], ["motorway", "trunk", "primary", "secondary"], true, false];
  const wide = (more) => ["interpolate", ["exponential", 1.6], ["zoom"], 11, ["case", isMain, 1.8 + more / 2, 1.2 + more / 2], 18, ["case", isMain, 14 + more, 9 + more]];
  return {
    version: 8,
    sources: { roads: { type: "geojson", data: { type: "FeatureCollection", features: [] } } },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": c.ground } },
      { id: "casing", type: "line", source: "roads", layout: { "line-cap": "round" }, paint: { "line-color": c.casing, "line-width": wide(3) } },
      { id: "roads", type: "line", source: "roads", layout: { "line-cap": "round" }, paint: { "line-color": ["case", isMain, c.main, c.road], "line-width": wide(0) } },
    ],
  };
}

export function makeMap(element) {
  const map = new Map({ container: element, style: style(), attributionControl: false, center: [10, 50], zoom: 3, fadeDuration: 0 });
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({}), "bottom-left");
  const note = document.createElement("div");
  note.className = "map-note";
  note.textContent = "roads © OpenStreetMap contributors";
  note.hidden = true;
  element.append(note);
  let extracts = [], asked = "";
  async function roads() {
    const bounds = map.getBounds();
    if (!extracts.length || map.getZoom() < LEAST_ZOOM_OF_ROADS) return;
    const margin = 0.3;
    const [w, s, e, n] = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    if (Math.max(e - w, n - s) > 0.3) return;
    const box = new URLSearchParams({
      south: (s - margin * (n - s)).toFixed(3), north: (n + margin * (n - s) + 0.001).toFixed(3),
      west: (w - margin * (e - w)).toFixed(3), east: (e + margin * (e - w) + 0.001).toFixed(3),
    });
    if (asked === box.toString()) return;
    asked = box.toString();
    const found = await Promise.all(extracts.map(async (id) => {
      const answer = await fetch(`/maps/${id}/roads.json?${box}`);
      return answer.ok ? (await answer.json()).features : [];
    }));
    if (asked !== box.toString()) return;
    map.getSource("roads")?.setData({ type: "FeatureCollection", features: found.flat() });
    note.hidden = !found.flat().length;
  }
  map.on("moveend", roads);
  return {
    map,
    ready: new Promise((done) => { map.on("load", done); }),
    showRoads(ids) { extracts = ids; asked = ""; return roads(); },
    fit(points, most = 16) {
      if (!points.length) return;
      const box = points.reduce((all, one) => all.extend(one), new LngLatBounds(points[0], points[0]));
      map.fitBounds(box, { padding: 36, maxZoom: most, animate: false });
    },
  };
}
