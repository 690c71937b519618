// Bars, drawn as SVG. They are for the eye alone: the same figures stand in a table beside.

const SVG = "http://www.w3.org/2000/svg";
const ROW_PX = 34;
const HEIGHT_PX = 200;
const FOOT_PX = 22;
const SIDE_PX = 34;
const NAME_PX = 56;

function node(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

function picture(width, height) {
  return node("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", focusable: "false" });
}

// Draw something as wide as there is room for it; `draw` gets the width in pixels.
function fitted(draw) {
  const place = document.createElement("div");
  new ResizeObserver(([{ contentRect }]) => contentRect.width && place.replaceChildren(draw(contentRect.width))).observe(place);
  return place;
}

// Bars that lie: `rows` are {name, value, said}, their length is of `most`.
export function bars(rows, most = Math.max(1, ...rows.map(({ value }) => value))) {
  return fitted((width) => drawBars(rows, most, width));
}

// Bars that stand, several beside each other at each place: `rows` are {name, values}.
export function columns(rows) {
  return fitted((width) => drawColumns(rows, width));
}

function drawBars(rows, most, fullWidth) {
  const drawn = picture(fullWidth, rows.length * ROW_PX);
  rows.forEach(({ name, value, said, kind = "first" }, index) => {
    const y = index * ROW_PX;
    drawn.append(
      node("text", { x: 0, y: y + 13, class: "names" }, name),
      node("text", { x: fullWidth, y: y + 13, class: "values" }, said),
      node("rect", { x: 0, y: y + 19, width: fullWidth, height: 8, rx: 4, class: "track" }),
    );
    if (value > 0) drawn.append(node("rect", { x: 0, y: y + 19, width: Math.max(8, (value / most) * fullWidth), height: 8, rx: 4, class: kind }));
  });
  return drawn;
}

function drawColumns(rows, fullWidth) {
  const most = roundUp(Math.max(1, ...rows.flatMap(({ values }) => values)));
  const drawn = picture(fullWidth, HEIGHT_PX);
  const floor = HEIGHT_PX - FOOT_PX;
  const height = (value) => (value / most) * (floor - 10);
  for (const mark of [0, most / 2, most]) {
    const y = floor - height(mark);
    drawn.append(node("line", { x1: SIDE_PX, x2: fullWidth, y1: y, y2: y, class: "grid" }), node("text", { x: SIDE_PX - 6, y: y + 4, class: "values" }, mark));
  }
  const step = (fullWidth - SIDE_PX) / rows.length;
  const every = Math.ceil(rows.length / Math.floor((fullWidth - SIDE_PX) / NAME_PX));
  rows.forEach(({ name, values }, index) => {
    const width = Math.min(18, (step * 0.76) / values.length);
    const left = SIDE_PX + (index + 0.5) * step - (width * values.length) / 2;
    values.forEach((value, series) => {
      const rounded = Math.min(3, width / 3, height(value));
      drawn.append(node("rect", { x: left + series * width, y: floor - height(value), width: width * 0.88, height: height(value), rx: rounded, class: series ? "second" : "first" }));
    });
    if (index % every === 0) drawn.append(node("text", { x: SIDE_PX + (index + 0.5) * step, y: HEIGHT_PX - 5, class: "days" }, name));
  });
  return drawn;
}

// The next even number of one digit and zeros, so that its half can be written, too.
function roundUp(value) {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)));
  return Math.ceil(value / (2 * unit)) * 2 * unit;
}
