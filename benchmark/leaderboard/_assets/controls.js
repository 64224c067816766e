// Which cells and columns are shown.

const FILTERS = ["open", "seen", "lic", "max", "status", "plain"];

function choose(rows, state) {
  const statuses = list(state.status);
  const licences = list(state.lic);
  const most = Number(state.max) || 0;
  return rows.filter((row) => {
    if (state.open && at("open", row) !== 1) return false;
    if (state.plain && at("apart", row)) return false;
    if (statuses.length && !statuses.includes(at("status", row))) return false;
    if (licences.length && !licences.includes(at("licence", row) ?? "unknown")) return false;
    if (most && !(value("parameters", row) !== null && value("parameters", row) <= most * 1e6)) return false;
    if (state.seen) {
      const share = value("zero_shot", row);
      if (share === null || share < Number(state.seen)) return false;
    }
    return true;
  });
}

function find(rows, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return rows;
  return rows.filter((row) => {
    const said = `${nameOf(row)} ${at("method", row)} ${at("id", row)} ${at("licence", row)} ${at("device", row)}`.toLowerCase();
    return words.every((word) => said.includes(word));
  });
}

const nameOf = (row) => at("title", row) + (at("apart", row) ? ` (${at("apart", row)})` : "");
const distinct = (rows, key) => [...new Set(rows.map((row) => at(key, row) ?? "unknown"))].sort();

function toggled(text, name, on) {
  const names = list(text).filter((other) => other !== name);
  return (on ? [...names, name] : names).sort().join("~");
}

function toolbar(rows, state, update, save) {
  const search = el("input", { type: "search", placeholder: "Find a method", "aria-label": "Find a method", input: () => update({ q: search.value, page: "1" }, search) });
  search.value = state.q;
  const inUse = FILTERS.filter((name) => state[name] && name !== "open").length;
  return el("div", { class: "tools" }, search,
    check("open vocabulary only", Boolean(state.open), (on) => update({ open: on ? "1" : "", page: "1" })),
    menu("Filters", inUse, filterPanel(rows, state, update)),
    menu("Columns", 0, columnPanel(rows, state, update)),
    el("span", { class: "end" },
      el("button", { type: "button", id: "csv", click: save }, "Download CSV"),
      linkButton()));
}

function linkButton() {
  const button = el("button", { type: "button", id: "link", click: () => copy(location.href, button) }, "Copy link");
  return button;
}

function filterPanel(rows, state, update) {
  const change = (changes) => update({ ...changes, page: "1" });
  const most = el("input", { type: "number", min: 0, step: "any", "aria-label": "At most this many million parameters", change: () => change({ max: most.value }) });
  most.value = state.max;
  const group = (title, key, names) => el("fieldset", null, el("legend", null, title),
    names.map((name) => check(name, list(state[key]).includes(name), (on) => change({ [key]: toggled(state[key], name, on) }))));
  return el("div", { class: "panel" },
    choice("Test classes not met in training", [["", "any share"], ["0", "known"], ["50", "at least 50 %"], ["90", "at least 90 %"], ["100", "all of them"]], state.seen, (seen) => change({ seen })),
    el("label", null, "At most ", most, " million parameters"),
    group("Licence of the code", "lic", distinct(rows, "licence")),
    group("Status", "status", ["ok", "blocked", "failed"]),
    el("fieldset", null, el("legend", null, "Settings"), check("only the profile's own: no ablations, no controls", Boolean(state.plain), (on) => change({ plain: on ? "1" : "" }))),
    el("button", { type: "button", click: () => change({ ...Object.fromEntries(FILTERS.map((name) => [name, ""])), q: "" }) }, "Show everything"));
}

function columnPanel(rows, state, update) {
  const shown = shownColumns(rows, state);
  const present = DATA.columns.filter((column) => hasValues(rows, column.key));
  const groups = [["Accuracy", (c) => SPREAD.has(c.key) || !(COST_AXES.includes(c.key) || isCost(c) || isFact(c))], ["Cost", isCost], ["About", isFact]];
  const flip = (key, on) => {
    const keys = present.map((column) => column.key).filter((other) => (other === key ? on : shown.includes(other)));
    update({ cols: keys.join("~") });
  };
  return el("div", { class: "panel columns" }, groups.map(([title, belongs]) => [
    el("h3", null, title),
    present.filter(belongs).map((column) => check(column.title, shown.includes(column.key), (on) => flip(column.key, on))),
  ]), el("button", { type: "button", click: () => update({ cols: "" }) }, "As at first"));
}

const COST_KEYS = new Set(["parameters", "gflops", "latency_p50_s", "latency_p95_s", "images_per_s", "peak_memory_bytes", "train_hours", "image_side_px", "device", "precision"]);
const FACT_KEYS = new Set(["zero_shot", "seeds", "licence", "provenance", "weights", "wording", "measured", "id"]);
const isCost = (column) => COST_KEYS.has(column.key);
const isFact = (column) => FACT_KEYS.has(column.key);
const hasValues = (rows, key) => rows.some((row) => at(key, row) !== null && at(key, row) !== undefined);

function shownColumns(rows, state) {
  const asked = list(state.cols);
  if (asked.length) return asked.filter((key) => COLUMNS.has(key));
  const narrow = matchMedia("(max-width: 640px)").matches;
  return DATA.columns
    .filter((column) => column.shown && hasValues(rows, column.key) && !(narrow && column.key === "seeds"))
    .map((column) => column.key);
}
