// A crawling worm, its muscles and its neurons on one clock.
const $ = (id) => document.getElementById(id);
const facts = JSON.parse($("facts").textContent);
function unpacked({ data, offset, step }) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => offset + step * view.getUint16(2 * i, true));
}
const midlines = unpacked(facts.midlines), v = unpacked(facts.v), active = unpacked(facts.activations), gates = unpacked(facts.gates);
const [frames, points] = facts.midlines.shape, cells = facts.neurons.length, muscles = facts.muscles.length;
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
let frame = 0, playing = !still, last = 0, carried = 0;
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const at = (f, p, axis) => midlines[(f * points + p) * 2 + axis];
const largest = v.reduce((most, each) => Math.max(most, Math.abs(each)), 1e-6);
const middles = Array.from({ length: frames }, (_, f) => [0, 1].map((axis) => {
  let sum = 0;
  for (let p = 0; p < points; p++) sum += at(f, p, axis);
  return sum / points;
}));

{% include "sized.js" %}

function bounds() {
  const box = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < midlines.length; i += 2) {
    box[0] = Math.min(box[0], midlines[i]); box[1] = Math.max(box[1], midlines[i]);
    box[2] = Math.min(box[2], midlines[i + 1]); box[3] = Math.max(box[3], midlines[i + 1]);
  }
  return box;
}
const box = bounds();

function drawPlate() {
  const canvas = $("plate"), [pen, width, height] = sized(canvas, Math.min(560, canvas.clientWidth));
  const side = Math.max(box[1] - box[0], box[3] - box[2], 1.2) * 1.15, scale = Math.min(width, height) / side;
  const x = (value) => width / 2 + scale * (value - (box[0] + box[1]) / 2), y = (value) => height / 2 - scale * (value - (box[2] + box[3]) / 2);
  pen.strokeStyle = css("--grid");
  pen.lineWidth = 1;
  pen.beginPath();
  for (let mm = Math.ceil(box[0] - side); mm <= box[1] + side; mm++) { pen.moveTo(x(mm), 0); pen.lineTo(x(mm), height); }
  for (let mm = Math.ceil(box[2] - side); mm <= box[3] + side; mm++) { pen.moveTo(0, y(mm)); pen.lineTo(width, y(mm)); }
  pen.stroke();
  pen.strokeStyle = css("--muted");
  pen.lineWidth = 1.5;
  pen.beginPath();
  for (let f = 0; f <= frame; f++) pen.lineTo(x(middles[f][0]), y(middles[f][1]));
  pen.stroke();
  pen.lineCap = pen.lineJoin = "round";
  pen.lineWidth = Math.max(4, 0.07 * scale);
  for (const [from, to, colour] of [[3, points - 1, "--c1"], [0, 3, "--c0"]]) {
    pen.strokeStyle = css(colour);
    pen.beginPath();
    for (let p = from; p <= to; p++) pen.lineTo(x(at(frame, p, 0)), y(at(frame, p, 1)));
    pen.stroke();
  }
  const gate = (n) => gates[2 * frame + n].toFixed(2);
  $("now").textContent = `Grid of 1 mm. Blue is the head. Gate of AVB ${gate(0)}, of AVA ${gate(1)}.`;
}

function drawMuscles() {
  const [pen, width, height] = sized($("muscles"), 92), wide = (width - 8) / 24, high = (height - 12) / 4;
  facts.rows.forEach((row, r) => row.forEach((muscle, place) => {
    pen.fillStyle = css("--band");
    pen.fillRect(4 + place * wide, 4 + r * high + (r > 1 ? 4 : 0), wide - 1, high - 1);
    pen.globalAlpha = Math.min(1, active[frame * muscles + muscle] / 0.7);
    pen.fillStyle = css(r < 2 ? "--c1" : "--c0");
    pen.fillRect(4 + place * wide, 4 + r * high + (r > 1 ? 4 : 0), wide - 1, high - 1);
    pen.globalAlpha = 1;
  }));
}

let raster = null, drawnAs = "";
function paintRaster() {
  const look = `${css("--c0")}${css("--c1")}${css("--figure")}`;
  if (raster && drawnAs === look) return;
  drawnAs = look;
  const rgb = (name) => [1, 3, 5].map((i) => parseInt(css(name).slice(i, i + 2), 16));
  const [low, high, none] = [rgb("--c0"), rgb("--c1"), rgb("--figure")], columns = Math.min(frames, 600);
  raster = new OffscreenCanvas(columns, cells);
  const pen = raster.getContext("2d"), image = pen.createImageData(columns, cells);
  for (let column = 0; column < columns; column++) {
    const f = Math.floor((column * frames) / columns);
    for (let cell = 0; cell < cells; cell++) {
      const share = v[f * cells + cell] / largest, to = share > 0 ? high : low, place = 4 * (cell * columns + column);
      for (let i = 0; i < 3; i++) image.data[place + i] = none[i] + Math.abs(share) * (to[i] - none[i]);
      image.data[place + 3] = 255;
    }
  }
  pen.putImageData(image, 0, 0);
}

function drawNeurons() {
  paintRaster();
  const [pen, width, height] = sized($("neurons"), 302);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(raster, 0, 0, width, height);
  pen.strokeStyle = css("--ink");
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.moveTo((frame / (frames - 1)) * width, 0);
  pen.lineTo((frame / (frames - 1)) * width, height);
  pen.stroke();
}

function draw() {
  drawPlate();
  drawMuscles();
  drawNeurons();
  $("slider").value = frame;
  $("clock").textContent = `${(frame / facts.fps).toFixed(2)} of ${((frames - 1) / facts.fps).toFixed(0)} s`;
}

function setPlaying(on) {
  playing = on;
  $("play").textContent = on ? "Pause" : "Play";
  last = 0;
  if (on) requestAnimationFrame(tick);
}

function tick(now) {
  if (!playing) return;
  if (last) carried += ((now - last) / 1000) * facts.fps * Number($("speed").value);
  last = now;
  const whole = Math.floor(carried);
  carried -= whole;
  if (whole) { frame = (frame + whole) % frames; draw(); }
  requestAnimationFrame(tick);
}

$("slider").max = frames - 1;
$("slider").addEventListener("input", () => { frame = Number($("slider").value); setPlaying(false); draw(); });
$("play").addEventListener("click", () => setPlaying(!playing));
for (const kind of ["pointermove", "pointerdown"]) $("neurons").addEventListener(kind, (event) => {
  const cell = Math.min(cells - 1, Math.max(0, Math.floor((event.offsetY / $("neurons").clientHeight) * cells)));
  const mv = Math.sinh(v[frame * cells + cell]);
  $("neuron").textContent = `${facts.neurons[cell]}: ${mv.toFixed(2)} mV from rest`;
});
$("neuron").prepend(`The colour is fullest at ${Math.sinh(largest).toFixed(1)} mV from rest, and shows small potentials too (arcsinh). `);
addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
document.documentElement.dataset.ready = "yes";
draw();
setPlaying(playing);
