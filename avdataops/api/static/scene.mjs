// One scene: pictures, plots and map in step with one playhead.  Times are seconds after its start.

import { makeMap } from "./maps.mjs";
import { copyButtons, isTyping } from "./pages.mjs";

const player = document.querySelector("#player");
if (player) start(JSON.parse(player.dataset.view));
copyButtons();
reviews();

// What a person says goes to the API; what is shown afterwards is what it has kept.
function reviews() {
  const form = document.querySelector("#verdict");
  if (!form) return;
  const scene = document.querySelector("#review").dataset.scene;
  const view = player ? JSON.parse(player.dataset.view) : null;
  for (const button of form.querySelectorAll("[data-take]")) {
    button.addEventListener("click", () => { form.elements[button.dataset.take].value = Number(player?.dataset.t ?? 0).toFixed(2); });
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const verdict = event.submitter?.value ?? "accepted";
    const said = { verdict };
    if (form.elements.comment.value) said.comment = form.elements.comment.value;
    if (verdict === "adjusted") {
      const ns = (s) => BigInt(form.dataset.zero ?? view.zero) + BigInt(Math.round(Number(s) * 1e9));
      if (view && Number(form.elements.start.value) !== 0) said.t_start_ns = ns(form.elements.start.value);
      if (view && form.elements.end.value !== form.elements.end.defaultValue) said.t_end_ns = ns(form.elements.end.value);
      if (form.elements.type.value) said.type = form.elements.type.value;
    }
    // Nanoseconds since 1970 do not fit into a number of JavaScript; in JSON they do.
    const fields = Object.entries(said).map(([name, value]) => `${JSON.stringify(name)}:${typeof value === "bigint" ? value : JSON.stringify(value)}`);
    const told = document.querySelector("#verdict-told");
    told.textContent = "saving";
    const answer = await fetch(`/api/v1/scenes/${scene}/reviews`, {
      method: "POST", body: `{${fields.join(",")}}`,
      headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID?.() ?? String(Math.random()) },
    });
    if (answer.ok) { location.reload(); return; }
    const problem = await answer.json().catch(() => ({ detail: answer.statusText }));
    told.textContent = problem.detail;
  });
  document.addEventListener("keydown", (event) => {
    if (isTyping(event) || !["a", "r"].includes(event.key)) return;
    form.querySelector(`[value=${event.key === "a" ? "accepted" : "rejected"}]`).click();
  });
}

function nearest(frames, t) {
  let low = 0, high = frames.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (frames[middle][0] < t) low = middle + 1; else high = middle;
  }
  return low > 0 && t - frames[low - 1][0] < frames[low][0] - t ? low - 1 : low;
}

function start(view) {
  const head = document.querySelector("#head"), now = document.querySelector("#now");
  const piece = view.at === null ? "" : `?at=${view.at}`;
  const followers = [];
  let t = Number(head.value), playing = false;

  function seek(to) {
    t = Math.min(Math.max(to, view.start), view.stop);
    head.value = t;
    now.textContent = `${t.toFixed(2)} s`;
    player.dataset.t = t.toFixed(3);
    for (const follow of followers) follow(t);
  }

  for (const sensor of view.sensors) pictures(view, sensor, followers, seek);
  plots(view, piece, followers, seek);
  way(view, piece, followers);

  head.addEventListener("input", () => seek(Number(head.value)));
  const button = document.querySelector("#play");
  function play(on) {
    playing = on;
    button.textContent = on ? "Pause" : "Play";
    button.setAttribute("aria-pressed", on);
    if (!on) return;
    if (t >= view.stop - 0.05) seek(view.start);
    let last = performance.now();
    requestAnimationFrame(function step(at) {
      if (!playing) return;
      seek(t + Math.min((at - last) / 1000, 0.2));
      last = at;
      if (t < view.stop) requestAnimationFrame(step); else play(false);
    });
  }
  button.addEventListener("click", () => play(!playing));

  const clock = view.sensors.find((one) => one.class === "camera") ?? view.sensors[0];
  function step(by) {
    if (!clock?.frames.length) return seek(t + by * 0.1);
    const place = nearest(clock.frames, t) + by;
    seek(clock.frames[Math.min(Math.max(place, 0), clock.frames.length - 1)][0]);
  }
  document.addEventListener("keydown", (event) => {
    if (isTyping(event)) return;
    if (event.key === " " && event.target.tagName !== "BUTTON" && event.target.tagName !== "SUMMARY") play(!playing);
    else if (event.key === "ArrowRight") step(1);
    else if (event.key === "ArrowLeft") step(-1);
    else return;
    event.preventDefault();
  });
  seek(t);
}

function addressOf(view, sensor, [t, artifact, row]) {
  if (sensor.class === "camera") return `/frames/${artifact}?row=${row}`;
  const ns = BigInt(view.zero) + BigInt(Math.round(t * 1e9));
  return `/scenes/${view.scene}/clouds/${artifact}?row=${row}&t_ns=${ns}`;
}

function pictures(view, sensor, followers, seek) {
  const named = (element) => element.dataset.stream === sensor.stream;
  const image = [...document.querySelectorAll(`.view.${sensor.class}`)].find(named)?.querySelector("img");
  if (!image || !sensor.frames.length) return;
  let shown = -1, loading = false, wanted = -1;
  // One request at a time: a playhead that runs ahead skips frames instead of queueing them.
  function show(place) {
    wanted = place;
    if (loading || place === shown) return;
    loading = true;
    shown = place;
    image.src = addressOf(view, sensor, sensor.frames[place]);
  }
  function done() { loading = false; image.dataset.t = sensor.frames[shown][0].toFixed(3); if (wanted !== shown) show(wanted); }
  image.addEventListener("load", done);
  image.addEventListener("error", done);
  followers.push((t) => show(nearest(sensor.frames, t)));
  if (sensor.class === "camera") strip(view, sensor, followers, seek);
}

function strip(view, sensor, followers, seek) {
  const place = [...document.querySelectorAll(".strip")].find((one) => one.dataset.stream === sensor.stream);
  const count = Math.min(sensor.frames.length, innerWidth < 760 ? 8 : 16);
  const buttons = [];
  for (let n = 0; n < count; n++) {
    const frame = sensor.frames[Math.round(n * (sensor.frames.length - 1) / Math.max(count - 1, 1))];
    const button = document.createElement("button"), image = new Image();
    button.type = "button";
    image.alt = `frame at ${frame[0].toFixed(1)} s`;
    image.loading = "lazy";
    image.src = addressOf(view, sensor, frame);
    button.append(image);
    button.addEventListener("click", () => seek(frame[0]));
    place.append(button);
    buttons.push([frame[0], button]);
  }
  followers.push((t) => {
    const now = nearest(buttons, t);
    buttons.forEach(([, button], n) => button.classList.toggle("now", n === now));
  });
}

function shownValue(value) { return value === null || value === undefined ? "–" : Number(value.toPrecision(4)).toString(); }

async function plots(view, piece, followers, seek) {
  const answer = await fetch(`/scenes/${view.scene}/signals.json${piece}`);
  if (!answer.ok) return;
  const told = await answer.json();
  const place = document.querySelector("#plots"), sync = uPlot.sync("playhead");
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const groups = [told.actor, told.ego].flatMap(({ t, series }) => series.map((one) => ({ t, ...one })));
  for (const one of groups) {
    const box = document.createElement("div"), name = document.createElement("div"), value = document.createElement("b");
    box.className = "plot";
    name.className = "name";
    name.append(`${one.label}, ${one.unit}`, value);
    box.append(name);
    place.append(box);
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
    const plot = new uPlot({
      width: box.clientWidth, height: 128, cursor: { sync: { key: sync.key }, drag: { x: false, y: false } },
      scales: { x: { time: false, range: [view.start, view.stop] } },
      axes: [{ ...axis, size: 24, values: (_, all) => all.map((t) => `${t} s`) }, { ...axis, size: 44 }],
      series: [{}, { stroke: colour("--link"), width: 1.5, points: { show: false } }],
      hooks: {
        drawClear: [(u) => {
          const left = u.valToPos(0, "x", true), right = u.valToPos(view.end, "x", true);
          u.ctx.fillStyle = colour("--chosen");
          u.ctx.fillRect(Math.max(left, u.bbox.left), u.bbox.top, Math.max(Math.min(right, u.bbox.left + u.bbox.width) - Math.max(left, u.bbox.left), 2), u.bbox.height);
        }],
        draw: [(u) => {
          const x = u.valToPos(Number(player.dataset.t), "x", true);
          u.ctx.strokeStyle = colour("--bad");
          u.ctx.lineWidth = 1.5;
          u.ctx.beginPath();
          u.ctx.moveTo(x, u.bbox.top);
          u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
          u.ctx.stroke();
        }],
      },
    }, [one.t, one.values], box);
    plot.over.addEventListener("click", () => { if (plot.cursor.left >= 0) seek(plot.posToVal(plot.cursor.left, "x")); });
    const points = one.t.map((t) => [t]);
    followers.push((t) => { value.textContent = shownValue(one.values[nearest(points, t)]); plot.redraw(false); });
    new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 128 })).observe(box);
  }
  place.dataset.drawn = groups.length;
  seek(Number(player.dataset.t));
}

async function way(view, piece, followers) {
  const element = document.querySelector("#map");
  const answer = await fetch(`/scenes/${view.scene}/way.json${piece}`);
  const told = answer.ok ? await answer.json() : { way: [], maps: [] };
  if (!told.way.length && !view.place) { element.textContent = "no place is known"; return; }
  const { map, ready, showRoads, fit } = makeMap(element);
  await ready;
  const line = (points) => ({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: points.map(([, lon, lat]) => [lon, lat]) } });
  const inScene = told.way.filter(([t]) => t >= 0 && t <= view.end);
  map.addSource("way", { type: "geojson", data: line(told.way) });
  map.addSource("scene", { type: "geojson", data: line(inScene) });
  map.addSource("here", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
  map.addLayer({ id: "way", type: "line", source: "way", paint: { "line-color": "#8b949e", "line-width": 3 } });
  map.addLayer({ id: "scene", type: "line", source: "scene", paint: { "line-color": "#0b7bd6", "line-width": 5 } });
  map.addLayer({ id: "here", type: "circle", source: "here", paint: { "circle-radius": 7, "circle-color": "#e5484d", "circle-stroke-color": "#fff", "circle-stroke-width": 2 } });
  fit(told.way.length ? told.way.map(([, lon, lat]) => [lon, lat]) : [view.place], 17);
  await showRoads(told.maps);
  if (!told.way.length) return;
  const follow = (t) => {
    const [, lon, lat] = told.way[nearest(told.way, t)];
    map.getSource("here").setData({ type: "Point", coordinates: [lon, lat] });
  };
  followers.push(follow);
  follow(Number(player.dataset.t));
}
