// Plays a worm beside the memory of every cell.
{% include "crawler.js" %}
const $ = (id) => document.getElementById(id);
const facts = JSON.parse($("facts").textContent);
const LIMIT = 3, VIEW = 2, MARGIN = { left: 8, right: 8, top: 6, bottom: 22 };

function unpacked({ data, offset, step }) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => offset + step * view.getUint16(2 * i, true));
}

const [frames, points] = facts.midlines.shape, cells = facts.memory.shape[1];
const midlines = unpacked(facts.midlines), memory = unpacked(facts.memory);
const rest = unpacked(facts.rest), spread = unpacked(facts.spread);
const features = new Map(facts.features.map(({ name, what, values, r }) => [name, { what, values: unpacked(values), r: unpacked(r) }]));
const names = facts.layers.flatMap((size, layer) => Array.from({ length: size }, (_, i) => `${layer + 1}.${i + 1}`));
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
let frame = 0, playing = !still, last = 0, carried = 0, chosen = 0, feature = features.keys().next().value, order = [], lookup;

const minus = (number, digits) => number.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "\u2212");
const departure = (cell, at) => (spread[cell] > 1e-6 ? (memory[at * cells + cell] - rest[cell]) / spread[cell] : 0);
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function colours() {
  const ground = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const bytes = Uint8Array.from(atob(facts.scales[ground]), (letter) => letter.charCodeAt(0));
  lookup = Array.from({ length: bytes.length / 3 }, (_, i) => `rgb(${bytes[3 * i]} ${bytes[3 * i + 1]} ${bytes[3 * i + 2]})`);
  $("gradient").style.background = `linear-gradient(90deg, ${lookup.filter((_, i) => i % 8 === 0).concat(lookup.at(-1)).join(", ")})`;
}

function colourOf(value) {
  const place = Math.round(((Math.max(-LIMIT, Math.min(LIMIT, value)) + LIMIT) / (2 * LIMIT)) * (lookup.length - 1));
  return lookup[place];
}

function sized(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1, [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

function drawWorm() {
  const side = $("worm").clientWidth;
  const at = Array.from({ length: points }, (_, p) => [0, 1].map((axis) => midlines[2 * (frame * points + p) + axis]));
  drawCrawler(sized($("worm"), side, side), side, at, VIEW);
}

const grids = facts.layers.map((size, layer) => {
  const title = document.createElement("h2"), canvas = document.createElement("canvas");
  title.textContent = `Layer ${layer + 1}: ${size} cells`;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Memories of the ${size} cells of layer ${layer + 1}`);
  $("layers").append(title, canvas);
  const first = facts.layers.slice(0, layer).reduce((a, b) => a + b, 0);
  const grid = { canvas, size, first, columns: 1, box: 1 };
  canvas.addEventListener("click", (event) => {
    const column = Math.floor(event.offsetX / grid.box), row = Math.floor(event.offsetY / grid.box);
    const place = row * grid.columns + column;
    if (column < grid.columns && place < size) choose(order[layer][place]);
  });
  return grid;
});

function drawCells() {
  for (const [layer, grid] of grids.entries()) {
    const width = grid.canvas.clientWidth;
    grid.box = Math.max(9, Math.min(48, Math.sqrt((width * 190) / grid.size)));
    grid.columns = Math.max(1, Math.min(grid.size, Math.floor(width / grid.box)));
    const height = Math.ceil(grid.size / grid.columns) * grid.box + 2;
    grid.canvas.style.height = `${height}px`;
    const pen = sized(grid.canvas, width, height);
    for (const [place, cell] of order[layer].entries()) {
      const x = (place % grid.columns) * grid.box, y = Math.floor(place / grid.columns) * grid.box;
      pen.fillStyle = colourOf(departure(cell, frame));
      pen.fillRect(x + 1, y + 1, grid.box - 2, grid.box - 2);
      if (cell === chosen) {
        pen.strokeStyle = css("--ink");
        pen.lineWidth = 2.5;
        pen.strokeRect(x + 1, y + 1, grid.box - 2, grid.box - 2);
      }
    }
  }
}

function arrange() {
  const { r } = features.get(feature);
  order = grids.map(({ first, size }) => {
    const list = Array.from({ length: size }, (_, i) => first + i);
    return $("sorted").checked ? list.sort((a, b) => r[b] - r[a]) : list;
  });
}

function element(parent, name, attributes, text) {
  const made = parent.appendChild(document.createElementNS("http://www.w3.org/2000/svg", name));
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

let cursor, xOf;
function drawTrace() {
  const svg = $("trace"), width = svg.clientWidth, height = 130, { left, right, top, bottom } = MARGIN;
  if (!width) return;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren();
  xOf = (at) => left + (at / Math.max(1, frames - 1)) * (width - left - right);
  const duration = frames / facts.fps, every = [1, 2, 5, 10, 20, 30, 60, 120, 300].find((s) => duration / s <= 10) ?? 600;
  for (let second = 0; second <= duration; second += every) {
    const x = xOf(second * facts.fps);
    element(svg, "line", { class: "grid", x1: x, x2: x, y1: top, y2: height - bottom });
    const anchor = second === 0 ? "start" : x > width - 30 ? "end" : "middle";
    element(svg, "text", { x, y: height - 6, "text-anchor": anchor }, `${(facts.start + second).toFixed(0)}${second ? "" : " s"}`);
  }
  const own = Float32Array.from({ length: frames }, (_, at) => memory[at * cells + chosen]);
  for (const [values, kind] of [[features.get(feature).values, "feature"], [own, "memory"]]) {
    const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
    const y = (value) => height - bottom - ((value - low) / Math.max(1e-9, high - low)) * (height - top - bottom);
    element(svg, "path", { class: kind, d: `M${Array.from(values, (value, at) => `${xOf(at).toFixed(1)} ${y(value).toFixed(1)}`).join("L")}` });
  }
  cursor = element(svg, "line", { class: "now", y1: top, y2: height - bottom });
  svg.setAttribute("aria-label", `${feature} and the memory of cell ${names[chosen]} over time`);
}

function draw() {
  drawWorm();
  drawCells();
  $("slider").value = frame;
  $("clock").textContent = `${(facts.start + frame / facts.fps).toFixed(1)} s`;
  const { what, values, r } = features.get(feature);
  $("now").textContent = `${what}: ${minus(values[frame], 2)}`;
  $("summary").textContent =
    `Cell ${names[chosen]}: memory ${minus(memory[frame * cells + chosen], 2)} now, ${minus(departure(chosen, frame), 1)} SD from its mean; ` +
    `correlation with ${feature} ${minus(r[chosen], 2)}.`;
  for (const end of ["x1", "x2"]) cursor?.setAttribute(end, xOf(frame));
}

function choose(cell) {
  chosen = cell;
  $("cell").value = cell;
  drawTrace();
  draw();
}

function ranked() {
  const { r } = features.get(feature);
  return Array.from({ length: cells }, (_, i) => i).sort((a, b) => Math.abs(r[b]) - Math.abs(r[a]));
}

function compare(name) {
  feature = name;
  arrange();
  choose(ranked()[0]);
}

function play(on) {
  if (on && frame >= frames - 1) frame = 0;
  playing = on;
  carried = 0;
  $("play").textContent = on ? "Pause" : "Play";
}

function seek(at) {
  play(false);
  frame = Math.max(0, Math.min(frames - 1, Math.round(at)));
  draw();
}

function tick(now) {
  if (playing) {
    carried += ((now - last) / 1000) * facts.fps * Number($("speed").value);
    const whole = Math.floor(carried);
    if (whole) {
      carried -= whole;
      frame = Math.min(frames - 1, frame + whole);
      if (frame >= frames - 1) play(false);
      draw();
    }
  }
  last = now;
  requestAnimationFrame(tick);
}

$("slider").max = frames - 1;
for (const name of features.keys()) $("feature").append(new Option(name, name));
for (const [cell, name] of names.entries()) $("cell").append(new Option(name, cell));
$("play").addEventListener("click", () => play(!playing));
$("slider").addEventListener("input", () => seek(Number($("slider").value)));
$("feature").addEventListener("change", () => compare($("feature").value));
$("cell").addEventListener("change", () => choose(Number($("cell").value)));
$("sorted").addEventListener("change", () => { arrange(); draw(); });
for (const kind of ["pointerdown", "pointermove"]) {
  $("trace").addEventListener(kind, (event) => {
    if (!event.buttons) return;
    const { left, width } = $("trace").getBoundingClientRect();
    seek(((event.clientX - left - MARGIN.left) / (width - MARGIN.left - MARGIN.right)) * (frames - 1));
  });
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || ["SELECT", "BUTTON", "SUMMARY"].includes(event.target.tagName)) return;
  const next = () => { const list = ranked(); choose(list[(list.indexOf(chosen) + 1) % cells]); };
  const action = { " ": () => play(!playing), ",": () => seek(frame - 1), ".": () => seek(frame + 1), n: next, N: next }[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});
new ResizeObserver(() => { drawTrace(); draw(); }).observe(document.querySelector("main"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { colours(); draw(); });
colours();
compare(feature);
play(playing);
requestAnimationFrame(tick);
