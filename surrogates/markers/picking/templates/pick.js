// Clicks on marks: a cross at each, saved at once.
const $ = (id) => document.getElementById(id);
const view = $("view"), draw = view.getContext("2d");
const state = await (await fetch("state")).json();
let at = 0, chosen = 0, zoom = 1, middle = [state.width / 2, state.height / 2];
let picture = null, mask = null;

$("name").textContent = state.name;
state.marks.forEach((mark, index) => {
  const label = document.createElement("label"), input = document.createElement("input");
  const swatch = document.createElement("span");
  Object.assign(input, { type: "radio", name: "mark", checked: index === 0 });
  input.addEventListener("change", () => { chosen = index; });
  swatch.className = "swatch";
  swatch.style.background = state.paints[index];
  label.append(input, swatch, mark);
  $("marks").append(label);
});

function fit() {
  const ratio = devicePixelRatio || 1;
  view.width = Math.round(view.clientWidth * ratio);
  view.height = Math.round(view.clientHeight * ratio);
  const scale = Math.min(view.width / state.width, view.height / state.height) * zoom;
  return { scale, left: view.width / 2 - middle[0] * scale, top: view.height / 2 - middle[1] * scale, ratio };
}

function show() {
  const { scale, left, top, ratio } = fit();
  draw.imageSmoothingEnabled = scale < 2;
  const box = [left - scale / 2, top - scale / 2, state.width * scale, state.height * scale];
  if (picture) draw.drawImage(picture, ...box);
  if (mask && $("masks").checked) draw.drawImage(mask, ...box);
  const frame = state.frames[at];
  for (const click of state.clicks.filter((each) => each.frame === frame)) {
    const x = left + click.x * scale, y = top + click.y * scale, arm = 9 * ratio;
    for (const [width, colour] of [[4, "#000"], [2, state.paints[state.marks.indexOf(click.mark)]]]) {
      draw.lineWidth = width * ratio;
      draw.strokeStyle = colour;
      draw.beginPath();
      draw.moveTo(x - arm, y); draw.lineTo(x + arm, y);
      draw.moveTo(x, y - arm); draw.lineTo(x, y + arm);
      draw.stroke();
    }
  }
  document.body.dataset.shown = mask && $("masks").checked ? "masks" : picture ? "frame" : "nothing";
  $("where").textContent = `Frame ${frame} (${at + 1} of ${state.frames.length})`;
  const numbers = state.marks.map((mark) => `${mark} ${state.clicks.filter((each) => each.mark === mark).length}`);
  $("facts").textContent = `Clicks: ${numbers.join(", ")}`;
  $("previous").disabled = at === 0;
  $("next").disabled = at === state.frames.length - 1;
  $("undo").disabled = !state.clicks.some((each) => each.frame === frame);
}

function say(fault) {
  $("fault").hidden = !fault;
  $("fault").textContent = fault;
}

async function image(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error((await answer.json()).error);
  return createImageBitmap(await answer.blob());
}

async function load() {
  const frame = state.frames[at];
  mask = null;
  try {
    picture = await image(`frame/${frame}`);
    show();
    if ($("masks").checked) mask = await image(`mask/${frame}`);
    say("");
  } catch (error) { say(error.message); }
  show();
}

async function save() {
  $("saved").textContent = "Saving …";
  const answer = await fetch("clicks", {
    method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ version: state.version, clicks: state.clicks }),
  });
  const given = await answer.json();
  if (answer.ok) {
    state.version = given.version;
    $("saved").textContent = "Saved";
  } else {
    $("saved").textContent = "Not saved";
    say(given.error);
  }
}

let saving = Promise.resolve();
function changed() {
  show();
  saving = saving.then(save).then(() => { if ($("masks").checked) return load(); });
}

view.addEventListener("click", (event) => {
  const { scale, left, top, ratio } = fit();
  const x = (event.offsetX * ratio - left) / scale, y = (event.offsetY * ratio - top) / scale;
  show();
  if (x < 0 || y < 0 || x > state.width - 1 || y > state.height - 1) return;
  const round = (value) => Math.round(value * 10) / 10;
  const click = { frame: state.frames[at], mark: state.marks[chosen], x: round(x), y: round(y) };
  if (click.mark !== "animal") {
    state.clicks = state.clicks.filter((each) => each.frame !== click.frame || each.mark !== click.mark);
  }
  state.clicks.push(click);
  if (zoom > 1) middle = [x, y];
  changed();
});

const act = {
  previous: () => { at = Math.max(0, at - 1); load(); },
  next: () => { at = Math.min(state.frames.length - 1, at + 1); load(); },
  in: () => {
    const last = state.clicks.filter((each) => each.frame === state.frames[at] && each.mark !== "animal").at(-1);
    if (last && zoom === 1) middle = [last.x, last.y];
    zoom = Math.min(16, zoom * 2);
    show();
  },
  outer: () => {
    zoom = Math.max(1, zoom / 2);
    if (zoom === 1) middle = [state.width / 2, state.height / 2];
    show();
  },
  undo: () => {
    const last = state.clicks.map((each) => each.frame).lastIndexOf(state.frames[at]);
    if (last >= 0) { state.clicks.splice(last, 1); changed(); }
  },
};
for (const [name, does] of Object.entries(act)) $(name).addEventListener("click", does);
$("masks").addEventListener("change", load);
addEventListener("resize", show);
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const name = { p: "previous", n: "next", "+": "in", "=": "in", "-": "outer", u: "undo" }[event.key.toLowerCase()];
  if (name) { event.preventDefault(); act[name](); }
  if (event.key.toLowerCase() === "m") $("masks").click();
});
load();
