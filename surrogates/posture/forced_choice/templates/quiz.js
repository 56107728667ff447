// Plays clips and asks which are real; the server keeps count and tells the truth only after a choice.
const STOPPED = "The test was stopped where it was started: start it again and reload this page.";
{% include "ask.js" %}
{% include "crawler.js" %}
const $ = (id) => document.getElementById(id);
const VIEW = 2.4, MAP = 0.27; // body lengths across the view that follows the worm; the map's share of it
let state, at = null, clip = null, playing = false, time = 0, last = 0;

function guarded(action) {
  return (...given) => action(...given).catch((error) => {
    $("fault").hidden = false;
    $("fault").textContent = error.message;
  });
}

function unpacked({ data, offset, step, shape }) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const values = Float32Array.from({ length: bytes.length / 2 }, (_, i) => offset + step * view.getUint16(2 * i, true));
  return { values, frames: shape[0], points: shape[1] };
}

function shapeAt(seconds) {
  const { values, frames, points } = clip, place = Math.min(frames - 1, seconds * clip.fps);
  const before = Math.floor(place), after = Math.min(before + 1, frames - 1), share = place - before, size = 2 * points;
  return Array.from({ length: points }, (_, p) => [0, 1].map((axis) => {
    const [a, b] = [before, after].map((frame) => values[frame * size + 2 * p + axis]);
    return a + share * (b - a);
  }));
}

// The path so far, in a corner.
function map(pen, side, middle, style) {
  const size = MAP * side, scale = (0.44 * size) / clip.reach;
  pen.fillStyle = style.getPropertyValue("--ground");
  pen.fillRect(side - size, 0, size, size);
  pen.strokeStyle = style.getPropertyValue("--muted");
  pen.lineWidth = 1;
  pen.strokeRect(side - size, 0, size, size);
  const place = ([x, y]) => [side - size / 2 + scale * x, size / 2 - scale * y];
  pen.beginPath();
  for (let frame = 0; frame <= Math.min(clip.frames - 1, time * clip.fps); frame++) pen.lineTo(...place(clip.path[frame]));
  pen.stroke();
  pen.fillStyle = style.getPropertyValue("--midline");
  pen.beginPath();
  pen.arc(...place(middle), 3, 0, 7);
  pen.fill();
}

function draw() {
  const canvas = $("view"), side = canvas.clientWidth;
  if (!clip || !side) return;
  const ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(side * ratio)) canvas.width = canvas.height = Math.round(side * ratio);
  const pen = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, side, side);
  const middle = drawCrawler(pen, side, shapeAt(time), VIEW);
  map(pen, side, middle, style);
  $("slider").value = time;
  $("clock").textContent = `${time.toFixed(0)} of ${clip.duration.toFixed(0)} s`;
}

function tick(now) {
  if (playing) {
    time = Math.min(clip.duration, time + (now - last) / 1000);
    if (time >= clip.duration) play(false);
    draw();
  }
  last = now;
  requestAnimationFrame(tick);
}

function play(on) {
  if (on && time >= clip.duration) time = 0;
  playing = on;
  const word = on ? "Pause " : time >= clip.duration ? "Replay " : "Play ";
  $("play").firstChild.textContent = word;
}

function load(facts) {
  clip = { ...unpacked(facts.midlines), fps: facts.fps };
  clip.duration = (clip.frames - 1) / clip.fps;
  clip.path = Array.from({ length: clip.frames }, (_, frame) => [0, 1].map((axis) => {
    let sum = 0;
    for (let p = 0; p < clip.points; p++) sum += clip.values[2 * (frame * clip.points + p) + axis];
    return sum / clip.points;
  }));
  clip.reach = Math.max(0.6, clip.values.reduce((far, value) => Math.max(far, Math.abs(value)), 0));
  $("slider").max = clip.duration;
  time = 0;
  for (const id of ["start", "end", "lead"]) $(id).hidden = true;
  $("stage").hidden = false;
  play(true);
  draw();
  $("what").focus({ preventScroll: true });
}

function buttons(choosing, waiting) {
  for (const id of ["real", "simulated"]) {
    $(id).hidden = !choosing;
    $(id).disabled = waiting;
    $(id).classList.remove("picked");
  }
  $("next").hidden = !waiting;
}

async function showExample(number) {
  const facts = await ask(`example/${number}`);
  at = { kind: "example", number };
  $("what").textContent = `Example ${number} of ${state.examples}: this worm is ${facts.truth}`;
  $("score").textContent = "";
  $("verdict").textContent = "";
  buttons(false, true);
  load(facts);
}

async function showClip(number) {
  const facts = await ask(`clip/${number}`);
  at = { kind: "clip", number };
  $("what").textContent = `Clip ${number} of ${state.clips}: real or simulated?`;
  $("score").textContent = state.answered ? `${state.right} of ${state.answered} right` : "";
  $("verdict").textContent = "";
  $("verdict").className = "";
  buttons(true, false);
  load(facts);
}

const choose = guarded(async (choice) => {
  if (at?.kind !== "clip" || $("real").disabled) return;
  for (const id of ["real", "simulated"]) $(id).disabled = true;
  state = await ask("choice", { number: at.number, choice });
  $(choice).classList.add("picked");
  $("next").hidden = false;
  const right = choice === state.truth;
  $("verdict").textContent = `${right ? "Right" : "Wrong"}: this worm is ${state.truth}.`;
  $("verdict").className = right ? "right" : "wrong";
  $("score").textContent = `${state.right} of ${state.answered} right`;
});

const goOn = guarded(async () => {
  if (!state) return;
  if (at && $("next").hidden) return;
  $("next").hidden = true;
  if (state.outcome) showEnd();
  else if (state.answered || (at?.kind === "example" && at.number === state.examples)) await showClip(state.answered + 1);
  else await showExample(at ? at.number + 1 : 1);
});

const percent = (share) => (share === null ? "\u2013" : `${(100 * share).toFixed(0)} %`);

function showEnd() {
  play(false);
  at = { kind: "end" };
  for (const id of ["start", "stage", "lead"]) $(id).hidden = true;
  $("end").hidden = false;
  const { accuracy, sensitivity, specificity, chance, published } = state.outcome;
  $("summary").textContent =
    `${accuracy.right} of ${accuracy.number} clips were recognized. ` +
    `By guessing alone one is this far from half, or farther, with probability ${chance.toPrecision(2)}.`;
  const rows = [["all clips (accuracy)", accuracy], ["real ones (sensitivity)", sensitivity], ["simulated ones (specificity)", specificity]];
  $("figures").replaceChildren(...rows.map(([name, { right, number, share, low, high }]) => {
    const row = document.createElement("tr");
    const interval = share === null ? "\u2013" : `${percent(low)} to ${percent(high)}`;
    for (const [i, text] of [name, `${right} of ${number}`, percent(share), interval].entries()) {
      const cell = row.appendChild(document.createElement(i ? "td" : "th"));
      cell.textContent = text;
      if (i) cell.className = "number";
      else cell.scope = "row";
    }
    return row;
  }));
  const others = published.map(([who, share]) => `${percent(share)} (${who})`);
  $("published").textContent = `Published accuracy, Li et al. 2017: ${others.join("; ")}.`;
  $("done").focus();
}

$("begin").addEventListener("click", goOn);
$("next").addEventListener("click", goOn);
$("play").addEventListener("click", () => play(!playing));
for (const choice of ["real", "simulated"]) $(choice).addEventListener("click", () => choose(choice));
$("slider").addEventListener("input", () => {
  play(false);
  time = Number($("slider").value);
  draw();
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const action = { r: () => choose("real"), s: () => choose("simulated"), Enter: goOn, " ": () => clip && at?.kind !== "end" && play(!playing) }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return;
  event.preventDefault();
  action();
});
new ResizeObserver(draw).observe($("view"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
guarded(async () => {
  state = await ask("state");
  if (state.outcome) showEnd();
  else if (state.answered) await showClip(state.answered + 1);
  requestAnimationFrame(tick);
})();
