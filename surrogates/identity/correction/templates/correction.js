// Frames with names, bars over time, exchanges: each is saved at once.
const $ = (id) => document.getElementById(id);
const view = $("view"), time = $("time"), draw = view.getContext("2d"), bars = time.getContext("2d");
let state = await (await fetch("state")).json();
let at = 0, picture = null, places = [], latest = 0;
const ratio = () => devicePixelRatio || 1;
const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

view.style.aspectRatio = state.pictures ? `${state.width} / ${state.height}` : "2";
$("name").textContent = state.name || "Identities";
for (const id of ["first", "second"]) {
  state.animals.forEach((name, index) => $(id).add(new Option(name, index)));
}
$("second").selectedIndex = Math.min(1, state.animals.length - 1);

function showFrame() {
  view.width = Math.round(view.clientWidth * ratio());
  view.height = Math.round(view.clientHeight * ratio());
  const xs = places.map((place) => place.x), ys = places.map((place) => place.y);
  const width = state.pictures ? state.width : Math.max(1, ...xs) + 20;
  const height = state.pictures ? state.height : Math.max(1, ...ys) + 20;
  const scale = Math.min(view.width / width, view.height / height);
  const left = (view.width - width * scale) / 2, top = (view.height - height * scale) / 2;
  if (picture) draw.drawImage(picture, left, top, width * scale, height * scale);
  const size = 12 * ratio();
  draw.font = `600 ${size}px system-ui, sans-serif`;
  for (const place of places) {
    const x = left + (place.x + 0.5) * scale, y = top + (place.y + 0.5) * scale;
    draw.lineWidth = 2.5 * ratio();
    draw.strokeStyle = draw.fillStyle = state.colours[place.animal];
    draw.beginPath();
    draw.arc(x, y, 5 * ratio(), 0, 7);
    if (place.found) draw.fill(); else draw.stroke();
    if (!$("names").checked) continue;
    const name = state.animals[place.animal], wide = draw.measureText(name).width;
    const start = Math.min(x + 8 * ratio(), view.width - wide - 4 * ratio());
    draw.fillStyle = "rgba(0,0,0,.65)";
    draw.fillRect(start - 3, y - 6 * ratio() - size, wide + 6, size + 5);
    draw.fillStyle = "#fff";
    draw.fillText(name, start, y - 7 * ratio());
  }
  $("where").textContent = `Frame ${at} of ${state.frames - 1}`;
}

function showTime() {
  const row = Math.max(5, Math.min(14, 160 / state.animals.length));
  time.style.height = `${row * state.animals.length + 8}px`;
  time.width = Math.round(time.clientWidth * ratio());
  time.height = Math.round(time.clientHeight * ratio());
  const wide = time.width / state.frames, high = row * ratio();
  state.bars.forEach((kinds, who) => {
    bars.fillStyle = state.colours[who];
    for (const [kind, alpha] of [["found", 1], ["inferred", 0.4]]) {
      bars.globalAlpha = alpha;
      for (const [first, last] of kinds[kind]) {
        bars.fillRect(first * wide, who * high + 4 * ratio(), (last - first) * wide, high - 2 * ratio());
      }
    }
  });
  bars.globalAlpha = 1;
  bars.fillStyle = ink("--ink");
  for (const crossing of state.crossings.filter((each) => each.doubtful)) {
    for (const who of crossing.animals) bars.fillRect(crossing.last * wide - ratio(), who * high + 2 * ratio(), 2 * ratio(), high + 2 * ratio());
  }
  bars.fillStyle = ink("--accent");
  bars.fillRect((at + 0.5) * wide - ratio(), 0, 2 * ratio(), time.height);
  time.setAttribute("aria-valuemax", state.frames - 1);
  time.setAttribute("aria-valuenow", at);
}

function say(fault) {
  $("fault").hidden = !fault;
  $("fault").textContent = fault;
}

async function answer(address, options) {
  const given = await fetch(address, options);
  if (!given.ok) throw new Error((await given.json()).error);
  return given;
}

async function go(frame) {
  at = Math.max(0, Math.min(state.frames - 1, frame));
  const turn = ++latest;
  showTime();
  try {
    const wanted = [answer(`places/${at}`).then((each) => each.json())];
    if (state.pictures) wanted.push(answer(`frame/${at}`).then((each) => each.blob()).then(createImageBitmap));
    const [found, seen] = await Promise.all(wanted);
    if (turn !== latest) return;
    [places, picture] = [found, seen || null];
    say(state.pictures ? "" : "The video is not at hand: start the page again with --video to see it.");
  } catch (error) { say(error.message); }
  showFrame();
}

function button(text, side, does) {
  const item = document.createElement("li"), made = document.createElement("button");
  const small = document.createElement("small");
  made.type = "button";
  small.textContent = side;
  made.append(text, small);
  made.addEventListener("click", does);
  item.append(made);
  return [item, made];
}

function showLists() {
  $("crossings").replaceChildren(...state.crossings.map((crossing) => {
    const who = crossing.animals.map((each) => state.animals[each]).join(", ");
    const [item, made] = button(`${crossing.first}–${crossing.last}: ${who}`, crossing.odds, () => {
      [$("first").value, $("second").value] = crossing.animals;
      go(crossing.last + 1);
    });
    made.classList.toggle("doubtful", crossing.doubtful);
    return item;
  }));
  $("exchanges").replaceChildren(...state.exchanges.map(([first, second, frame]) =>
    button(`${first} and ${second}`, `from frame ${frame} on`, () => go(frame))[0]));
  $("none").hidden = state.exchanges.length > 0;
  $("undo").disabled = state.exchanges.length === 0;
}

let saving = Promise.resolve();
function save(exchanges) {
  saving = saving.then(async () => {
    $("saved").textContent = "Saving …";
    try {
      const body = JSON.stringify({ version: state.version, exchanges });
      state = await (await answer("exchanges", { method: "POST", headers: { "Content-Type": "application/json" }, body })).json();
      $("saved").textContent = "Saved";
      showLists();
      await go(at);
    } catch (error) {
      $("saved").textContent = "Not saved";
      say(error.message);
    }
  });
}

const act = {
  back: () => go(at - 1), next: () => go(at + 1), back10: () => go(at - 10), next10: () => go(at + 10),
  exchange: () => {
    const [first, second] = ["first", "second"].map((id) => state.animals[$(id).value]);
    save([...state.exchanges, [first, second, at]]);
  },
  undo: () => { if (state.exchanges.length) save(state.exchanges.slice(0, -1)); },
};
for (const [name, does] of Object.entries(act)) $(name).addEventListener("click", does);
$("names").addEventListener("change", showFrame);
time.addEventListener("click", (event) => go(Math.floor((event.offsetX / time.clientWidth) * state.frames)));
addEventListener("resize", () => { showTime(); showFrame(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTime);
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT") return;
  const keys = { p: "back", arrowleft: "back", n: "next", arrowright: "next", x: "exchange", u: "undo" };
  const name = keys[event.key.toLowerCase()];
  if (name) { event.preventDefault(); act[name](); }
});
showLists();
go(state.crossings.length ? state.crossings[0].last + 1 : 0);
