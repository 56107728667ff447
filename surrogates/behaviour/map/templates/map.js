// A map of behaviours: point at a region and its clips play; a strip of regions over time.
const $ = (id) => document.getElementById(id);
const facts = JSON.parse($("facts").textContent);
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
function shorts(text) {
  const view = new DataView(bytes(text).buffer);
  return Uint16Array.from({ length: view.byteLength / 2 }, (_, i) => view.getUint16(2 * i, true));
}
const unpacked = ({ data, offset, step }) => Float32Array.from(shorts(data), (level) => offset + step * level);
const cells = facts.cells, density = unpacked(facts.density), labels = shorts(facts.labels), number = facts.regions.length;
const clips = facts.clips.map((each) => each.map((clip) => ({ ...clip, xy: unpacked(clip.points), shape: clip.points.shape })));
const roles = ["--c0", "--c1", "--c2", "--c3", "--c4", "--c5", "--c7"];
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colour = (region) => css(roles[region % roles.length]);
let shown = 0, pinned = 0, playing = !matchMedia("(prefers-reduced-motion: reduce)").matches, clock = 0, last = 0;

{% include "sized.js" %}

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

function picture() {
  const tile = document.createElement("canvas");
  tile.width = tile.height = cells;
  const image = new ImageData(cells, cells), ground = rgb(css("--figure")), inks = facts.regions.map((_, k) => rgb(colour(k)));
  for (let c = 0; c < cells; c++) for (let r = 0; r < cells; r++) {
    const from = c * cells + r, to = 4 * ((cells - 1 - r) * cells + c), share = Math.min(1, 0.06 + density[from]);
    const seen = density[from] > 0.02 ? share : 0, ink = inks[labels[from]];
    for (let k = 0; k < 3; k++) image.data[to + k] = ground[k] + seen * (ink[k] - ground[k]);
    image.data[to + 3] = 255;
  }
  tile.getContext("2d").putImageData(image, 0, 0);
  return tile;
}
let tile = picture();

function drawMap() {
  const canvas = $("map"), [pen, width] = sized(canvas, Math.min(520, canvas.clientWidth));
  const side = Math.min(520, width), left = (width - side) / 2;
  pen.imageSmoothingEnabled = true;
  pen.drawImage(tile, left, 0, side, side);
  pen.strokeStyle = css("--ink");
  const step = side / cells, other = (c, r) => c < 0 || r < 0 || c >= cells || r >= cells || labels[c * cells + r] !== shown || density[c * cells + r] <= 0.02;
  pen.lineWidth = 1.2;
  pen.beginPath();
  for (let c = 0; c < cells; c++) for (let r = 0; r < cells; r++) {
    if (other(c, r)) continue;
    const x = left + c * step, y = side - (r + 1) * step;
    if (other(c - 1, r)) { pen.moveTo(x, y); pen.lineTo(x, y + step); }
    if (other(c + 1, r)) { pen.moveTo(x + step, y); pen.lineTo(x + step, y + step); }
    if (other(c, r + 1)) { pen.moveTo(x, y); pen.lineTo(x + step, y); }
    if (other(c, r - 1)) { pen.moveTo(x, y + step); pen.lineTo(x + step, y + step); }
  }
  pen.stroke();
  pen.font = "600 13px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineWidth = 3;
  pen.lineJoin = "round";
  facts.summits.forEach(([x, y], region) => {
    const at = [left + x * side, side - y * side];
    pen.strokeStyle = css("--figure");
    pen.strokeText(region + 1, ...at);
    pen.fillStyle = css("--ink");
    pen.fillText(region + 1, ...at);
  });
}

function regionAt(event) {
  const box = $("map").getBoundingClientRect(), side = Math.min(520, box.width), left = (box.width - side) / 2;
  const c = Math.floor((event.clientX - box.left - left) / side * cells), r = Math.floor((1 - (event.clientY - box.top) / side) * cells);
  if (c < 0 || r < 0 || c >= cells || r >= cells || density[c * cells + r] <= 0.02) return -1;
  return labels[c * cells + r];
}

const span = (() => {
  let most = 0;
  for (const each of clips) for (const clip of each) for (const value of clip.xy) most = Math.max(most, Math.abs(value));
  return 2.15 * most || 1;
})();

function drawClips() {
  const canvas = $("clips"), mine = clips[shown], columns = Math.min(2, Math.max(1, mine.length)), rows = Math.ceil(mine.length / columns) || 1;
  const [pen, width, height] = sized(canvas, Math.min(520, canvas.clientWidth));
  if (!mine.length) {
    pen.fillStyle = css("--muted");
    pen.fillText("no bout of these animals", 12, 24);
  }
  mine.forEach((clip, index) => {
    const [frames, points] = clip.shape, frame = Math.floor(clock * clip.fps) % frames;
    const w = width / columns, h = height / rows, scale = Math.min(w, h) / span;
    const x = (p) => (index % columns + 0.5) * w + scale * clip.xy[2 * (frame * points + p)];
    const y = (p) => (Math.floor(index / columns) + 0.5) * h + scale * clip.xy[2 * (frame * points + p) + 1];
    pen.lineCap = "round";
    pen.lineWidth = 2;
    pen.strokeStyle = css("--muted");
    pen.beginPath();
    for (const [a, b] of facts.links) { pen.moveTo(x(a), y(a)); pen.lineTo(x(b), y(b)); }
    pen.stroke();
    pen.fillStyle = colour(shown);
    for (let p = 0; p < points; p++) { pen.beginPath(); pen.arc(x(p), y(p), points > 24 ? 2 : 3.2, 0, 7); pen.fill(); }
    pen.fillStyle = css("--line");
    pen.fillRect(index % columns * w + 8, (Math.floor(index / columns) + 1) * h - 8, w - 16, 3);
    pen.fillStyle = css("--muted");
    pen.fillRect(index % columns * w + 8, (Math.floor(index / columns) + 1) * h - 8, (w - 16) * (frame + 1) / frames, 3);
  });
}

function say() {
  const region = facts.regions[shown], peak = region.peak === "\u2013" ? "" : `, stands out at ${region.peak} Hz`;
  $("title").textContent = region.name;
  $("where").textContent = `${region.share} of the time, ${region.bouts} bouts of ${region.bout} s (median)${peak}. ` + clips[shown].map((clip) => clip.where).join("; ");
  document.querySelectorAll("#regions button").forEach((button, k) => button.setAttribute("aria-pressed", k === pinned));
}

function show(region) {
  if (region === shown) return;
  shown = region;
  clock = 0;
  drawMap();
  drawClips();
  say();
}

facts.regions.forEach((region, k) => {
  const item = document.createElement("li"), button = document.createElement("button");
  const patch = document.createElement("i"), name = document.createElement("b"), share = document.createElement("span"), small = document.createElement("small");
  button.type = "button";
  patch.dataset.region = k;
  name.textContent = region.name;
  share.textContent = region.share;
  small.textContent = `${region.bouts} bouts, median ${region.bout} s${region.peak === "\u2013" ? "" : `, ${region.peak} Hz`}`;
  button.append(patch, name, share, small);
  button.onclick = () => { pinned = k; show(k); say(); };
  button.onmouseenter = button.onfocus = () => show(k);
  button.onmouseleave = () => show(pinned);
  item.append(button);
  $("regions").append(item);
});

$("map").onpointermove = (event) => {
  const region = regionAt(event);
  show(region < 0 ? pinned : region);
  $("place").textContent = region < 0 ? "Strong colours: much time is spent there." : `${facts.regions[region].name}; click to keep it.`;
};
$("map").onpointerleave = () => show(pinned);
$("map").onclick = (event) => { const region = regionAt(event); if (region >= 0) { pinned = region; show(region); say(); } };

facts.animals.forEach((animal, k) => $("animal").add(new Option(animal.name, k)));
function view() {
  const animal = facts.animals[$("animal").value || 0], whole = animal.frames / animal.fps;
  const wide = Math.min(Number($("span").value) || whole, whole), from = $("from").value / 1000 * (whole - wide);
  return { animal, from, wide, whole };
}
function drawStrip() {
  const { animal, from, wide, whole } = view(), [pen, width, height] = sized($("ethogram"), 84);
  $("from").disabled = wide >= whole;
  const x = (frame) => (frame / animal.fps - from) / wide * width;
  for (let k = 0; k < animal.bouts.length; k += 3) {
    const [a, b] = [x(animal.bouts[k]), x(animal.bouts[k + 1])];
    if (b < 0 || a > width) continue;
    pen.fillStyle = colour(animal.bouts[k + 2]);
    pen.fillRect(a, 8, Math.max(b - a, 0.5), height - 34);
  }
  pen.fillStyle = css("--muted");
  pen.font = "12px system-ui, sans-serif";
  for (let k = 0; k <= 4; k++) {
    pen.textAlign = ["left", "center", "center", "center", "right"][k];
    pen.fillText(`${(from + wide * k / 4).toFixed(wide < 20 ? 1 : 0)} s`, 2 + (width - 4) * k / 4, height - 8);
  }
}
$("ethogram").onpointermove = (event) => {
  const { animal, from, wide } = view(), box = $("ethogram").getBoundingClientRect();
  const time = from + (event.clientX - box.left) / box.width * wide, frame = Math.floor(time * animal.fps);
  for (let k = 0; k < animal.bouts.length; k += 3) if (frame >= animal.bouts[k] && frame < animal.bouts[k + 1]) {
    const region = animal.bouts[k + 2];
    $("moment").textContent = `${time.toFixed(2)} s, frame ${frame}: ${facts.regions[region].name}`;
    show(region);
    return;
  }
  $("moment").textContent = `${time.toFixed(2)} s, frame ${frame}: not on the map`;
};
$("ethogram").onpointerleave = () => show(pinned);
for (const id of ["animal", "from", "span"]) $(id).oninput = drawStrip;
$("play").onclick = () => { playing = !playing; named(); };
const named = () => { $("play").textContent = playing ? "Pause" : "Play"; $("play").setAttribute("aria-pressed", playing); };

function all() {
  tile = picture();
  document.querySelectorAll("#regions i").forEach((patch) => { patch.style.background = colour(Number(patch.dataset.region)); });
  drawMap();
  drawClips();
  drawStrip();
}
function tick(now) {
  if (playing && last) { clock += (now - last) / 1000 * Number($("speed").value); drawClips(); }
  last = now;
  requestAnimationFrame(tick);
}
addEventListener("resize", all);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
named();
all();
say();
requestAnimationFrame(tick);
