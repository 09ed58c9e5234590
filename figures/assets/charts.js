"use strict";
// Line charts and maps as SVG, in the page's colours: curves differ by dash as well as by colour.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 440, HEIGHT = 270;
const PLOT = { left: 58, right: 12, top: 12, bottom: 42 };

function element(name, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

/** Four significant digits, with a true minus sign. */
function shown(value) {
  if (value === Infinity) return "never";
  if (!Number.isFinite(value)) return "undefined";
  const size = Math.abs(value);
  const plain = size === 0 || (size >= 1e-3 && size < 1e5);
  const text = plain ? String(Number(value.toPrecision(4))) : value.toExponential(3);
  return text.replace(/^-/, "\u2212").replace(/e\+?/, "e");
}

/** Steps of 1, 2 or 5 times a power of ten, about `count` of them between low and high. */
function linearTicks(low, high, count = 5) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) ticks.push(k * step);
  return ticks;
}

function logTicks(low, high) {
  const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
  const skip = Math.max(1, Math.ceil((last - first) / 6));
  const ticks = [];
  for (let k = first; k <= last; k += skip) ticks.push(10 ** k);
  return ticks.length > 1 ? ticks : linearTicks(low, high, 4);
}

function axis(low, high, log, from, to) {
  const place = log ? Math.log10 : (x) => x;
  const a = place(low), b = place(high);
  const at = (x) => from + ((place(x) - a) / (b - a || 1)) * (to - from);
  return { at, low, high, ticks: log ? logTicks(low, high) : linearTicks(low, high) };
}

function tickText(value, log) {
  if (log && (value >= 1e4 || value < 1e-2)) return `1e${Math.round(Math.log10(value))}`.replace("-", "\u2212");
  return String(Number(value.toPrecision(3))).replace(/^-/, "\u2212");
}

function drawAxes(svg, x, y, options) {
  const bottom = HEIGHT - PLOT.bottom, right = WIDTH - PLOT.right;
  const group = element("g", { class: "axes" });
  for (const tick of x.ticks) {
    group.append(element("line", { x1: x.at(tick), x2: x.at(tick), y1: PLOT.top, y2: bottom }));
    group.append(element("text", { x: x.at(tick), y: bottom + 15, "text-anchor": "middle" }, tickText(tick, options.xlog)));
  }
  for (const tick of y.ticks) {
    group.append(element("line", { x1: PLOT.left, x2: right, y1: y.at(tick), y2: y.at(tick) }));
    group.append(element("text", { x: PLOT.left - 6, y: y.at(tick) + 4, "text-anchor": "end" }, tickText(tick, options.ylog)));
  }
  group.append(element("text", { x: (PLOT.left + right) / 2, y: HEIGHT - 8, "text-anchor": "middle", class: "label" }, options.xlabel));
  const middle = (PLOT.top + bottom) / 2;
  group.append(element("text", { x: 13, y: middle, "text-anchor": "middle", class: "label", transform: `rotate(-90 13 ${middle})` }, options.ylabel));
  svg.append(group);
}

function canvas(text) {
  return element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": text });
}

/** The figure's content: title, drawing, legend. */
function fill(place, title, svg, legend) {
  const caption = document.createElement("figcaption");
  caption.textContent = title;
  const list = document.createElement("ul");
  list.className = "legend";
  for (const [label, key] of legend) {
    const item = document.createElement("li");
    item.append(key, label);
    list.append(item);
  }
  place.replaceChildren(caption, svg, list);
}

function key(kind) {
  const svg = element("svg", { viewBox: "0 0 26 10", class: "key", "aria-hidden": "true" });
  svg.append(kind.startsWith("area")
    ? element("rect", { x: 0, y: 0, width: 26, height: 10, class: kind })
    : element("line", { x1: 0, x2: 26, y1: 5, y2: 5, class: kind }));
  return svg;
}

/**
 * Curves {label, points: [[x, y]...]}, vertical marks {label, x}, dots {x, y}, a band {label, from, to}.
 * Points that are not finite break a curve.
 */
function lineChart(place, options) {
  const { curves, marks = [], dots = [], band = null } = options;
  const all = curves.flatMap((curve) => curve.points).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  const xs = all.map(([x]) => x), ys = all.map(([, y]) => y);
  let [ylow, yhigh] = options.yrange ?? [Math.min(...ys), Math.max(...ys)];
  if (!(yhigh > ylow)) [ylow, yhigh] = options.ylog ? [ylow / 2, yhigh * 2] : [ylow - 0.5, yhigh + 0.5];
  if (!options.yrange) {  // room for thick lines and dots
    const room = options.ylog ? (yhigh / ylow) ** 0.05 : 0.05 * (yhigh - ylow);
    [ylow, yhigh] = options.ylog ? [ylow / room, yhigh * room] : [ylow - room, yhigh + room];
  }
  const x = axis(Math.min(...xs), Math.max(...xs), options.xlog, PLOT.left, WIDTH - PLOT.right);
  const y = axis(ylow, yhigh, options.ylog, HEIGHT - PLOT.bottom, PLOT.top);
  const svg = canvas(`${options.title}. ${options.summary}`);
  const legend = [], aside = [];
  const inside = (v) => v >= x.low && v <= x.high;
  drawAxes(svg, x, y, options);
  const clip = `clip-${place.id}`;
  const defs = element("defs"), box = element("clipPath", { id: clip });
  box.append(element("rect", { x: PLOT.left, y: PLOT.top, width: WIDTH - PLOT.left - PLOT.right, height: HEIGHT - PLOT.top - PLOT.bottom }));
  defs.append(box);
  const group = element("g", { "clip-path": `url(#${clip})` });
  svg.append(defs, group);
  if (band) {
    const points = [...band.upper, ...[...band.lower].reverse()];
    group.append(element("polygon", { class: "area", points: points.map(([a, b]) => `${x.at(a).toFixed(2)},${y.at(b).toFixed(2)}`).join(" ") }));
    aside.push([band.label, key("area")]);
  }
  for (const mark of marks) {
    if (!inside(mark.x)) continue;
    group.append(element("line", { x1: x.at(mark.x), x2: x.at(mark.x), y1: PLOT.top, y2: HEIGHT - PLOT.bottom, class: mark.kind }));
    aside.push([mark.label, key(mark.kind)]);
  }
  for (const level of options.levels ?? []) {
    group.append(element("line", { x1: PLOT.left, x2: WIDTH - PLOT.right, y1: y.at(level), y2: y.at(level), class: "level" }));
  }
  curves.forEach((curve, k) => {
    let path = "", pen = "M";
    for (const [a, b] of curve.points) {
      if (!Number.isFinite(a) || !Number.isFinite(b)) { pen = "M"; continue; }
      path += `${pen}${x.at(a).toFixed(2)} ${y.at(b).toFixed(2)}`;
      pen = "L";
    }
    group.append(element("path", { d: path, class: `curve c${k % 8}` }));
    legend.push([curve.label, key(`curve c${k % 8}`)]);
  });
  for (const dot of dots) {
    if (inside(dot.x) && Number.isFinite(dot.y)) group.append(element("circle", { cx: x.at(dot.x), cy: y.at(dot.y), r: 4.5, class: "dot" }));
  }
  fill(place, options.title, svg, [...legend, ...aside]);
}

/** A map of values in [-1, 1] over columns (labels) and rows (labels); a cell may be null. */
function mapChart(place, options) {
  const { columns, rows, value, here } = options;
  const wide = (WIDTH - PLOT.left - PLOT.right) / columns.length;
  const high = (HEIGHT - PLOT.top - PLOT.bottom) / rows.length;
  const svg = canvas(`${options.title}. ${options.summary}`);
  const group = element("g", { class: "axes" });
  rows.forEach((row, i) => {
    columns.forEach((column, j) => {
      const v = value(row, column);
      const cell = { x: PLOT.left + j * wide, y: PLOT.top + (rows.length - 1 - i) * high, width: wide + 0.5, height: high + 0.5 };
      svg.append(element("rect", { ...cell, class: v === null ? "none" : "cell", style: v === null ? "" : `--v:${(50 + 50 * v).toFixed(1)}%` }));
    });
  });
  columns.forEach((column, j) => {
    group.append(element("text", { x: PLOT.left + (j + 0.5) * wide, y: HEIGHT - PLOT.bottom + 15, "text-anchor": "middle" }, String(column)));
  });
  const bottom = HEIGHT - PLOT.bottom;
  const y = axis(rows[0], rows.at(-1), true, bottom - high / 2, PLOT.top + high / 2);
  for (const tick of y.ticks) {
    group.append(element("text", { x: PLOT.left - 6, y: y.at(tick) + 4, "text-anchor": "end" }, tickText(tick, true)));
  }
  group.append(element("text", { x: (PLOT.left + WIDTH - PLOT.right) / 2, y: HEIGHT - 8, "text-anchor": "middle", class: "label" }, options.xlabel));
  const middle = (PLOT.top + bottom) / 2;
  group.append(element("text", { x: 13, y: middle, "text-anchor": "middle", class: "label", transform: `rotate(-90 13 ${middle})` }, options.ylabel));
  const column = columns.indexOf(here[0]);
  svg.append(group);
  if (column >= 0) svg.append(element("circle", { cx: PLOT.left + (column + 0.5) * wide, cy: y.at(here[1]), r: 5, class: "dot" }));
  const swatch = (style, kind) => {
    const made = element("svg", { viewBox: "0 0 26 10", class: "key", "aria-hidden": "true" });
    made.append(element("rect", { x: 0, y: 0, width: 26, height: 10, class: kind, style }));
    return made;
  };
  fill(place, options.title, svg, options.legend.map(([label, v]) => [label, v === null ? swatch("", "none") : swatch(`--v:${50 + 50 * v}%`, "cell")]));
}

/** A table of rows [name, ...numbers] under a header. */
function numbersTable(place, caption, header, rows) {
  const table = document.createElement("table");
  table.createCaption().textContent = caption;
  const head = table.createTHead().insertRow();
  header.forEach((title, k) => {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.className = k ? "number" : "";
    cell.textContent = title;
    head.append(cell);
  });
  const body = table.createTBody();
  for (const [name, ...values] of rows) {
    const row = body.insertRow();
    const cell = document.createElement("th");
    cell.scope = "row";
    cell.textContent = name;
    row.append(cell);
    for (const value of values) {
      const number = row.insertCell();
      number.className = "number";
      number.textContent = typeof value === "number" ? shown(value) : value;
    }
  }
  place.replaceChildren(table);
}
