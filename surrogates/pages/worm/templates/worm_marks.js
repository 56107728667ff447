// What lies over the picture: rings and names of marked neurons, a ruler, and where head, back and left are.
const SVG = "http://www.w3.org/2000/svg";

function element(parent, name, attributes, text) {
  const made = parent.appendChild(document.createElementNS(SVG, name));
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// The highest of 1, 2 and 5 times a power of ten that is not above.
function roundDown(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [5, 2, 1].find((step) => step * power <= value * (1 + 1e-9));
}

function drawMarks(svg, view, marks) {
  svg.replaceChildren();
  drawNames(svg, view, marks);
  drawRuler(svg, view);
  drawAxes(svg, view);
}

// Names of inputs stand above their somata, others below if there is room; a name that meets another one moves on outwards.
function drawNames(svg, view, marks) {
  const taken = [{ x: view.width - 230, y: view.height - 18, wide: 230 }], out = [0, 0, 0]; // the ruler's place
  const seen = marks.map((mark) => {
    const [x, y, depth] = view.project(...cells[mark.cell].soma, out);
    const radius = Math.max(6, (cells[mark.cell].diameter / 2) * view.swell * (view.scale / depth) + 3);
    return { ...mark, x, y, depth, radius };
  });
  const inside = ({ x, y, depth }) => depth > 0 && x > 0 && y > 0 && x < view.width && y < view.height;
  for (const mark of seen.filter(inside).sort((a, b) => a.x - b.x)) {
    const up = mark.kind === "input" || mark.y > view.height - 90 ? -1 : 1, wide = 7.4 * mark.text.length + 6;
    const x = Math.min(Math.max(mark.x + 10, 4), view.width - wide);
    let y = mark.y + up * (mark.radius + 20);
    while (taken.some((box) => x < box.x + box.wide && box.x < x + wide && Math.abs(y - box.y) < 15)) y += up * 15;
    taken.push({ x, y, wide });
    element(svg, "circle", { class: mark.kind, cx: mark.x, cy: mark.y, r: mark.radius });
    element(svg, "line", { class: "lead", x1: mark.x + 3, y1: mark.y + up * mark.radius, x2: x + 2, y2: y - (up > 0 ? 9 : -3) });
    element(svg, "text", { class: `${mark.kind}-name`, x, y }, mark.text);
  }
}

function drawRuler(svg, { width, height, scale, distance }) {
  const micrometre = scale / distance, length = roundDown(Math.min(180, width / 3) / micrometre);
  const right = width - 16, left = right - length * micrometre, y = height - 14;
  element(svg, "path", { class: "ruler", d: `M${left} ${y - 5}V${y}H${right}V${y - 5}` });
  element(svg, "text", { x: (left + right) / 2, y: y - 8, "text-anchor": "middle" }, `${length} \u00b5m`);
}

function drawAxes(svg, { height, camera }) {
  const middle = [58, height - 52];
  const ways = [["head", "head"], ["back", "dorsal"], ["left", "left"]];
  for (const [name, side] of ways) {
    const way = new THREE.Vector3(...SIDES[side]).transformDirection(camera.matrixWorldInverse);
    const [dx, dy] = [way.x * 24, -way.y * 24];
    if (Math.hypot(dx, dy) < 7) continue;
    element(svg, "line", { class: "axis", x1: middle[0], y1: middle[1], x2: middle[0] + dx, y2: middle[1] + dy });
    const put = { class: "axis-name", x: middle[0] + 1.5 * dx, y: middle[1] + 1.45 * dy + 4, "text-anchor": "middle" };
    element(svg, "text", put, name);
  }
}
