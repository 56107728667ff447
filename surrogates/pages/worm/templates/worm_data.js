// What the page was given: cells, cables and, where there is one, a run.
const facts = JSON.parse(document.getElementById("facts").textContent);
const run = facts.run;
const cells = facts.shape.cells;
const placeOf = new Map(cells.map((cell, place) => [cell.name, place]));
const ROLES = ["sensory", "interneuron", "motor", "polymodal", "unknown"];
const TONES = { sensory: "--c0", interneuron: "--c2", motor: "--c1", polymodal: "--c3", unknown: "--muted" };

function unpacked({ data, offset, step }) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => offset + step * view.getUint16(2 * i, true));
}

// Every stretch between two points of a cable: start and end as x, y, z, radius, and the cell.
function segmentsOf(shape) {
  const points = unpacked(shape.points), diameters = unpacked(shape.diameters);
  const starts = [], ends = [], owners = [];
  const push = (list, p) => list.push(points[3 * p], points[3 * p + 1], points[3 * p + 2], diameters[p] / 2);
  for (let cable = 0, first = 0; cable < shape.cables.length; cable += 2) {
    const [owner, number] = [shape.cables[cable], shape.cables[cable + 1]];
    for (let p = first; p < first + number - 1; p++) {
      push(starts, p);
      push(ends, p + 1);
      owners.push(owner);
    }
    first += number;
  }
  return { starts: new Float32Array(starts), ends: new Float32Array(ends), owners: new Float32Array(owners) };
}

const segments = segmentsOf(facts.shape);

function totalLength() {
  const { starts, ends, owners } = segments;
  return owners.reduce((sum, _, i) => sum + Math.hypot(...[0, 1, 2].map((axis) => ends[4 * i + axis] - starts[4 * i + axis])), 0);
}

const voltages = run && unpacked(run.voltages);
const columns = cells.map((cell) => (run ? run.recorded.indexOf(cell.name) : -1));
const frames = run ? run.voltages.shape[0] : 0;

// The voltage (mV) of a cell at a frame, which may lie between two; NaN where it was not recorded.
function voltageAt(cell, frame) {
  const column = columns[cell], width = run.recorded.length;
  if (column < 0) return NaN;
  const before = Math.floor(frame), after = Math.min(before + 1, frames - 1);
  const a = voltages[before * width + column], b = voltages[after * width + column];
  return a + (frame - before) * (b - a);
}

function traceOf(cell) {
  return Float32Array.from({ length: frames }, (_, frame) => voltageAt(cell, frame));
}

// How far from rest (mV) each cell ever comes, and at which frame; -1 where it was not recorded.
const reaches = cells.map((_, cell) => {
  let best = { far: -1, frame: 0 };
  for (let frame = 0; run && frame < frames; frame++) {
    const far = Math.abs(voltageAt(cell, frame) - run.rest);
    if (far > best.far) best = { far, frame };
  }
  return best;
});

function cssColour(name) {
  const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
}

function shown(number, digits = 1) {
  return number.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "\u2212");
}
