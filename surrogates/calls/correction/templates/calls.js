// Boxes around calls on a spectrogram that scrolls and zooms; each change is sent at once.
const $ = id => document.getElementById(id);
const canvas = $("view"), pen = canvas.getContext("2d");
let state, calls = [], selected = -1, start = 0, wide = 2, drag = null, cursor = 0;
let past = [], save, picture = null, requested = "";
{% include "save.js" %}

const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
const toX = t => (t - start) / wide * canvas.width;
const toY = f => (1 - (f - state.low) / (state.high - state.low)) * canvas.height;
const atX = x => start + x / canvas.width * wide;
const atY = y => state.low + (1 - y / canvas.height) * (state.high - state.low);
const lowOf = c => c.low ?? state.low, highOf = c => c.high ?? state.high;

function fault(text) { $("fault").hidden = !text; $("fault").textContent = text; }

async function load() {
  const answer = await fetch("state");
  state = await answer.json();
  calls = state.calls; save = saver("calls", state.version, () => ({ calls }));
  $("name").textContent = state.name;
  wide = Math.min(window.innerWidth < 640 ? 0.7 : 2, state.seconds);
  selected = calls.length ? 0 : -1;
  if (selected === 0) centre();
  look();
}

function look() {
  wide = clamp(wide, 0.05, Math.min(20, state.seconds));
  start = clamp(start, 0, Math.max(0, state.seconds - wide));
  $("slider").max = Math.max(0, state.seconds - wide); $("slider").value = start;
  const address = `picture?start=${start.toFixed(4)}&stop=${(start + wide).toFixed(4)}`;
  if (address !== requested) {
    requested = address;
    const image = new Image(), from = start, width = wide;
    image.onload = () => { if (requested === address) { picture = { image, from, width }; draw(); } };
    image.src = address;
  }
  draw();
}

function draw() {
  const box = canvas.getBoundingClientRect(), scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(box.width * scale); canvas.height = Math.round(box.height * scale);
  pen.fillStyle = "#fff"; pen.fillRect(0, 0, canvas.width, canvas.height);
  if (picture) pen.drawImage(picture.image, toX(picture.from), 0, picture.width / wide * canvas.width, canvas.height);
  pen.font = `${12 * scale}px system-ui, sans-serif`;
  pen.fillStyle = "#333";
  for (let k = Math.ceil(state.low / 20000); k * 20000 < state.high; k++) pen.fillText(`${k * 20} kHz`, 4, toY(k * 20000));
  calls.forEach((c, i) => {
    if (c.stop < start || c.start > start + wide) return;
    const [x, y] = [toX(c.start), toY(highOf(c))];
    const [w, h] = [toX(c.stop) - x, Math.max(4, toY(lowOf(c)) - y)];
    pen.strokeStyle = i === selected ? "#c4320a" : c.score === 1 ? "#0a7d33" : "#1f5fd0";
    pen.lineWidth = (i === selected ? 3 : 2) * scale;
    pen.strokeRect(x, y - 2, w, h + 4);
    if (c.label) { pen.fillStyle = pen.strokeStyle; pen.fillText(c.label, x, y - 6); }
  });
  $("where").textContent = `${start.toFixed(3)} to ${(start + wide).toFixed(3)} s of ${state.seconds.toFixed(1)} s, ${calls.length} calls`;
  const c = calls[selected];
  for (const id of ["accept", "remove", "split", "merge", "label"]) $(id).disabled = !c;
  $("undo").disabled = past.length === 0;
  if (c && document.activeElement !== $("label")) $("label").value = c.label ?? "";
  $("facts").textContent = c
    ? `Call ${selected + 1}: ${c.start.toFixed(4)} to ${c.stop.toFixed(4)} s, ${(1000 * (c.stop - c.start)).toFixed(1)} ms, ${(lowOf(c) / 1000).toFixed(1)} to ${(highOf(c) / 1000).toFixed(1)} kHz`
    : "No call is chosen.";
}

function keep() { past.push(JSON.stringify([calls, selected])); if (past.length > 200) past.shift(); }

function change(make) { keep(); make(); sorted(); save(); draw(); }

function sorted() {
  const chosen = calls[selected];
  calls.sort((a, b) => a.start - b.start);
  selected = chosen ? calls.indexOf(chosen) : Math.min(selected, calls.length - 1);
}

function centre() { const c = calls[selected]; if (c) start = (c.start + c.stop) / 2 - wide / 2; }
function go(by) { if (calls.length) { selected = clamp(selected + by, 0, calls.length - 1); centre(); look(); } }
function zoom(by, about = start + wide / 2) {
  const share = (about - start) / wide;
  wide = clamp(wide * by, 0.05, Math.min(20, state.seconds)); start = about - share * wide; look();
}

const act = {
  in: () => zoom(0.5), outer: () => zoom(2), previous: () => go(-1), next: () => go(1),
  play: () => {
    const c = calls[selected], from = c ? Math.max(0, c.start - 0.02) : start, to = c ? c.stop + 0.02 : start + wide;
    $("audio").src = `sound?start=${from}&stop=${Math.min(to, state.seconds)}&slower=${$("slower").value}`;
    $("audio").play().catch(error => fault(`Not played: ${error.message}`));
  },
  accept: () => change(() => { calls[selected].score = 1; }),
  remove: () => change(() => { calls.splice(selected, 1); }),
  split: () => {
    const c = calls[selected], at = cursor > c.start + 0.001 && cursor < c.stop - 0.001 ? cursor : (c.start + c.stop) / 2;
    change(() => { calls.push({ ...c, start: at }); c.stop = at; });
  },
  merge: () => {
    const [a, b] = [calls[selected], calls[selected + 1]];
    if (b) change(() => {
      a.stop = Math.max(a.stop, b.stop); a.low = Math.min(lowOf(a), lowOf(b)); a.high = Math.max(highOf(a), highOf(b));
      calls.splice(selected + 1, 1);
    });
  },
  undo: () => { if (past.length) { [calls, selected] = JSON.parse(past.pop()); save(); draw(); } },
};
for (const id in act) $(id).addEventListener("click", () => { if (!$(id).disabled) act[id](); });
$("label").addEventListener("change", () => { if (calls[selected]) change(() => { calls[selected].label = $("label").value; }); });
$("slider").addEventListener("input", () => { start = Number($("slider").value); look(); });

const keys = { "+": "in", "=": "in", "-": "outer", p: "previous", n: "next", " ": "play", a: "accept", Delete: "remove", Backspace: "remove", s: "split", m: "merge", u: "undo" };
document.addEventListener("keydown", event => {
  if (["INPUT", "SELECT"].includes(event.target.tagName) && event.target.type !== "range" || event.ctrlKey || event.metaKey) return;
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") { start += (event.key === "ArrowLeft" ? -1 : 1) * wide / 4; look(); event.preventDefault(); return; }
  const id = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (id) { event.preventDefault(); if (!$(id).disabled) act[id](); }
});

function place(event) {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width * canvas.width, (event.clientY - box.top) / box.height * canvas.height];
}
function hit(x, y) {
  const near = 6 * (window.devicePixelRatio || 1);
  for (let i = calls.length - 1; i >= 0; i--) {
    const c = calls[i], [l, r, t, b] = [toX(c.start), toX(c.stop), toY(highOf(c)), toY(lowOf(c))];
    if (x < l - near || x > r + near || y < t - near || y > b + near) continue;
    if (Math.abs(x - l) < near) return [i, "start"];
    if (Math.abs(x - r) < near) return [i, "stop"];
    if (Math.abs(y - t) < near) return [i, "high"];
    if (Math.abs(y - b) < near) return [i, "low"];
    return [i, "move"];
  }
  return null;
}
canvas.addEventListener("pointerdown", event => {
  const [x, y] = place(event), found = hit(x, y);
  canvas.setPointerCapture(event.pointerId);
  if (found) selected = found[0];
  drag = { x, y, what: found ? found[1] : "new", before: JSON.stringify([calls, selected]), moved: false, from: found ? { ...calls[found[0]] } : null };
  draw();
});
canvas.addEventListener("pointermove", event => {
  const [x, y] = place(event);
  cursor = atX(x);
  if (!drag || (!drag.moved && Math.hypot(x - drag.x, y - drag.y) < 4)) return;
  if (!drag.moved && drag.what === "new") {
    calls.push({ start: 0, stop: 0, low: 0, high: 0, score: 1, label: "" });
    selected = calls.length - 1;
  }
  drag.moved = true;
  const c = calls[selected], t = clamp(atX(x), 0, state.seconds), f = clamp(atY(y), state.low, state.high);
  if (drag.what === "new") {
    const [t0, f0] = [clamp(atX(drag.x), 0, state.seconds), atY(drag.y)];
    [c.start, c.stop, c.low, c.high] = [Math.min(t, t0), Math.max(t, t0), Math.min(f, f0), Math.max(f, f0)];
  } else if (drag.what === "start") c.start = Math.min(t, c.stop - 0.001);
  else if (drag.what === "stop") c.stop = Math.max(t, c.start + 0.001);
  else if (drag.what === "low") c.low = Math.min(f, highOf(c) - 100);
  else if (drag.what === "high") c.high = Math.max(f, lowOf(c) + 100);
  else {
    const by = clamp((x - drag.x) / canvas.width * wide, -drag.from.start, state.seconds - drag.from.stop);
    c.start = drag.from.start + by; c.stop = drag.from.stop + by;
  }
  draw();
});
canvas.addEventListener("pointerup", () => {
  if (drag && drag.moved) {
    past.push(drag.before);
    const c = calls[selected];
    if (c.stop - c.start < 0.001) { [calls, selected] = JSON.parse(past.pop()); } else { sorted(); save(); }
  }
  drag = null; draw();
});
canvas.addEventListener("wheel", event => {
  event.preventDefault();
  const [x] = place(event);
  if (event.ctrlKey || event.shiftKey) zoom(event.deltaY > 0 ? 1.25 : 0.8, atX(x));
  else { start += (event.deltaY + event.deltaX) / 800 * wide; look(); }
}, { passive: false });
window.addEventListener("resize", draw);
load().catch(error => fault(`The page cannot be loaded: ${error.message}`));
