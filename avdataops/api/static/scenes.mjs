// The scenes page: points on the map, and rows by keyboard.

import { makeMap } from "./maps.mjs";
import { Popup } from "./vendor/maplibre-gl.mjs";
import { copyButtons, isTyping } from "./pages.mjs";

const { map, ready, showRoads, fit } = makeMap(document.querySelector("#map"));
const popup = new Popup({ closeButton: false, closeOnClick: false, offset: 8 });
let chosen = -1, drawn = "";

ready.then(() => {
  map.addSource("scenes", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
  map.addLayer({
    id: "scenes", type: "circle", source: "scenes",
    paint: {
      "circle-color": ["get", "colour"],
      "circle-radius": ["case", ["==", ["get", "id"], ["global-state", "chosen"]], 9, 6],
      "circle-stroke-width": 1.5, "circle-stroke-color": "#fff",
    },
  });
  map.on("click", "scenes", (event) => { location.href = `/scenes/${event.features[0].properties.id}`; });
  map.on("mousemove", "scenes", (event) => {
    map.getCanvas().style.cursor = "pointer";
    const { type } = event.features[0].properties;
    popup.setLngLat(event.features[0].geometry.coordinates).setText(type.replaceAll("_", " ")).addTo(map);
  });
  map.on("mouseleave", "scenes", () => { map.getCanvas().style.cursor = ""; popup.remove(); });
  draw();
});

async function draw() {
  const from = document.querySelector("#found")?.dataset.points;
  if (!from || from === drawn) return;
  drawn = from;
  const answer = await fetch(from);
  if (!answer.ok || from !== drawn) return;
  const points = await answer.json();
  map.getSource("scenes").setData(points);
  fit(points.features.map((one) => one.geometry.coordinates), 16);
  await showRoads(points.maps);
  document.querySelector("#map").dataset.shown = points.features.length;
}

function rows() { return [...document.querySelectorAll("#rows tbody tr")]; }

function choose(place) {
  const all = rows();
  if (!all.length) return;
  all[chosen]?.classList.remove("chosen");
  chosen = Math.min(Math.max(place, 0), all.length - 1);
  const row = all[chosen];
  row.classList.add("chosen");
  row.querySelector("a").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  map.setGlobalStateProperty("chosen", row.dataset.id);
}

document.addEventListener("keydown", (event) => {
  if (isTyping(event)) return;
  if (event.key === "j") choose(chosen + 1);
  else if (event.key === "k") choose(chosen - 1);
  else if (event.key === "Enter" && chosen >= 0 && event.target === document.body) rows()[chosen]?.querySelector("a").click();
  else return;
  event.preventDefault();
});

document.addEventListener("htmx:after:swap", () => { chosen = -1; copyButtons(); draw(); });
if (matchMedia("(max-width: 760px)").matches) document.querySelector(".filters details").open = false;
