// Traces over time under the picture, with a cursor at the frame that is shown.
const MARGIN = { left: 54, right: 10, top: 6, bottom: 20 };
const DASHES = ["", "7 3", "2 3", "9 3 2 3"];
const LINES = ["--c0", "--c1", "--c2", "--c3", "--c4", "--c5"];

// Inputs with equal currents share a line; those that are never stimulated have none.
function stimulusLines() {
  const values = unpacked(run.stimulus), [samples, number] = run.stimulus.shape, groups = new Map();
  for (let input = 0; input < number; input++) {
    const trace = Float32Array.from({ length: samples }, (_, sample) => values[sample * number + input]);
    const key = trace.join();
    if (trace.every((value) => Math.abs(value) <= run.stimulus.step / 2)) continue;
    if (!groups.has(key)) groups.set(key, { names: [], trace, step: run.stimulus_step });
    groups.get(key).names.push(run.inputs[input]);
  }
  return [...groups.values()].map((line, place) => ({ ...line, name: line.names.join(", "), ...look(place) }));
}

function voltageLines(chosen) {
  const marked = run.outputs.map((name, place) => ({ cell: placeOf.get(name), ...look(place) }));
  const own = chosen >= 0 && columns[chosen] >= 0 ? [{ cell: chosen, tone: "--ink", dash: "", bold: true }] : [];
  const others = marked.filter(({ cell }) => cell !== chosen);
  return [...others, ...own].map((line) => ({ ...line, name: cells[line.cell].name, trace: traceOf(line.cell), step: run.step }));
}

function look(place) {
  return { tone: LINES[place % LINES.length], dash: DASHES[place % DASHES.length] };
}

function swatch(line) {
  const box = document.createElement("span"), svg = element(box, "svg", { viewBox: "0 0 26 11", "aria-hidden": "true" });
  drawLine(svg, line, "M0 5.5H26");
  box.append(line.name);
  return box;
}

function drawLine(svg, line, d) {
  const style = `--tone: var(${line.tone})`, dash = line.dash || "none";
  element(svg, "path", { d, style, "stroke-dasharray": dash, class: line.bold ? "bold" : "" });
}

// A panel of traces. `seek` is called with the time (ms) that a pointer asks for.
class Strip {
  constructor(parent, title, units, duration, seek) {
    this.box = parent.appendChild(document.createElement("div"));
    this.box.className = "strip";
    this.names = this.box.appendChild(document.createElement("p"));
    this.names.className = "names";
    this.svg = element(this.box, "svg", { role: "img" });
    Object.assign(this, { title, units, duration, lines: [] });
    const ask = (event) => {
      if (event.buttons !== 1) return;
      const { left, width } = this.svg.getBoundingClientRect();
      const share = (event.clientX - left - MARGIN.left) / (width - MARGIN.left - MARGIN.right);
      seek(Math.min(1, Math.max(0, share)) * duration);
    };
    this.svg.addEventListener("pointerdown", ask);
    this.svg.addEventListener("pointermove", ask);
  }

  show(lines) {
    this.lines = lines;
    this.box.hidden = !lines.length;
    this.names.replaceChildren(...lines.map(swatch));
    this.svg.setAttribute("aria-label", `${this.title} over time: ${lines.map((line) => line.name).join("; ")}`);
    this.draw();
  }

  draw() {
    const width = this.box.clientWidth, height = 112, { left, right, top, bottom } = MARGIN;
    if (!this.lines.length || !width) return;
    const all = this.lines.flatMap(({ trace }) => [trace.reduce((a, b) => Math.min(a, b)), trace.reduce((a, b) => Math.max(a, b))]);
    let [low, high] = [Math.min(...all), Math.max(...all)];
    if (this.units !== "mV") [low, high] = [Math.min(0, low), Math.max(0, high)];
    if (high - low < 1e-3) [low, high] = [low - 1, high + 1];
    const x = (time) => left + (time / this.duration) * (width - left - right);
    const y = (value) => height - bottom - ((value - low) / (high - low)) * (height - top - bottom);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.setAttribute("height", height);
    this.svg.replaceChildren();
    this.axes(width, height, low, high, x, y);
    for (const line of this.lines) {
      const points = Array.from(line.trace, (value, i) => `${x(i * line.step).toFixed(1)} ${y(value).toFixed(1)}`);
      drawLine(this.svg, line, `M${points.join("L")}`);
    }
    this.now = element(this.svg, "line", { class: "now", y1: top - 4, y2: height - bottom + 4 });
    this.place = x;
    this.move(this.time ?? 0);
  }

  axes(width, height, low, high, x, y) {
    const { left, right, bottom } = MARGIN, svg = this.svg;
    const step = roundDown((high - low) / 2), late = roundDown(this.duration / (width > 600 ? 8 : 3));
    for (let value = Math.ceil(low / step - 1e-6) * step; value <= high + 1e-6 * step; value += step) {
      element(svg, "line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) });
      const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
      element(svg, "text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, shown(value, digits));
    }
    for (let time = 0; time <= this.duration * (1 + 1e-6); time += late) {
      const text = `${+time.toPrecision(6)}${time ? "" : " ms"}`;
      element(svg, "text", { x: x(time), y: height - bottom + 15, "text-anchor": "middle" }, text);
    }
    const turned = `translate(12 ${(height - bottom) / 2}) rotate(-90)`;
    element(svg, "text", { transform: turned, "text-anchor": "middle" }, `${this.title} (${this.units})`);
  }

  move(time) {
    this.time = time;
    this.now?.setAttribute("x1", this.place(time));
    this.now?.setAttribute("x2", this.place(time));
  }
}
