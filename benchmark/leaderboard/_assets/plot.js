// Accuracy against cost: every shown cell a point, the ones that nothing beats on both axes joined.

const PLOT = { width: 460, height: 340, left: 44, right: 14, top: 14, bottom: 40 };
const POINTS_LIMIT = 250;
const COST_AXES = ["latency_p50_s", "parameters", "gflops", "peak_memory_bytes", "train_hours"];
const MEASURED_ON = new Set(["latency_p50_s", "peak_memory_bytes", "train_hours"]);

function plotSection(rows, state, metric, update) {
  const axis = COLUMNS.get(state.x) && COST_AXES.includes(state.x) ? state.x : COST_AXES[0];
  const devices = MEASURED_ON.has(axis) ? devicesOf(rows) : [];
  const device = devices.includes(state.on) ? state.on : devices[0];
  const points = rows
    .filter((row) => !devices.length || at("device", row) === device)
    .map((row) => ({ row, x: value(axis, row), y: value(metric, row) }))
    .filter((point) => point.x > 0 && point.y !== null);
  const title = COLUMNS.get(axis).title;
  return el("section", { class: "plot", "aria-labelledby": "plot-title" },
    el("h2", { id: "plot-title" }, `${COLUMNS.get(metric)?.title ?? metric} and what it costs`),
    el("div", { class: "axes" },
      choice("Cost", COST_AXES.map((key) => [key, COLUMNS.get(key).title]), axis, (x) => update({ x })),
      devices.length > 1 ? choice("On", devices.map((name) => [name, name]), device, (on) => update({ on })) : null),
    points.length ? drawPlot(points, axis, metric) : el("p", { class: "empty" }, `No shown cell has both numbers.`),
    el("p", null, points.length
      ? `Joined: no other cell is better in both. ${device ? `Measured on ${device}; times of other machines are not comparable. ` : ""}Bars: 95 % interval.`
      : `${title} has not been measured for these cells.`));
}

function devicesOf(rows) {
  const counts = new Map();
  for (const row of rows) {
    const device = at("device", row);
    if (device !== null) counts.set(device, (counts.get(device) ?? 0) + 1);
  }
  return [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || (a < b ? -1 : 1));
}

// Cheapest first; a point is on the frontier where it is better than all that cost no more.
function frontier(points) {
  let best = -Infinity;
  return [...points].sort((a, b) => a.x - b.x || b.y - a.y).filter((point) => {
    if (point.y <= best) return false;
    best = point.y;
    return true;
  });
}

function drawPlot(points, axis, metric) {
  const scale = scales(points);
  const front = frontier(points);
  const onFront = new Set(front.map((point) => point.row));
  const others = points.filter((point) => !onFront.has(point.row));
  const named = others.length > POINTS_LIMIT ? [] : others;
  const drawing = svg("svg", { viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, role: "group", "aria-label": `${points.length} cells, ${metric} over ${axis}` },
    axes(scale, axis, metric));
  if (!named.length && others.length) {
    drawing.append(svg("path", { class: "crowd", d: others.map((p) => `M${scale.x(p.x)} ${scale.y(p.y)}h0`).join("") }));
  }
  drawing.append(svg("path", { class: "frontier", d: staircase(front, scale) }));
  for (const point of named) drawing.append(dot(point, scale, axis, metric, false));
  const labels = [];
  for (const point of front) drawing.append(dot(point, scale, axis, metric, true, labels));
  return drawing;
}

function staircase(front, scale) {
  return front.map((point, i) => {
    const [x, y] = [scale.x(point.x), scale.y(point.y)];
    return i ? `H${x}V${y}` : `M${x} ${y}`;
  }).join("");
}

function dot(point, scale, axis, metric, on, labels) {
  const [x, y] = [scale.x(point.x), scale.y(point.y)];
  const bounds = interval(metric, point.row);
  const name = nameOf(point.row);
  const text = `${name}: ${metric} ${at(metric, point.row)}, ${COLUMNS.get(axis).title} ${at(axis, point.row)}`;
  const link = svg("a", { href: recordAddress(at("id", point.row)), "aria-label": text, tabindex: on ? 0 : -1 },
    svg("title", null, text),
    bounds ? svg("path", { class: "whisker", d: `M${x} ${scale.y(bounds[0])}V${scale.y(bounds[1])}` }) : null,
    svg("circle", { class: on ? "dot on" : "dot", cx: x, cy: y, r: on ? 5 : 4 }));
  if (on) {
    const place = placeLabel(x, y, name, labels);
    if (place) link.append(svg("text", { class: "label", x: place.x, y: place.y, "text-anchor": place.anchor }, place.text));
  }
  return link;
}

// Where a label fits beside its point without covering another one; nowhere is an answer too.
function placeLabel(x, y, name, labels) {
  const text = name.length > 26 ? `${name.slice(0, 25)}…` : name;
  const width = text.length * 6.2;
  for (const [dx, dy, anchor] of [[8, -7, "start"], [-8, -7, "end"], [8, 15, "start"], [-8, 15, "end"]]) {
    const left = anchor === "start" ? x + dx : x + dx - width;
    const box = { left, right: left + width, top: y + dy - 10, bottom: y + dy + 3 };
    if (box.left < PLOT.left || box.right > PLOT.width || box.top < 0) continue;
    if (labels.some((b) => b.left < box.right && box.left < b.right && b.top < box.bottom && box.top < b.bottom)) continue;
    labels.push(box);
    return { x: x + dx, y: y + dy, anchor, text };
  }
  return null;
}

function scales(points) {
  const xs = points.map((point) => point.x);
  const [low, high] = [Math.min(...xs), Math.max(...xs)];
  const from = Math.log10(low / 1.5);
  const to = Math.log10(Math.max(high, low) * 1.5);
  const top = Math.max(...points.map((point) => point.y), 0.1) * 1.12;
  const inner = { width: PLOT.width - PLOT.left - PLOT.right, height: PLOT.height - PLOT.top - PLOT.bottom };
  return {
    from, to, top,
    x: (v) => PLOT.left + ((Math.log10(v) - from) / (to - from)) * inner.width,
    y: (v) => PLOT.top + (1 - Math.min(Math.max(v, 0), top * 1.02) / top) * inner.height,
  };
}

function axes(scale, axis, metric) {
  const bottom = PLOT.height - PLOT.bottom;
  const kind = COLUMNS.get(axis).kind;
  const step = niceStep(scale.top / 5);
  const ys = Array.from({ length: Math.floor(scale.top / step) + 1 }, (_, i) => i * step);
  return [
    ys.map((v) => [
      svg("path", { class: "grid", d: `M${PLOT.left} ${scale.y(v)}H${PLOT.width - PLOT.right}` }),
      svg("text", { x: PLOT.left - 7, y: scale.y(v) + 4, "text-anchor": "end" }, Number(v.toPrecision(3))),
    ]),
    logTicks(scale.from, scale.to).map((v) => [
      svg("path", { class: "grid", d: `M${scale.x(v)} ${bottom}v4` }),
      svg("text", { x: scale.x(v), y: bottom + 17, "text-anchor": "middle" }, tick(kind, v)),
    ]),
    svg("text", { x: PLOT.width - PLOT.right, y: PLOT.height - 4, "text-anchor": "end" }, `${COLUMNS.get(axis).title} (log scale)`),
    svg("text", { x: 2, y: 10 }, `${metric}, %`),
  ];
}

// A tick is 1, 2 or 5 times a power of ten, so that nothing is lost in three digits.
function tick(kind, v) {
  const [unit, scale] = kind === "time" ? (v >= 1 ? [" s", 1] : [" ms", 1e3]) : kind === "bytes" ? (v >= 1e9 ? [" GB", 1e-9] : [" MB", 1e-6])
    : kind === "count" && v >= 1e6 ? [" M", 1e-6] : ["", 1];
  return Number((v * scale).toPrecision(3)).toLocaleString("en") + unit;
}

function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((m) => m * power).find((step) => step >= rough);
}

function logTicks(from, to) {
  const wide = to - from > 1.6;
  const ticks = [];
  for (let power = Math.floor(from); power <= Math.ceil(to); power++) {
    for (const m of wide ? [1] : [1, 2, 5]) {
      const v = m * 10 ** power;
      if (Math.log10(v) >= from && Math.log10(v) <= to) ticks.push(v);
    }
  }
  return ticks;
}
