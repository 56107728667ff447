// What stands beside the frame: key points, status of every frame, the network's course, times.
import { colour } from "./view.js";
const $ = id => document.getElementById(id);
const shade = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const ranks = { guess: 1, part: 2, whole: 3 };

function sized(canvas) {
  const box = canvas.getBoundingClientRect(), dense = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(box.width * dense)); canvas.height = Math.max(1, Math.round(box.height * dense));
  return canvas.getContext("2d");
}

export function points(now, choose) {
  const list = $("points");
  list.replaceChildren(...(now.skeleton?.joints ?? []).map((name, index) => {
    const mark = now.marks[now.animal]?.[name], guess = now.guesses[now.animal]?.[name];
    const item = document.createElement("li"), button = document.createElement("button"), dot = document.createElement("span");
    const text = document.createElement("span"), state = document.createElement("span");
    dot.className = "dot"; dot.style.borderColor = colour(name, now.skeleton);
    dot.style.background = mark && mark[2] === "visible" ? colour(name, now.skeleton) : "none";
    text.textContent = index < 9 ? `${index + 1} ${name}` : name;
    state.className = "state";
    state.textContent = mark ? `${mark[2]}${mark[3] === "person" ? "" : `, ${mark[3]}`}` : guess ? `guess ${guess[0] === null ? "absent" : `${Math.round(100 * guess[2])} %`}` : "";
    button.type = "button"; button.append(dot, text, state);
    button.setAttribute("aria-current", name === now.keypoint);
    button.addEventListener("click", () => choose(name));
    item.append(button);
    return item;
  }));
  if (!now.skeleton) list.textContent = "There is no skeleton yet: press S to make one.";
}

export function strip(now) {
  const pen = sized($("strip")), { width, height } = $("strip"), films = now.films;
  const total = films.reduce((sum, film) => sum + film.frames, 0), first = {};
  films.reduce((sum, film) => (first[film.name] = sum, sum + film.frames), 0);
  const best = new Uint8Array(width), wide = Math.max(1, Math.floor(width / total));
  for (const [key, status] of now.status) {
    const [film, frame] = JSON.parse(key), at = Math.floor((first[film] + frame) / total * width);
    for (let x = at; x < Math.min(width, at + wide); x++) best[x] = Math.max(best[x], ranks[status] ?? 0);
  }
  const colours = [shade("--band"), shade("--c4"), shade("--c5"), shade("--c2")];
  for (let x = 0; x < width; x++) { pen.fillStyle = colours[best[x]]; pen.fillRect(x, 0, 1, height); }
  for (const film of films) { pen.fillStyle = shade("--line"); pen.fillRect(first[film.name] / total * width, 0, 1, height); }
  pen.fillStyle = shade("--ink");
  const here = (first[now.film] + now.frame + 0.5) / total * width;
  pen.beginPath(); pen.moveTo(here, height * 0.45); pen.lineTo(here - 6, height); pen.lineTo(here + 6, height); pen.fill();
}
export function atStrip(now, share) {
  let left = Math.floor(share * now.films.reduce((sum, film) => sum + film.frames, 0));
  for (const film of now.films) { if (left < film.frames) return [film.name, left]; left -= film.frames; }
  return null;
}

function curve(canvas, values, unit) {
  canvas.hidden = values.length < 2;
  if (canvas.hidden) return;
  const pen = sized(canvas), { width, height } = canvas, top = Math.max(...values) || 1, dense = window.devicePixelRatio || 1;
  pen.strokeStyle = shade("--c0"); pen.lineWidth = 1.5 * dense; pen.beginPath();
  values.forEach((value, k) => pen.lineTo(4 + k / (values.length - 1) * (width - 8), height - 4 - value / top * (height - 20 * dense)));
  pen.stroke();
  pen.fillStyle = shade("--muted"); pen.font = `${11 * dense}px system-ui, sans-serif`;
  pen.fillText(`up to ${top.toPrecision(3)} ${unit}`, 4, 12 * dense);
}

export function network(training) {
  const errors = (training.history ?? []).map(each => each.pixels).filter(Number.isFinite), last = errors.at(-1);
  const error = last === undefined ? "" : `, validation error ${last.toFixed(2)} px`;
  const learned = training.frames ? ` on ${training.frames} frames` : "";
  $("network").textContent = training.error ? `Not trained: ${training.error}`
    : training.done ? `Trained${learned}${error}; guesses in ${training.guessed} frames.`
    : training.running ? (training.epoch && training.epoch >= training.epochs ? `Trained${learned}${error}; guessing` : `Training${learned}: epoch ${training.epoch ?? 0} of ${training.epochs ?? "?"}${error}`)
    : training.epochs ? `Stopped at epoch ${training.epoch}.` : "No network yet.";
  $("train").firstChild.textContent = training.running ? "Stop " : "Train ";
  curve($("course"), errors, "px");
}

export function times(spent, labelled) {
  const count = `${labelled} ${labelled === 1 ? "frame" : "frames"} labelled`;
  $("time").textContent = spent.median === null ? `${count}.` : `${count}; ${spent.median.toFixed(1)} s a frame (median of the last ${Math.min(20, spent.seconds.length)}).`;
  curve($("times"), spent.seconds, "s");
}
