// The frame and its key points on a canvas that zooms and pans; what is dragged is reported when it is let go.
export const canvas = document.getElementById("view");
const pen = canvas.getContext("2d");
export const view = { scale: 1, x: 0, y: 0, image: null, contrast: 1, lines: true, names: true };
const sides = { left: "#0072b2", right: "#d55e00", middle: "#f0e442" };
const dense = () => window.devicePixelRatio || 1;

export function side(name, skeleton) {
  for (const [left, right] of skeleton.pairs) if (name === left) return "left"; else if (name === right) return "right";
  return "middle";
}
export const colour = (name, skeleton) => sides[side(name, skeleton)];
export const toCanvas = (x, y) => [(x + 0.5 - view.x) * view.scale, (y + 0.5 - view.y) * view.scale];
export const toImage = (x, y) => [x / view.scale + view.x - 0.5, y / view.scale + view.y - 0.5];

export function size() {
  const box = canvas.getBoundingClientRect();
  canvas.width = Math.max(1, Math.round(box.width * dense())); canvas.height = Math.max(1, Math.round(box.height * dense()));
}
export function fit() {
  size();
  if (!view.image) return;
  view.scale = Math.min(canvas.width / view.image.width, canvas.height / view.image.height);
  view.x = (view.image.width - canvas.width / view.scale) / 2; view.y = (view.image.height - canvas.height / view.scale) / 2;
}
export function zoom(by, at = [canvas.width / 2, canvas.height / 2]) {
  const [x, y] = toImage(...at), least = 0.2 * Math.min(canvas.width / view.image.width, canvas.height / view.image.height);
  view.scale = Math.min(Math.max(view.scale * by, least), 80 * dense());
  view.x = x + 0.5 - at[0] / view.scale; view.y = y + 0.5 - at[1] / view.scale;
}
export function pan(dx, dy) { view.x -= dx / view.scale; view.y -= dy / view.scale; }

export function draw(now) {
  size();
  pen.fillStyle = "#808080"; pen.fillRect(0, 0, canvas.width, canvas.height);
  if (!view.image) return;
  pen.imageSmoothingEnabled = view.scale < 3 * dense();
  pen.filter = view.contrast > 1 ? `contrast(${view.contrast})` : "none";
  pen.drawImage(view.image, -view.x * view.scale, -view.y * view.scale, view.image.width * view.scale, view.image.height * view.scale);
  pen.filter = "none";
  if (!now.skeleton) return;
  for (const animal of now.animals) drawAnimal(now, animal, animal === now.animal);
}

export function placeOf(now, animal, name) {
  const mark = now.marks[animal]?.[name];
  if (mark) return mark[0] === null ? null : { x: mark[0], y: mark[1], state: mark[2], guess: false };
  const guess = now.guesses[animal]?.[name];
  return guess && guess[0] !== null ? { x: guess[0], y: guess[1], state: "visible", guess: true } : null;
}

function drawAnimal(now, animal, chosen) {
  const unit = dense();
  pen.globalAlpha = chosen ? 1 : 0.5;
  if (view.lines) for (const [a, b] of now.skeleton.edges) {
    const [from, to] = [placeOf(now, animal, a), placeOf(now, animal, b)];
    if (!from || !to) continue;
    pen.strokeStyle = colour(b, now.skeleton); pen.lineWidth = 1.5 * unit;
    pen.setLineDash(from.guess || to.guess ? [4 * unit, 4 * unit] : []);
    pen.beginPath(); pen.moveTo(...toCanvas(from.x, from.y)); pen.lineTo(...toCanvas(to.x, to.y)); pen.stroke();
  }
  for (const name of now.skeleton.joints) {
    const place = placeOf(now, animal, name);
    if (!place) continue;
    const [x, y] = toCanvas(place.x, place.y), here = chosen && name === now.keypoint, r = (here ? 7 : 5) * unit;
    pen.setLineDash(place.guess ? [3 * unit, 2 * unit] : []);
    pen.lineWidth = 4 * unit; pen.strokeStyle = "#000"; ring(x, y, r, place); pen.stroke();
    pen.lineWidth = 2 * unit; pen.strokeStyle = colour(name, now.skeleton); ring(x, y, r, place); pen.stroke();
    pen.setLineDash([]);
    if (!place.guess && place.state === "visible") { pen.fillStyle = colour(name, now.skeleton); pen.fillRect(x - unit, y - unit, 2 * unit, 2 * unit); }
    if (view.names || here) label(here ? `${name}${place.guess ? " (guess)" : ""}` : name, x + r + 3 * unit, y - r, unit);
  }
  pen.globalAlpha = 1; pen.setLineDash([]);
}
function ring(x, y, r, place) {
  pen.beginPath();
  if (place.state === "occluded") pen.rect(x - r, y - r, 2 * r, 2 * r); else pen.arc(x, y, r, 0, 2 * Math.PI);
}
function label(text, x, y, unit) {
  pen.font = `${12 * unit}px system-ui, sans-serif`;
  pen.lineWidth = 3 * unit; pen.strokeStyle = "#000"; pen.strokeText(text, x, y);
  pen.fillStyle = "#fff"; pen.fillText(text, x, y);
}

export function hit(now, x, y) {
  let best = null, near = 14 * dense();
  for (const animal of now.animals) for (const name of now.skeleton?.joints ?? []) {
    const place = placeOf(now, animal, name);
    if (!place) continue;
    const [px, py] = toCanvas(place.x, place.y), away = Math.hypot(px - x, py - y) * (animal === now.animal ? 1 : 1.5);
    if (away < near) [best, near] = [{ animal, name }, away];
  }
  return best;
}

// `on` has choose(animal, keypoint), drag(x, y), drop(x, y, moved), put(x, y) and redraw().
export function listen(now, on) {
  let drag = null;
  const place = event => { const box = canvas.getBoundingClientRect(); return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height]; };
  canvas.addEventListener("pointerdown", event => {
    if (!view.image) return;
    const at = place(event), found = event.button === 0 && !event.altKey ? hit(now, ...at) : null;
    canvas.setPointerCapture(event.pointerId);
    drag = { at, last: at, found, button: event.button, moved: false };
  });
  canvas.addEventListener("pointermove", event => {
    if (!drag) return;
    const at = place(event);
    if (!drag.moved && Math.hypot(at[0] - drag.at[0], at[1] - drag.at[1]) < 3 * dense()) return;
    if (!drag.moved && drag.found) on.choose(drag.found.animal, drag.found.name);
    drag.moved = true;
    if (drag.found) on.drag(...toImage(...at)); else { pan(at[0] - drag.last[0], at[1] - drag.last[1]); on.redraw(); }
    drag.last = at;
  });
  const end = event => {
    if (!drag) return;
    const was = drag; drag = null;
    if (event.type === "pointercancel") { on.redraw(); return; }
    const open = now.keypoint && !placeOf(now, now.animal, now.keypoint); // a point without a place goes beside any other
    if (was.found && was.moved) on.drop();
    else if (was.found && !was.moved && !open) on.choose(was.found.animal, was.found.name);
    else if (!was.moved && was.button === 0) on.put(...toImage(...was.at));
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  canvas.addEventListener("wheel", event => {
    event.preventDefault();
    if (view.image) { zoom(event.deltaY > 0 ? 0.85 : 1 / 0.85, place(event)); on.redraw(); }
  }, { passive: false });
}
