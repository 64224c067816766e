// Every number that the paper prints, beside what was measured for it, and what stands in the way.

const WAYS = {
  reproduced: "within the tolerance", mismatch: "outside the tolerance", flagged: "the printed number cannot be right or means something else",
  "other data": "measured on other data: no difference may be taken", "other profile": "measured with another profile: no difference may be taken",
  "not run": "nobody has run it", blocked: "something is missing", failed: "the run broke", "not reported": "the paper prints no number",
};

async function paperView(asked) {
  const page = await load("paper", "", "paper.js");
  return [
    el("h1", null, "Reported and reproduced"),
    el("p", { class: "lede" }, "Every number of the paper's tables, beside what was measured. A difference is only taken where data, task and profile are the paper's; the tolerance is 1.0 AP, or two standard deviations over seeds where that is more."),
    el("div", { class: "statuses" }, Object.entries(page.counts).sort((a, b) => b[1] - a[1]).map(([status, count]) => el("span", { class: `chip ${status.split(" ")[0]}`, title: WAYS[status] ?? "" }, `${count} ${status}`))),
    page.tables.map((table) => paperTable(table, asked.get("beside"))),
    page.tables.length ? null : el("p", { class: "empty" }, "This site was built without the paper's tables."),
  ];
}

const sourceOf = (cell) => `${cell.data}${cell.data_version ? ` ${cell.data_version}` : ""} · ${cell.profile}`;

function paperTable(table, wanted) {
  const title = el("h2", { id: `table-${table.name}` }, `Table ${table.name}: ${table.title}`);
  if (table.error) return el("section", null, title, el("pre", null, table.error));
  const sources = [...new Set(table.cells.map(sourceOf))];
  const box = el("div");
  const draw = (source) => box.replaceChildren(...sheet(table, table.cells.filter((cell) => sourceOf(cell) === source)));
  const measured = sources.find((source) => table.cells.some((cell) => sourceOf(cell) === source && cell.run_ids.length));
  const first = sources.includes(wanted) ? wanted : measured ?? sources[0];
  draw(first);
  return el("section", null, title,
    sources.length > 1 ? el("div", { class: "tools" }, choice("Beside the paper", sources.map((source) => [source, source]), first, draw)) : el("p", { class: "summary" }, `Measured: ${sources[0] ?? "nothing"}`),
    box);
}

function sheet(table, cells) {
  const rows = new Map();
  for (const cell of cells) rows.set(cell.row, [...(rows.get(cell.row) ?? []), cell]);
  const metrics = [...new Set(cells.map((cell) => cell.metric))];
  const flags = [];
  const line = ([name, own]) => el("tr", null, el("th", { scope: "row" }, name, own[0].variant ? el("span", { class: "apart" }, `measured size: ${own[0].variant}`) : null),
    metrics.map((metric) => paperPair(own.find((cell) => cell.metric === metric), table, flags)), wayOf(own[0]));
  const body = [...rows].map(line);
  return [
    scroller(`Table ${table.name}`, el("table", { class: "paper" },
      el("caption", { class: "unseen" }, `Table ${table.name}: ${table.title}`),
      el("thead", null,
        el("tr", null, el("th", { scope: "col", rowspan: 2 }, "row"), metrics.map((metric) => el("th", { scope: "colgroup", colspan: 2, class: "num" }, metricTitle(metric))), el("th", { scope: "col", rowspan: 2 }, "status")),
        el("tr", null, metrics.map(() => [el("th", { scope: "col", class: "num" }, "paper"), el("th", { scope: "col", class: "num" }, "measured")]))),
      el("tbody", null, body))),
    ...(flags.length ? [el("ol", { class: "flags" }, flags.map((flag, i) => el("li", { id: `flag-${table.name}-${i + 1}` }, flag)))] : []),
  ];
}

const metricTitle = (metric) => (metric === "parameters" ? "params, M" : `${COLUMNS.get(metric)?.title ?? metric} %`);

function paperPair(cell, table, flags) {
  if (!cell) return [el("td"), el("td")];
  let mark = null;
  if (cell.flag) {
    if (!flags.includes(cell.flag)) flags.push(cell.flag);
    const number = flags.indexOf(cell.flag) + 1;
    mark = el("sup", null, el("span", { title: cell.flag }, unseen("flag "), `[${number}]`));
  }
  const measured = cell.measured === undefined ? el("td", { class: "num" }, "") : el("td", { class: "num" },
    cell.run_ids.length ? el("a", { href: recordAddress(cell.run_ids[0], cell.metric) }, cell.measured) : cell.measured,
    cell.deviation ? `±${cell.deviation}` : "",
    cell.low !== undefined ? el("span", { class: "note" }, `${cell.low} to ${cell.high}`) : null);
  return [el("td", { class: "num" }, cell.printed ?? "", mark), measured];
}

function wayOf(cell) {
  const plain = cell.status.split(" (")[0];
  const difference = cell.difference === undefined ? "" : ` ${cell.difference}`;
  return el("td", null, el("span", { class: `chip ${plain.split(" ")[0]}` }, cell.status + difference),
    el("span", { class: "note" }, cell.reason ?? WAYS[plain] ?? ""));
}
