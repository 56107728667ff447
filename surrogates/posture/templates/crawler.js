// Draws a midline, points from the head on, red with a blue head. The view of so many body lengths follows the worm over a
// ground with a line every body length, so that motion is seen. Gives where the middle of the worm is.
const HEAD = 0.15; // the share of the body drawn as head
function drawCrawler(pen, side, midline, view) {
  const style = getComputedStyle(document.documentElement), scale = side / view, reach = Math.floor(view);
  const middle = [0, 1].map((axis) => midline.reduce((sum, point) => sum + point[axis], 0) / midline.length);
  const x = (value) => side / 2 + scale * (value - middle[0]), y = (value) => side / 2 - scale * (value - middle[1]);
  pen.strokeStyle = style.getPropertyValue("--grid");
  pen.lineWidth = 1;
  pen.beginPath();
  for (let n = -reach; n <= reach; n++) {
    const [across, along] = [x(Math.round(middle[0]) + n), y(Math.round(middle[1]) + n)];
    pen.moveTo(across, 0);
    pen.lineTo(across, side);
    pen.moveTo(0, along);
    pen.lineTo(side, along);
  }
  pen.stroke();
  pen.lineCap = pen.lineJoin = "round";
  pen.lineWidth = Math.max(2.5, 0.05 * scale);
  const neck = Math.max(1, Math.round(HEAD * (midline.length - 1)));
  for (const [from, to, colour] of [[neck, midline.length - 1, "--midline"], [0, neck, "--head"]]) {
    pen.strokeStyle = style.getPropertyValue(colour);
    pen.beginPath();
    midline.slice(from, to + 1).forEach((point) => pen.lineTo(x(point[0]), y(point[1])));
    pen.stroke();
  }
  return middle;
}
