// Labels of one frame at a time: what keys and buttons do. Changes hold what a mark is afterwards, and go at once.
import { ask, begin, fault, hold, keep, mayChange } from "./saving.js";
import { canvas, draw, fit, listen, pan, placeOf, toImage, view, zoom } from "./view.js";
import * as panels from "./panels.js";
import * as bones from "./skeleton.js";

const $ = id => document.getElementById(id);
const now = { films: [], film: "", frame: 0, skeleton: null, animals: [], animal: "", keypoint: null, marks: {}, guesses: {}, status: new Map(), offered: [] };
const history = { past: [], future: [], seen: [], at: -1 };
let size = null, shown = 0, changes = 0, latest = 0, before = null, last = null, trained = false, idle = 0;
const key = (film, frame) => JSON.stringify([film, frame]);
const film = () => now.films.find(each => each.name === now.film);
const clone = value => JSON.parse(JSON.stringify(value ?? {}));
const marks = () => now.marks[now.animal] ??= {};

async function load(first) {
  const state = await ask("state");
  Object.assign(now, { films: state.films, skeleton: state.skeleton, animals: state.animals, offered: state.offered });
  now.status = new Map(state.status.map(([name, frame, status]) => [key(name, frame), status]));
  if (!now.animals.includes(now.animal)) now.animal = now.animals[0];
  if (!now.skeleton?.joints.includes(now.keypoint)) now.keypoint = now.skeleton?.joints[0] ?? null;
  if (first) {
    $("title").textContent = state.folder.split("/").at(-1); document.title = $("title").textContent;
    $("film").replaceChildren(...now.films.map(each => new Option(each.name)));
    $("films").hidden = now.films.length < 2;
    $("kind").replaceChildren(...state.kinds.map(each => new Option(each)));
    if (state.notes.length) fault(`Left out: ${state.notes.join("; ")}`);
    begin(state.folder, heard);
  }
  $("animal").replaceChildren(...now.animals.map(each => new Option(each)));
  $("whose").hidden = now.animals.length < 2;
  progress(state);
}

async function go(name, frame, visit = true) {
  const to = now.films.find(each => each.name === name);
  if (!to) return;
  frame = Math.min(Math.max(frame, 0), to.frames - 1);
  if (visit && (name !== now.film || frame !== now.frame)) spent();
  const mine = ++latest, address = `film=${encodeURIComponent(name)}&frame=${frame}`, image = new Image();
  image.src = `picture?${address}`;
  try {
    const [received] = await Promise.all([ask(`frame?${address}`), image.decode()]);
    if (mine !== latest) return;
    const moved = name !== now.film || frame !== now.frame;
    Object.assign(now, { film: name, frame, marks: received.marks, guesses: received.guesses });
    if (moved) { shown = performance.now(); idle = 0; changes = 0; choose(now.animal, firstOpen() ?? now.skeleton?.joints[0] ?? null); }
    const fitted = size === `${image.width} ${image.height}`;
    view.image = image; size = `${image.width} ${image.height}`;
    if (!fitted) fit();
    if (visit && key(name, frame) !== history.seen[history.at]) { history.seen.splice(++history.at, Infinity, key(name, frame)); }
    document.body.dataset.frame = key(name, frame);
    redraw();
  } catch (error) { fault(`The frame cannot be shown: ${error.message}`); }
}

function spent() {
  if (changes && mayChange()) {
    const seconds = Math.max(0, (performance.now() - shown) / 1000 - idle);
    keep({ do: "time", film: now.film, frame: now.frame, seconds: Math.round(100 * seconds) / 100, changes });
    last = { film: now.film, frame: now.frame, marks: clone(now.marks) };
  }
  changes = 0;
}
let touched = performance.now(); // what passes without a key or the mouse for more than a minute is no work
for (const kind of ["keydown", "pointerdown", "pointermove"]) addEventListener(kind, () => {
  const away = (performance.now() - touched) / 1000;
  if (away > 60) idle += away;
  touched = performance.now();
}, true);

function redraw() {
  draw(now); panels.points(now, name => choose(now.animal, name)); panels.strip(now);
  $("film").value = now.film; $("frame").value = now.frame; $("animal").value = now.animal;
  $("frame").max = (film()?.frames ?? 1) - 1;
  $("where").textContent = film() ? `${now.films.length > 1 ? `${now.film}, ` : ""}frame ${now.frame} of ${film().frames}, ${now.status.get(key(now.film, now.frame)) ?? "no label"}` : "";
  $("undo").disabled = !history.past.length; $("redo").disabled = !history.future.length;
  for (const id of ["place", "occluded", "absent", "remove"]) $(id).disabled = !now.keypoint;
  $("accept").disabled = !open().length; $("exchange").disabled = !now.skeleton?.pairs.length; $("copy").disabled = !last;
}
const open = () => Object.keys(now.guesses[now.animal] ?? {}).filter(name => !marks()[name]);
const firstOpen = () => now.skeleton?.joints.find(name => !now.marks[now.animal]?.[name]);
function choose(animal, name) { now.animal = animal; now.keypoint = name; if (view.image) redraw(); }

// One change: `after` holds the key points that are other than before; null takes a mark away.
function change(after, note = true, at = { film: now.film, frame: now.frame, animal: now.animal }, old = null) {
  if (!mayChange()) { fault("Another page labels here: take over to change labels."); return; }
  const here = at.film === now.film && at.frame === now.frame, stored = here ? now.marks[at.animal] ??= {} : {};
  const previous = old ?? Object.fromEntries(Object.keys(after).map(name => [name, stored[name] ?? null]));
  if (note) { history.past.push({ ...at, before: clone(previous), after: clone(after) }); history.future = []; }
  for (const [name, mark] of Object.entries(after)) if (mark) stored[name] = mark; else delete stored[name];
  changes++;
  keep({ do: "mark", ...at, marks: after });
  if (here) {
    const counts = now.animals.map(animal => Object.keys(now.marks[animal] ?? {}).filter(name => now.skeleton.joints.includes(name)).length).filter(Boolean);
    if (counts.length) now.status.set(key(now.film, now.frame), Math.min(...counts) === now.skeleton.joints.length ? "whole" : "part"); else now.status.delete(key(now.film, now.frame));
    redraw();
  }
}
const round = value => Math.round(100 * value) / 100;
const inside = (x, y) => [Math.min(Math.max(round(x), -0.5), view.image.width - 0.5), Math.min(Math.max(round(y), -0.5), view.image.height - 0.5)];
function put(x, y, state) {
  if (!now.keypoint) { fault("Make a skeleton first: press S."); return; }
  const was = marks()[now.keypoint];
  change({ [now.keypoint]: [...inside(x, y), state ?? (was && was[2] !== "absent" ? was[2] : "visible"), "person"] });
}
function nudge(dx, dy) {
  const place = now.keypoint && placeOf(now, now.animal, now.keypoint);
  if (place) put(place.x + dx, place.y + dy); else pan(-dx * 8, -dy * 8), redraw();
}
function step(by) {
  const names = now.skeleton?.joints ?? [];
  if (names.length) choose(now.animal, names[(names.indexOf(now.keypoint) + by + names.length) % names.length]);
}
async function travel(from, to, side) {
  const entry = history[from].pop();
  if (!entry) return;
  history[to].push(entry);
  const { before: b, after: a, ...at } = entry;
  if (at.film !== now.film || at.frame !== now.frame) await go(at.film, at.frame);
  now.animal = at.animal;
  change(side === "before" ? b : a, false, at);
}
async function offered(by) {
  if (by < 0) { if (history.at > 0) await go(...JSON.parse(history.seen[--history.at]), false).then(() => spent()); return; }
  const here = now.offered.findIndex(([name, frame]) => name === now.film && frame === now.frame);
  const next = [...now.offered.slice(here + 1), ...now.offered.slice(0, here + 1)].find(([name, frame]) => ["guess", undefined].includes(now.status.get(key(name, frame))) && !(name === now.film && frame === now.frame));
  if (next) await go(...next); else fault("All offered frames are labelled.");
}

const act = {
  later: () => offered(1), earlier: () => offered(-1),
  back: event => go(now.film, now.frame - (event?.shiftKey ? 10 : 1)), forth: event => go(now.film, now.frame + (event?.shiftKey ? 10 : 1)),
  larger: () => { zoom(1.25); redraw(); }, smaller: () => { zoom(0.8); redraw(); }, fit: () => { fit(); redraw(); },
  lines: () => toggle("lines"), names: () => toggle("names"),
  accept: async () => {
    const guesses = now.guesses[now.animal] ?? {}, after = {};
    for (const name of open()) { const [x, y] = guesses[name]; after[name] = x === null ? [null, null, "absent", "accepted"] : [...inside(x, y), "visible", "accepted"]; }
    if (Object.keys(after).length) change(after);
    await offered(1);
  },
  place: () => { const place = placeOf(now, now.animal, now.keypoint); put(...(place ? [place.x, place.y] : toImage(canvas.width / 2, canvas.height / 2))); },
  occluded: () => {
    const place = placeOf(now, now.animal, now.keypoint);
    if (place) put(place.x, place.y, place.state === "occluded" ? "visible" : "occluded"); else fault("Place the key point first; then say that it is occluded.");
  },
  absent: () => { if (now.keypoint) { change({ [now.keypoint]: [null, null, "absent", "person"] }); step(1); } },
  remove: () => { if (marks()[now.keypoint]) change({ [now.keypoint]: null }); },
  exchange: () => {
    const after = {};
    for (const [left, right] of now.skeleton.pairs) for (const [a, b] of [[left, right], [right, left]]) if (marks()[a] || marks()[b]) after[a] = marks()[b] ?? null;
    if (Object.keys(after).length) change(after);
  },
  copy: () => { if (last) { const found = clone(last.marks[now.animal]); if (Object.keys(found).length) change(Object.fromEntries(Object.entries(found).map(([name, mark]) => [name, [mark[0], mark[1], mark[2], "person"]]))); } },
  undo: () => travel("past", "future", "before"), redo: () => travel("future", "past", "after"),
  edit: () => bones.open(now),
  train: async () => { try { panels.network(await ask("train", { stop: $("train").textContent.startsWith("Stop") })); } catch (error) { fault(error.message); } },
  help: () => $("overlay").showModal(),
  other: () => { const k = now.animals.indexOf(now.animal); choose(now.animals[(k + 1) % now.animals.length], now.keypoint); },
  following: () => step(1), previous: () => step(-1),
  save: async () => { try { const { path } = await ask("save", { kind: $("kind").value }); $("copies").textContent = `Saved ${path}`; } catch (error) { $("copies").textContent = `Not saved: ${error.message}`; } },
};
function toggle(what) { view[what] = !view[what]; $(what).setAttribute("aria-pressed", view[what]); redraw(); }
for (const id of Object.keys(act)) $(id)?.addEventListener("click", event => { act[id](event); if (id !== "help" && id !== "edit") canvas.focus({ preventScroll: true }); });

const keys = { n: "later", p: "earlier", ",": "back", "<": "back", ".": "forth", ">": "forth", "+": "larger", "=": "larger", "-": "smaller", 0: "fit", e: "lines", v: "names", Enter: "accept", " ": "place", o: "occluded", x: "absent", Delete: "remove", Backspace: "remove", l: "exchange", c: "copy", z: "undo", y: "redo", s: "edit", t: "train", "?": "help", m: "other", j: "following", k: "previous" };
const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const help = [["Click", "put the chosen key point; drag one to move it"], ["Arrows", "move it by 1 px; with Shift by 10; with Alt move the view"], ["1 to 9, J, K", "choose a key point; the next; the one before"], ["M", "the next animal"], ["Space", "put the key point in the middle of the view, or make its guess yours"], ["O, X, Del", "occluded; absent; take its label away"], ["Enter", "accept the guesses that are left, go to the next offered frame"], ["L", "exchange left and right"], ["C", "copy the labels of the last frame"], ["Z, Y", "undo, redo, in whichever frame it was"], ["N, P", "next offered frame; the frame before"], [", and .", "a frame back, a frame on; with Shift ten"], ["+, -, 0, wheel", "zoom; the whole frame; drag the ground to pan"], ["E, V", "edges, names"], ["S", "skeleton and animals"], ["T", "train a network, or stop it"], ["?, Esc", "these keys, close"]];
$("table").replaceChildren(...help.map(row => { const line = document.createElement("tr"); line.append(...row.map(text => Object.assign(document.createElement("td"), { textContent: text }))); return line; }));
addEventListener("keydown", event => {
  if (document.querySelector("dialog[open]") || event.target.closest("input[type=number], select, textarea")) return;
  if (event.ctrlKey || event.metaKey) { if (event.key.toLowerCase() === "z") { event.preventDefault(); act[event.shiftKey ? "redo" : "undo"](); } return; }
  if (event.target.closest("button") && ["Enter", " "].includes(event.key)) return;
  const arrow = arrows[event.key];
  if (arrow) {
    event.preventDefault();
    if (event.altKey) { pan(-40 * arrow[0], -40 * arrow[1]); redraw(); } else nudge(...arrow.map(part => part * (event.shiftKey ? 10 : 1)));
    return;
  }
  const number = Number(event.key);
  if (number >= 1 && number <= 9 && now.skeleton?.joints[number - 1]) { choose(now.animal, now.skeleton.joints[number - 1]); return; }
  const id = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (id && !$(id)?.disabled) { event.preventDefault(); act[id](event); }
});
$("frame").addEventListener("change", () => go(now.film, Math.round(Number($("frame").value))));
$("film").addEventListener("change", () => go($("film").value, 0));
$("animal").addEventListener("change", () => choose($("animal").value, now.keypoint));
$("contrast").addEventListener("input", () => { view.contrast = Number($("contrast").value); redraw(); });
$("strip").addEventListener("click", event => { const to = panels.atStrip(now, event.offsetX / $("strip").clientWidth); if (to) go(...to); });
addEventListener("resize", () => view.image && redraw());

listen(now, {
  choose: (animal, name) => { choose(animal, name); before = null; },
  drag: (x, y) => { before ??= { mark: marks()[now.keypoint] ?? null }; const [a, b] = inside(x, y); marks()[now.keypoint] = [a, b, before.mark && before.mark[2] !== "absent" ? before.mark[2] : "visible", "person"]; redraw(); },
  drop: () => { const mark = marks()[now.keypoint], name = now.keypoint; if (before) change({ [name]: mark }, true, undefined, { [name]: before.mark }); before = null; },
  put: (x, y) => { if (x < -0.5 || y < -0.5 || x > view.image.width - 0.5 || y > view.image.height - 0.5) return; const fresh = now.keypoint && !marks()[now.keypoint]; put(x, y); if (fresh) { const next = firstOpen(); if (next) choose(now.animal, next); } },
  redraw,
});
bones.listen(now, async list => { for (const each of list) keep(each); const skeleton = list[0].skeleton; now.skeleton = skeleton; await new Promise(done => setTimeout(done, 50)); await settled(); await load(false); await go(now.film, now.frame, false); });
async function settled() { while (Number($("saved").dataset.waiting) && mayChange()) await new Promise(done => setTimeout(done, 30)); }

function progress(news) {
  panels.network(news.training); panels.times(news.times, news.labelled);
  const done = Boolean(news.training.done);
  if (done && !trained && view.image) load(false).then(() => go(now.film, now.frame, false));
  trained = done;
}
async function heard(what, news) { if (what === "progress") progress(news); else { await load(false); await go(now.film, now.frame, false); } }

load(true).then(async () => {
  await hold();
  setInterval(hold, 1500);
  const [name, frame] = now.offered[0] ?? [now.films[0].name, 0];
  await go(name, frame);
  document.body.dataset.ready = "yes";
}).catch(error => fault(`The page cannot be loaded: ${error.message}`));
