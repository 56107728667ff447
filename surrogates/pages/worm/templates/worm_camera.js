// Where the worm is seen from. In the cell files x grows to its left, y to its tail, z to its back.
const SIDES = { left: [1, 0, 0], right: [-1, 0, 0], dorsal: [0, 0, 1], ventral: [0, 0, -1], head: [0, -1, 0] };
const calm = matchMedia("(prefers-reduced-motion: reduce)");

function buildCamera(canvas, upright, changed) {
  const box = new THREE.Box3().setFromArray(cells.flatMap((cell) => cell.soma));
  for (let i = 0; i < segments.starts.length; i += 4)
    box.expandByPoint(new THREE.Vector3(segments.starts[i], segments.starts[i + 1], segments.starts[i + 2]));
  const middle = box.getCenter(new THREE.Vector3()), size = box.getSize(new THREE.Vector3());
  const camera = new THREE.PerspectiveCamera(24, 1, 5, 8000);
  camera.up.set(...(upright ? [0, -1, 0] : [0, 0, 1]));
  const controls = new THREE.OrbitControls(camera, canvas);
  Object.assign(controls, { minDistance: 12, maxDistance: 5000, zoomSpeed: 1.1, screenSpacePanning: true });
  controls.addEventListener("change", changed);
  controls.addEventListener("start", () => (side = null));
  let flight = 0, side = "left"; // the side that is shown whole, until something is moved

  function fitting() {
    const half = Math.tan(THREE.MathUtils.degToRad(camera.fov / 2)), thick = Math.max(size.x, size.z);
    const [wide, high] = upright ? [thick, size.y] : [size.y, thick];
    return 1.07 * Math.max(high / 2 / half, wide / 2 / half / camera.aspect) + thick / 4;
  }

  // Move target and camera there, at once or in a third of a second.
  function fly(target, position) {
    side = null;
    cancelAnimationFrame(flight);
    const from = [controls.target.clone(), camera.position.clone()], began = performance.now();
    const step = (now) => {
      const t = calm.matches ? 1 : Math.min(1, (now - began) / 330), eased = t * t * (3 - 2 * t);
      controls.target.lerpVectors(from[0], target, eased);
      camera.position.lerpVectors(from[1], position, eased);
      controls.update();
      if (t < 1) flight = requestAnimationFrame(step);
    };
    if (calm.matches) step(began);
    else flight = requestAnimationFrame(step);
  }

  function lookFrom(from) {
    side = from;
    const away = new THREE.Vector3(...SIDES[from]).multiplyScalar(fitting());
    if (away.x === 0) away.x = 0.02; // keeps the head on its side where the direction of `up` is lost
    controls.target.copy(middle);
    camera.position.copy(middle).add(away);
    controls.update();
  }

  function lookAt(cell) {
    const target = new THREE.Vector3(...cells[cell].soma);
    const away = camera.position.clone().sub(controls.target);
    fly(target, target.clone().add(away.setLength(Math.min(away.length(), 420))));
  }

  function turn(around, over) {
    side = null;
    const level = new THREE.Quaternion().setFromUnitVectors(camera.up, new THREE.Vector3(0, 1, 0));
    const away = camera.position.clone().sub(controls.target).applyQuaternion(level);
    const place = new THREE.Spherical().setFromVector3(away);
    place.theta += around;
    place.phi += over;
    away.setFromSpherical(place.makeSafe()).applyQuaternion(level.invert());
    camera.position.copy(controls.target).add(away);
    controls.update();
  }

  function zoom(factor) {
    side = null;
    const away = camera.position.clone().sub(controls.target);
    const length = THREE.MathUtils.clamp(away.length() * factor, controls.minDistance, controls.maxDistance);
    camera.position.copy(controls.target).add(away.setLength(length));
    controls.update();
  }

  const refit = () => side && lookFrom(side);
  return { camera, controls, refit, lookFrom, lookAt, turn, zoom, stop: () => cancelAnimationFrame(flight) };
}

// The projection of points to pixels of the picture, without three's objects: it is called 16,000 times a hover.
function projector(camera, width, height) {
  camera.updateMatrixWorld();
  const m = new THREE.Matrix4().multiplyMatrices(camera.projectionMatrix, camera.matrixWorldInverse).elements;
  return (x, y, z, out) => {
    const w = m[3] * x + m[7] * y + m[11] * z + m[15];
    out[0] = (0.5 + (m[0] * x + m[4] * y + m[8] * z + m[12]) / w / 2) * width;
    out[1] = (0.5 - (m[1] * x + m[5] * y + m[9] * z + m[13]) / w / 2) * height;
    out[2] = w;
    return out;
  };
}

// The cell under a pixel, or -1: the nearest to the eye among those within `slack` pixels; a soma wins over cables.
function pick(project, scale, at, visible, swell, slack) {
  let best = -1, lowest = Infinity;
  const a = [0, 0, 0], b = [0, 0, 0];
  const weigh = (cell, miss, depth) => {
    const cost = Math.max(0, miss) * 1e4 + depth;
    if (miss <= slack && cost < lowest) [best, lowest] = [cell, cost];
  };
  cells.forEach((cell, place) => {
    if (!visible[place]) return;
    project(...cell.soma, a);
    const radius = Math.max((cell.diameter / 2) * swell * (scale / a[2]), 2);
    if (a[2] > 0) weigh(place, Math.hypot(a[0] - at[0], a[1] - at[1]) - radius, a[2]);
  });
  if (best >= 0) return best;
  const { starts, ends, owners } = segments;
  for (let i = 0; i < owners.length; i++) {
    if (!visible[owners[i]]) continue;
    project(starts[4 * i], starts[4 * i + 1], starts[4 * i + 2], a);
    project(ends[4 * i], ends[4 * i + 1], ends[4 * i + 2], b);
    if (a[2] <= 0 || b[2] <= 0) continue;
    const dx = b[0] - a[0], dy = b[1] - a[1], square = dx * dx + dy * dy;
    const share = square ? Math.min(1, Math.max(0, ((at[0] - a[0]) * dx + (at[1] - a[1]) * dy) / square)) : 0;
    const miss = Math.hypot(a[0] + share * dx - at[0], a[1] + share * dy - at[1]) - starts[4 * i + 3] * (scale / a[2]);
    weigh(owners[i], miss, a[2]);
  }
  return best;
}
