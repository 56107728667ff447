// The state of the page, and what its controls do to it.
const find = (id) => document.getElementById(id);
const canvas = find("view"), stage = canvas.parentElement, dark = matchMedia("(prefers-color-scheme: dark)");
const state = { mode: run ? "voltage" : "class", frame: 0, range: run?.colour_range, chosen: -1, pointed: -1, playing: false };
const hiddenRoles = new Set(), visible = new Array(cells.length).fill(true);
const inputs = new Set(run?.inputs), outputs = new Set(run?.outputs), ablated = new Set(run?.ablated);
let renderer, world, eye, view, strips = [], scheduled = false, sized = false, scaleBytes, tones;

function ask() {
  if (!scheduled) requestAnimationFrame(draw);
  scheduled = true;
}

function readTheme() {
  const ground = cssColour("--figure");
  scaleBytes = Uint8Array.from(atob(facts.scales[dark.matches ? "dark" : "light"]), (letter) => letter.charCodeAt(0));
  tones = Object.fromEntries(ROLES.map((role) => [role, cssColour(TONES[role])]));
  tones.absent = cssColour("--grid");
  renderer.setClearColor(new THREE.Color(...ground.map((part) => part / 255)), 1);
  world.uniforms.ground.value = ground.map((part) => part / 255);
  drawScale();
}

function voltageColour(voltage) {
  if (Number.isNaN(voltage)) return tones.absent;
  const share = Math.min(1, Math.max(0, 0.5 + (voltage - run.rest) / state.range / 2));
  const level = Math.round(share * (scaleBytes.length / 3 - 1));
  return scaleBytes.subarray(3 * level, 3 * level + 3);
}

function paint() {
  const threshold = find("quiet")?.checked ? Number(find("threshold").value) : -2;
  let beyond = 0;
  cells.forEach((cell, place) => {
    visible[place] = !hiddenRoles.has(cell.role) && reaches[place].far >= threshold;
    const voltage = run ? voltageAt(place, state.frame) : NaN;
    if (visible[place] && Math.abs(voltage - run?.rest) > state.range) beyond += 1;
    world.texels.set(state.mode === "class" ? tones[cell.role] : voltageColour(voltage), 4 * place);
    world.texels[4 * place + 3] = visible[place] ? 255 : 0;
  });
  world.texture.needsUpdate = true;
  if (run) find("clipped").textContent = `${beyond} ${beyond === 1 ? "neuron is" : "neurons are"} now beyond this range.`;
}

function draw() {
  scheduled = false;
  if (!sized) return;
  paint();
  const { camera, controls } = eye, { clientWidth: width, clientHeight: height } = stage;
  const half = Math.tan(THREE.MathUtils.degToRad(camera.fov / 2)), distance = camera.position.distanceTo(controls.target);
  const swell = Number(find("soma").value);
  const set = { pixel: (2 * half) / height, chosen: state.chosen, pointed: state.pointed, swell, haze: [distance - 40, distance + 160] };
  for (const [name, value] of Object.entries(set)) world.uniforms[name].value = value;
  renderer.render(world.scene, camera);
  view = { project: projector(camera, width, height), scale: height / (2 * half), width, height, distance, swell, camera };
  drawMarks(find("marks"), view, marks());
  tell();
}

function marks() {
  const named = find("marked")?.checked ? [...inputs, ...outputs] : [];
  const found = named.filter((name) => placeOf.has(name)).map((name) => {
    const kind = inputs.has(name) ? "input" : "output";
    return { cell: placeOf.get(name), kind, text: `${name} ${kind === "input" ? "\u25bc" : "\u25cb"}` };
  });
  const own = state.chosen < 0 ? [] : [{ cell: state.chosen, kind: "chosen", text: cells[state.chosen].name }];
  return [...found.filter(({ cell }) => cell !== state.chosen && visible[cell]), ...own];
}

function roleIn(name) {
  const parts = [];
  if (inputs.has(name)) parts.push("stimulated");
  if (outputs.has(name)) parts.push("output");
  if (ablated.has(name)) parts.push("ablated");
  return parts.join(", ");
}

function voltageText(cell) {
  const voltage = voltageAt(cell, state.frame);
  return Number.isNaN(voltage) ? "not recorded" : `${shown(voltage)} mV`;
}

function tell() {
  const now = find("now");
  if (now) now.textContent = voltageText(state.chosen);
  const tip = find("tip");
  tip.hidden = state.pointed < 0;
  if (tip.hidden) return;
  const { name, role } = cells[state.pointed], extra = roleIn(name);
  const line = [role, run && voltageText(state.pointed), extra].filter(Boolean).join(" \u00b7 ");
  tip.replaceChildren(Object.assign(document.createElement("strong"), { textContent: name }));
  tip.append(Object.assign(document.createElement("small"), { textContent: line }));
}

function choose(cell, fly = false) {
  state.chosen = cell;
  const card = find("card");
  card.replaceChildren();
  if (cell < 0) card.innerHTML = '<p class="hint">Click a neuron, or find it by name.</p>';
  else fillCard(card, cell);
  if (fly && cell >= 0) eye.lookAt(cell);
  strips[1]?.show(voltageLines(cell));
  ask();
}

function fillCard(card, cell) {
  const { name, role, diameter, length } = cells[cell], head = document.createElement("h2"), centre = document.createElement("button");
  Object.assign(centre, { type: "button", textContent: "Centre", onclick: () => eye.lookAt(cell) });
  head.append(name, centre);
  const entries = [["Class", role]];
  if (run && roleIn(name)) entries.push(["In this run", roleIn(name)]);
  if (run) entries.push(["Voltage now", ""]);
  if (run && columns[cell] >= 0) {
    const { frame } = reaches[cell];
    entries.push(["Farthest from rest", `${shown(voltageAt(cell, frame))} mV at ${+(frame * run.step).toPrecision(6)} ms`]);
  }
  entries.push(["Soma", `${shown(diameter, 2)} \u00b5m across`], ["Cables", `${shown(length, 0)} \u00b5m`]);
  const list = document.createElement("dl");
  for (const [key, value] of entries) {
    const row = list.appendChild(document.createElement("div"));
    row.append(Object.assign(document.createElement("dt"), { textContent: key }));
    row.append(Object.assign(document.createElement("dd"), { textContent: value, id: key === "Voltage now" ? "now" : "" }));
  }
  card.append(head, list);
}

function drawScale() {
  if (!run) return;
  const levels = scaleBytes.length / 3, stops = [];
  for (let level = 0; level < levels; level += 5) stops.push(`rgb(${scaleBytes.slice(3 * level, 3 * level + 3).join()})`);
  find("gradient").style.background = `linear-gradient(to right, ${stops.join()})`;
  const { rest } = run, ends = [rest - state.range, rest, rest + state.range];
  const texts = ends.map((value, place) => `${["\u2264 ", "rest ", "\u2265 "][place]}${shown(value, 0)} mV`);
  find("ticks").replaceChildren(...texts.map((textContent) => Object.assign(document.createElement("span"), { textContent })));
  find("scale").hidden = state.mode !== "voltage";
}

function seek(frame) {
  state.frame = Math.min(frames - 1, Math.max(0, frame));
  const time = state.frame * run.step, text = `${shown(time, run.step < 1 ? 1 : 0)} ms`;
  find("slider").value = Math.round(state.frame);
  find("slider").setAttribute("aria-valuetext", text);
  find("clock").textContent = text;
  for (const strip of strips) strip.move(time);
  ask();
}

function play(on) {
  state.playing = on;
  find("play").textContent = on ? "Pause" : "Play";
  if (!on) return;
  if (state.frame >= frames - 1) seek(0);
  let before = performance.now();
  const step = (now) => {
    if (!state.playing) return;
    seek(state.frame + ((now - before) / 1000) * (Number(find("speed").value) / run.step));
    before = now;
    if (state.frame >= frames - 1) play(false);
    else requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

function listClasses() {
  for (const role of ROLES) {
    const number = cells.filter((cell) => cell.role === role).length, button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", "true");
    button.innerHTML = `<span class="swatch" style="--tone: var(${TONES[role]})"></span>${role} ${number}`;
    button.onclick = () => {
      if (!hiddenRoles.delete(role)) hiddenRoles.add(role);
      button.setAttribute("aria-pressed", String(!hiddenRoles.has(role)));
      ask();
    };
    find("classes").append(button);
  }
}

function setMode(mode) {
  state.mode = mode;
  find("classes").classList.toggle("plain", mode === "voltage");
  drawScale();
  ask();
}

function fillTime() {
  const duration = (frames - 1) * run.step, speeds = [0.02, 0.05, 0.1, 0.2, 0.5].map((share) => roundDown(duration * share));
  find("slider").max = frames - 1;
  for (const speed of new Set(speeds)) find("speed").add(new Option(`${speed} ms a second`, speed));
  find("speed").value = speeds[2];
  for (const range of run.ranges) find("range").add(new Option(`\u00b1 ${range} mV from rest`, range));
  find("range").value = run.colour_range;
  const go = (time) => seek(time / run.step);
  strips = [
    new Strip(find("strips"), "stimulus", run.stimulus_units, duration, go),
    new Strip(find("strips"), "voltage", "mV", duration, go),
  ];
  strips[0].show(stimulusLines());
  strips[1].show(voltageLines(-1));
  seek(0);
}

function listen() {
  for (const id of ["quiet", "marked", "soma"]) find(id)?.addEventListener("change", ask);
  find("threshold")?.addEventListener("input", ask);
  find("slider")?.addEventListener("input", (event) => seek(Number(event.target.value)));
  find("play")?.addEventListener("click", () => play(!state.playing));
  find("range")?.addEventListener("change", (event) => {
    state.range = Number(event.target.value);
    drawScale();
    ask();
  });
  find("mode")?.addEventListener("change", (event) => event.target.name === "mode" && setMode(event.target.value));
  find("views").addEventListener("click", (event) => event.target.value && eye.lookFrom(event.target.value));
  find("search").addEventListener("submit", search);
  find("name").addEventListener("change", search);
  dark.addEventListener("change", () => {
    readTheme();
    ask();
  });
  addEventListener("keydown", press);
  new ResizeObserver(resize).observe(stage);
  listenToPointer();
}

function search(event) {
  event.preventDefault();
  const name = find("name").value.trim().toUpperCase(), cell = placeOf.get(name) ?? -1;
  find("found").textContent = cell < 0 && name ? `There is no neuron ${name}.` : "";
  if (cell < 0 || cell === state.chosen) return;
  choose(cell, true);
  if (!visible[cell]) find("found").textContent = `${name} is among the neurons that are hidden now.`;
}

function press(event) {
  const typing = event.target.matches("input:not([type=range], [type=checkbox], [type=radio]), select");
  if (event.key === "Escape") choose(-1);
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const turns = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };
  const actions = { "/": () => find("name").focus() };
  if (run) {
    if (!event.target.matches("button, summary, input")) actions[" "] = () => play(!state.playing);
    actions[","] = () => seek(Math.ceil(state.frame) - 1);
    actions["."] = () => seek(Math.floor(state.frame) + 1);
  }
  if (event.target === canvas) {
    for (const [key, [around, over]] of Object.entries(turns)) actions[key] = () => eye.turn(around, over);
    Object.assign(actions, { "+": () => eye.zoom(0.85), "=": () => eye.zoom(0.85), "-": () => eye.zoom(1.18), 0: () => eye.lookFrom("left") });
  }
  if (!actions[event.key]) return;
  event.preventDefault();
  actions[event.key]();
}

function listenToPointer() {
  let down = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const under = (event) => pick(view.project, view.scale, at(event), visible, view.swell, event.pointerType === "touch" ? 14 : 4);
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons || event.pointerType === "touch" || !view) return;
    const [x, y] = at(event), tip = find("tip");
    const before = state.pointed;
    state.pointed = under(event);
    canvas.classList.toggle("pointing", state.pointed >= 0);
    tell();
    tip.style.transform = `translate(${Math.min(x + 14, view.width - tip.offsetWidth - 4)}px, ${y > 70 ? y - 14 - tip.offsetHeight : y + 20}px)`;
    if (before !== state.pointed) ask();
  });
  canvas.addEventListener("pointerleave", () => {
    state.pointed = -1;
    ask();
  });
  canvas.addEventListener("pointerdown", (event) => {
    eye.stop();
    canvas.focus({ preventScroll: true });
    down = [event.clientX, event.clientY];
  });
  canvas.addEventListener("pointerup", (event) => {
    const still = down && Math.hypot(event.clientX - down[0], event.clientY - down[1]) < 5;
    if (still && event.button === 0) choose(under(event));
  });
}

function resize() {
  const { clientWidth: width, clientHeight: height } = stage;
  if (!width || !height) return;
  renderer.setSize(width, height, false);
  eye.camera.aspect = width / height;
  eye.camera.updateProjectionMatrix();
  for (const strip of strips) strip.draw();
  eye.refit();
  sized = true;
  ask();
}

function begin() {
  listClasses();
  for (const { name } of cells) find("names").append(new Option(name));
  find("sums").textContent = `${cells.length} neurons with ${shown(totalLength() / 1000, 2)} mm of cables in ${segments.owners.length.toLocaleString("en")} segments.`;
  try {
    renderer = new THREE.WebGLRenderer({ canvas, antialias: true });
    if (!renderer.capabilities.isWebGL2) throw new Error("no WebGL 2");
  } catch {
    find("fault").hidden = false;
    find("fault").textContent = "The cells cannot be drawn: this browser has no WebGL 2, or it is switched off.";
    return;
  }
  renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
  world = buildScene();
  eye = buildCamera(canvas, stage.clientHeight > stage.clientWidth, ask);
  readTheme();
  if (run) fillTime();
  setMode(state.mode);
  listen();
}

begin();
