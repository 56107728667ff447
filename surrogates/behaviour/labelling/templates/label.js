// Bouts of behaviours on a timeline below the clip or its skeleton; each change is sent at once.
const $ = id => document.getElementById(id);
const view = $("view"), line = $("line"), clip = $("clip");
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a800", "#888888", "#7a5195"];
const CHUNK = 1000;
let state, bouts = [], waiting = [], frame = 0, open = null, current = -1;
let past = [], playing = null, save;
const chunks = new Map();
{% include "save.js" %}

const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
const colour = name => COLOURS[state.classes.indexOf(name) % COLOURS.length];
const css = name => getComputedStyle(document.documentElement).getPropertyValue(name);
const boutAt = at => bouts.findIndex(b => b.start <= at && at < b.end);

function fault(text) { $("fault").hidden = !text; $("fault").textContent = text; }

async function load() {
  state = await (await fetch("state")).json();
  bouts = state.bouts; waiting = state.predicted; save = saver("bouts", state.version, () => ({ bouts }));
  $("name").textContent = state.name;
  $("slider").max = state.frames - 1;
  state.classes.forEach((name, i) => {
    const button = document.createElement("button");
    button.type = "button"; button.id = `class${i}`; button.setAttribute("aria-pressed", "false");
    const dot = document.createElement("span"), key = document.createElement("kbd");
    dot.className = "dot"; dot.style.background = COLOURS[i]; key.textContent = i + 1;
    button.append(dot, name, key);
    button.addEventListener("click", () => mark(i));
    $("classes").append(button);
  });
  if (state.clip) { clip.hidden = false; clip.src = "clip"; }
  show(0);
}

async function points(at) {
  const first = Math.floor(at / CHUNK) * CHUNK;
  if (!chunks.has(first)) {
    chunks.set(first, null);
    const answer = await (await fetch(`points?first=${first}&end=${Math.min(first + CHUNK, state.frames)}`)).json();
    chunks.set(first, answer.points);
    draw();
  }
  return chunks.get(first);
}

function show(at) {
  frame = clamp(Math.round(at), 0, state.frames - 1);
  $("slider").value = frame;
  if (state.clip && !playing) clip.currentTime = (frame + 0.5) / state.fps;
  points(frame).catch(error => fault(`Points cannot be loaded: ${error.message}`));
  draw();
}

function sized(canvas) {
  const box = canvas.getBoundingClientRect(), scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(box.width * scale); canvas.height = Math.round(box.height * scale);
  return [canvas.getContext("2d"), canvas.width, canvas.height, scale];
}

function drawAnimals() {
  const [pen, wide, high, scale] = sized(view);
  const its = (chunks.get(Math.floor(frame / CHUNK) * CHUNK) ?? [])[frame % CHUNK];
  if (!its) return;
  let [x0, y0, x1, y1] = state.box;
  if (state.clip && clip.videoWidth) [x0, y0, x1, y1] = [0, 0, clip.videoWidth, clip.videoHeight];
  const pad = state.clip ? 0 : 20 * scale;
  const zoom = Math.min((wide - 2 * pad) / Math.max(x1 - x0, 1e-9), (high - 2 * pad) / Math.max(y1 - y0, 1e-9));
  const at = p => [wide / 2 + (p[0] - (x0 + x1) / 2) * zoom, high / 2 + (p[1] - (y0 + y1) / 2) * zoom];
  its.forEach((animal, k) => {
    const known = animal.filter(p => p).map(at);
    pen.strokeStyle = pen.fillStyle = css(k % 2 ? "--c1" : "--c0");
    pen.lineWidth = 2 * scale;
    pen.beginPath();
    known.forEach(([x, y], i) => i ? pen.lineTo(x, y) : pen.moveTo(x, y));
    pen.stroke();
    known.forEach(([x, y], i) => { pen.beginPath(); pen.arc(x, y, (i ? 3 : 5) * scale, 0, 7); pen.fill(); });
  });
}

function drawLine() {
  const [pen, wide, high, scale] = sized(line);
  const x = at => at / state.frames * wide;
  const bar = (b, top, tall) => { pen.fillStyle = colour(b.behaviour); pen.fillRect(x(b.start), top * high, Math.max(1, x(b.end) - x(b.start)), tall * high); };
  bouts.forEach(b => bar(b, 0.08, 0.46));
  pen.globalAlpha = 0.55;
  waiting.forEach(b => bar(b, 0.62, 0.24));
  if (open) bar({ behaviour: open.behaviour, start: Math.min(open.start, frame), end: Math.max(open.start, frame) + 1 }, 0.08, 0.46);
  pen.globalAlpha = 1;
  if (current >= 0) {
    const b = waiting[current];
    pen.strokeStyle = css("--ink"); pen.lineWidth = 2 * scale;
    pen.strokeRect(x(b.start), 0.6 * high, Math.max(3, x(b.end) - x(b.start)), 0.28 * high);
  }
  pen.fillStyle = css("--ink"); pen.fillRect(x(frame) - scale, 0, 2 * scale, high);
}

function draw() {
  drawAnimals(); drawLine();
  const b = bouts[boutAt(frame)];
  $("where").textContent = `Frame ${frame} of ${state.frames}, ${(frame / state.fps).toFixed(2)} s; ${bouts.length} bouts, ${waiting.length} predictions left`;
  $("facts").textContent = open ? `${open.behaviour} from frame ${open.start}: press its number again at the last frame.`
    : b ? `${b.behaviour} from frame ${b.start} to ${b.end - 1}` : "No label at this frame.";
  state.classes.forEach((name, i) => $(`class${i}`).setAttribute("aria-pressed", String(Boolean(open && open.behaviour === name))));
  $("remove").disabled = !b; $("undo").disabled = !past.length; $("cancel").disabled = !open;
  $("next").disabled = !waiting.length; $("accept").disabled = $("reject").disabled = current < 0;
}

// A new bout takes its frames from those that were there.
function put(added) {
  const rest = bouts.flatMap(b => b.end <= added.start || b.start >= added.end ? [b] : [
    { ...b, end: added.start }, { ...b, start: added.end },
  ].filter(part => part.end > part.start));
  bouts = [...rest, added].sort((a, b) => a.start - b.start);
}

function change(make) {
  past.push(JSON.stringify([bouts, waiting, current]));
  if (past.length > 200) past.shift();
  make(); save(); draw();
}

function mark(i) {
  const name = state.classes[i];
  if (!open || open.behaviour !== name) { open = { behaviour: name, start: frame }; draw(); return; }
  const [start, end] = [Math.min(open.start, frame), Math.max(open.start, frame) + 1];
  open = null;
  change(() => put({ behaviour: name, start, end }));
}

function ask(index) { current = waiting.length ? (index + waiting.length) % waiting.length : -1; if (current >= 0) show(waiting[current].start); else draw(); }

function stop() { cancelAnimationFrame(playing); playing = null; clip.pause(); show(frame); }
function play() {
  if (playing) { stop(); return; }
  const rate = Number($("speed").value), began = performance.now(), from = frame;
  if (state.clip) { clip.playbackRate = rate; clip.play().catch(error => fault(`Not played: ${error.message}`)); }
  const step = now => {
    const at = state.clip ? clip.currentTime * state.fps - 0.5 : from + (now - began) / 1000 * state.fps * rate;
    if (at >= state.frames - 1) { frame = state.frames - 1; stop(); return; }
    playing = requestAnimationFrame(step);
    show(at);
  };
  playing = requestAnimationFrame(step);
}

const act = {
  play,
  remove: () => change(() => { bouts.splice(boutAt(frame), 1); }),
  undo: () => { if (past.length) { [bouts, waiting, current] = JSON.parse(past.pop()); save(); draw(); } },
  cancel: () => { open = null; draw(); },
  next: () => ask(current + 1),
  accept: () => { const at = current; change(() => { put(waiting[at]); waiting.splice(at, 1); }); ask(at); },
  reject: () => { const at = current; change(() => { waiting.splice(at, 1); }); ask(at); },
};
for (const id in act) $(id).addEventListener("click", () => { if (!$(id).disabled) act[id](); });
$("slider").addEventListener("input", () => show(Number($("slider").value)));
line.addEventListener("pointerdown", event => {
  const box = line.getBoundingClientRect();
  show((event.clientX - box.left) / box.width * state.frames);
});

const keys = { " ": "play", Delete: "remove", Backspace: "remove", u: "undo", Escape: "cancel", n: "next", a: "accept", x: "reject" };
document.addEventListener("keydown", event => {
  if (event.target.tagName === "SELECT" || event.ctrlKey || event.metaKey) return;
  const number = Number(event.key);
  if (event.key !== " " && number >= 1 && number <= state.classes.length) { mark(number - 1); return; }
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    event.preventDefault();
    show(frame + (event.key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? 10 : 1));
    return;
  }
  const id = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (id) { event.preventDefault(); if (!$(id).disabled) act[id](); }
});
window.addEventListener("resize", draw);
load().catch(error => fault(`The page cannot be loaded: ${error.message}`));
