// Two draw calls: all cables as capsules that face the camera, all somata as spheres. The colour of a cell is a texel,
// so that a frame of voltages is 302 texels.
const SHARED = `
precision highp float;
precision highp int;
uniform vec3 ground;
uniform vec2 haze;
vec3 lit(vec3 ink, vec3 normal, float depth) {
  float light = dot(normal, normalize(vec3(-0.35, 0.6, 0.75)));
  vec3 colour = ink * (0.66 + 0.40 * light);
  return mix(clamp(colour, 0.0, 1.0), ground, 0.45 * smoothstep(haze.x, haze.y, depth));
}`;

const CORNERS = `
precision highp float;
precision highp int;
precision highp sampler2D;
uniform mat4 modelViewMatrix, projectionMatrix;
uniform sampler2D colours;
uniform float pixel, least, swell, chosen, pointed;
in vec2 position;
in float neuron;
flat out vec3 ink;
out float depth;
out float grain;
const vec4 NOWHERE = vec4(2.0, 2.0, 2.0, 1.0);
vec3 seen(vec3 point) { return (modelViewMatrix * vec4(point, 1.0)).xyz; }
`;

const CABLE_CORNERS = `${CORNERS}
in vec4 start, end;
out vec2 place;
flat out float reach;
flat out vec2 radii;
flat out float faint;
flat out vec3 along, across, towards;
void main() {
  vec4 colour = texelFetch(colours, ivec2(int(neuron), 0), 0);
  vec3 a = seen(start.xyz), b = seen(end.xyz);
  if (colour.a == 0.0 || max(a.z, b.z) > -1.0) { gl_Position = NOWHERE; return; }
  float width = neuron == chosen || neuron == pointed ? 3.2 : least;
  vec2 thinnest = 0.5 * width * pixel * vec2(-a.z, -b.z);
  radii = max(vec2(start.w, end.w), thinnest);
  faint = clamp((start.w + end.w) / (radii.x + radii.y) * width / least, 0.0, 1.0);
  towards = -normalize(a + b);
  vec3 beside = cross(b - a, -towards);
  float turned = length(beside);
  across = turned > 1e-5 ? beside / turned : normalize(cross(vec3(0.0, 1.0, 0.0), towards));
  along = cross(-towards, across);
  reach = dot(b - a, along);
  bool far = position.x > 0.0;
  float own = far ? radii.y : radii.x;
  vec3 corner = far ? b : a;
  grain = -corner.z * pixel;
  float room = own + grain;
  place = vec2(far ? reach + room : -room, position.y * room);
  corner += along * position.x * room + across * place.y;
  depth = -corner.z;
  ink = colour.rgb;
  gl_Position = projectionMatrix * vec4(corner, 1.0);
}`;

const CABLE_INK = `${SHARED}
in vec2 place;
in float depth;
in float grain;
flat in float reach;
flat in vec2 radii;
flat in float faint;
flat in vec3 ink, along, across, towards;
out vec4 result;
void main() {
  float t = clamp(place.x / max(reach, 1e-6), 0.0, 1.0);
  vec2 off = vec2(place.x - t * reach, place.y);
  float radius = mix(radii.x, radii.y, t), distance = length(off);
  float cover = clamp((radius - distance) / grain + 0.5, 0.0, 1.0);
  if (cover < 0.05) discard;
  vec2 slope = off / max(radius, distance);
  vec3 normal = along * slope.x + across * slope.y + towards * sqrt(max(0.0, 1.0 - dot(slope, slope)));
  result = vec4(mix(ground, lit(ink, normal, depth), 0.7 + 0.3 * faint), cover);
}`;

const SOMA_CORNERS = `${CORNERS}
in vec4 sphere;
out vec2 place;
flat out vec3 centre;
flat out float radius;
void main() {
  vec4 colour = texelFetch(colours, ivec2(int(neuron), 0), 0);
  centre = seen(sphere.xyz);
  if (colour.a == 0.0 || centre.z > -1.0) { gl_Position = NOWHERE; return; }
  grain = -centre.z * pixel;
  radius = max(sphere.w * swell, (neuron == chosen || neuron == pointed ? 3.5 : 1.5) * grain);
  place = position * (radius + grain);
  depth = -centre.z;
  ink = colour.rgb;
  gl_Position = projectionMatrix * vec4(centre + vec3(place, 0.0), 1.0);
}`;

const SOMA_INK = `${SHARED}
uniform mat4 projectionMatrix;
in vec2 place;
in float depth;
in float grain;
flat in vec3 ink, centre;
flat in float radius;
out vec4 result;
void main() {
  float distance = length(place);
  float cover = clamp((radius - distance) / grain + 0.5, 0.0, 1.0);
  if (cover < 0.05) discard;
  vec2 slope = place / max(radius, distance);
  vec3 normal = vec3(slope, sqrt(max(0.0, 1.0 - dot(slope, slope))));
  vec4 clip = projectionMatrix * vec4(centre + radius * normal, 1.0);
  gl_FragDepth = 0.5 + 0.5 * clip.z / clip.w;
  float rim = smoothstep(0.0, 0.45, normal.z);
  result = vec4(lit(ink, normal, depth) * mix(0.62, 1.0, rim), cover);
}`;

// Squares of four corners, each with the values of its square. Written out, not instanced: renderers in software take
// fifty microseconds for every instance.
function squares(perSquare, number) {
  const geometry = new THREE.BufferGeometry(), corners = [-1, -1, 1, -1, 1, 1, -1, 1];
  const position = Float32Array.from({ length: 8 * number }, (_, i) => corners[i % 8]);
  geometry.setAttribute("position", new THREE.BufferAttribute(position, 2));
  geometry.setIndex(Array.from({ length: 6 * number }, (_, i) => 4 * Math.floor(i / 6) + [0, 1, 2, 0, 2, 3][i % 6]));
  for (const [name, values, size] of perSquare) {
    const repeated = Float32Array.from({ length: 4 * values.length }, (_, i) => values[size * Math.floor(i / size / 4) + (i % size)]);
    geometry.setAttribute(name, new THREE.BufferAttribute(repeated, size));
  }
  return geometry;
}

function meshOf(geometry, vertexShader, fragmentShader, uniforms) {
  const options = { vertexShader, fragmentShader, uniforms, glslVersion: THREE.GLSL3, side: THREE.DoubleSide };
  const material = new THREE.RawShaderMaterial(options);
  material.alphaToCoverage = true;
  const mesh = new THREE.Mesh(geometry, material);
  mesh.frustumCulled = false;
  return mesh;
}

// The meshes of all cells and what steers them: `texels` (RGBA by cell, A = 0 hides it) and `uniforms`.
function buildScene() {
  const texels = new Uint8Array(4 * cells.length);
  const texture = new THREE.DataTexture(texels, cells.length, 1, THREE.RGBAFormat, THREE.UnsignedByteType);
  const start = { pixel: 1, least: 1.25, swell: 1, chosen: -1, pointed: -1 };
  const uniforms = { colours: { value: texture }, ground: { value: [0, 0, 0] }, haze: { value: [0, 1] } };
  for (const [name, value] of Object.entries(start)) uniforms[name] = { value };
  const spheres = new Float32Array(cells.flatMap((cell) => [...cell.soma, cell.diameter / 2]));
  const numbers = new Float32Array(cells.map((_, place) => place));
  const cables = squares(
    [["start", segments.starts, 4], ["end", segments.ends, 4], ["neuron", segments.owners, 1]],
    segments.owners.length,
  );
  const somata = squares([["sphere", spheres, 4], ["neuron", numbers, 1]], cells.length);
  const scene = new THREE.Scene();
  scene.add(meshOf(cables, CABLE_CORNERS, CABLE_INK, uniforms), meshOf(somata, SOMA_CORNERS, SOMA_INK, uniforms));
  return { scene, texels, texture, uniforms };
}
