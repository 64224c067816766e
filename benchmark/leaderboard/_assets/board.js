// A board: one task on one data set under one profile; ranks come from the stored comparison of its cells.

const PAGE_ROWS = 100;
const SPREAD = new Set(Object.keys(DATA.intervals));

function findBoard(state) {
  const fits = (board) => ["task", "data", "profile", "rules"].every((key) => !state[key] || board[key] === state[key]);
  const index = DATA.boards.findIndex(fits);
  return index >= 0 ? index : DATA.boards.findIndex((board) => board.task === state.task);
}

function boardView(state, replace) {
  if (!DATA.boards.length) return [el("h1", null, "No records yet"), el("p", { class: "empty" }, "Run a cell with ‘bench run’, then build this site again.")];
  const index = Math.max(findBoard(state), 0);
  const board = DATA.boards[index];
  const rows = ROWS_OF[index];
  const body = el("div");
  const tools = el("div");
  let current = state;
  const update = (changes, keep) => {
    current = { ...current, ...changes };
    replace(addressOf(current));
    if (!keep) drawTools();
    draw();
  };
  const drawTools = () => {
    const open = [...tools.querySelectorAll("details")].findIndex((details) => details.open);
    const focus = [...tools.querySelectorAll("input, select, button, summary")].indexOf(document.activeElement);
    tools.replaceChildren(toolbar(rows, current, update, () => saveCsv(board, rows, current)));
    if (open >= 0) tools.querySelectorAll("details")[open].open = true;
    if (focus >= 0) tools.querySelectorAll("input, select, button, summary")[focus]?.focus();
  };
  const draw = () => body.replaceChildren(...tableAndPlot(board, rows, current, update));
  drawTools();
  draw();
  return [taskTabs(board), boardHead(board, current), tools, body];
}

function taskTabs(board) {
  const tasks = [...new Map(DATA.boards.map((other) => [other.task, other])).values()];
  return el("nav", { class: "tasks", "aria-label": "Tasks" }, tasks.map((other) =>
    el("a", { href: addressOf({ ...DEFAULTS, task: other.task }), "aria-current": other.task === board.task ? "page" : null }, other.task)));
}

function boardHead(board) {
  const same = DATA.boards.filter((other) => other.task === board.task);
  const facts = [
    board.images && `${board.images} test images`, board.boxes && `${board.boxes} boxes`,
    board.classes && `${board.classes} classes`, `data ${board.digest}`, `split ${board.split}`,
  ].filter(Boolean);
  const go = (position) => {
    const { task, data, profile, rules } = same[Number(position)];
    location.hash = addressOf({ ...DEFAULTS, task, data, profile, rules: sameName(same[Number(position)]) ? rules : "" });
  };
  return el("div", { class: "head" },
    el("div", null, el("h1", null, board.title), el("p", { class: "lede" }, facts.join(" · "))),
    choice("Data set and profile", same.map((other, i) => [String(i), boardName(other)]), String(same.indexOf(board)), go));
}

const sameName = (board) => boardName(board) !== profileName(board);

function tableAndPlot(board, all, state, update) {
  const [key, down] = sorting(state, board);
  const sorted = sortRows(find(choose(all, state), state.q), key, down, board.main);
  const pages = Math.max(Math.ceil(sorted.length / PAGE_ROWS), 1);
  const page = Math.min(Math.max(Number(state.page) || 1, 1), pages);
  const shown = sorted.slice((page - 1) * PAGE_ROWS, page * PAGE_ROWS);
  const summary = `${sorted.length === all.length ? whole(all.length) : `${whole(sorted.length)} of ${whole(all.length)}`} cells`;
  say(summary);
  const table = shown.length
    ? scroller(`${board.title}, ${boardName(board)}`, boardTable(board, all, shown, state, key, down, update))
    : el("p", { class: "empty" }, "No cell fits these filters.");
  return [
    el("p", { class: "summary" }, summary, ".", board.remark ? el("span", { class: "remark" }, ` Ranks: ${board.remark}.`) : null, " Every number leads to where it comes from."),
    el("div", { class: "layout with-plot" },
      el("div", null, table, pages > 1 ? pager(page, pages, update) : null),
      plotSection(sorted, state, state.y || board.main, update)),
  ];
}

function sorting(state, board) {
  if (!state.sort) return [board.main, true];
  const down = state.sort.startsWith("-");
  const key = down ? state.sort.slice(1) : state.sort;
  return COLUMNS.has(key) || key === "title" || key === "rank" ? [key, down] : [board.main, true];
}

function sortRows(rows, key, down, main) {
  const keyed = rows.map((row) => [key === "rank" ? rankOf(row) : key === "title" ? nameOf(row) : value(key, row), row]);
  const sign = down ? -1 : 1;
  keyed.sort(([a, i], [b, j]) => {
    if (a === null || b === null) return (a === null) - (b === null) || i - j;
    if (a !== b) return (a < b ? -1 : 1) * sign;
    return (value(main, j) ?? -1) - (value(main, i) ?? -1) || i - j;
  });
  return keyed.map(([, row]) => row);
}

function boardTable(board, all, rows, state, key, down, update) {
  const keys = shownColumns(all, state);
  const scale = Math.max(...all.map((row) => interval(board.main, row)?.[1] ?? value(board.main, row) ?? 0), 0.1);
  const best = new Map(keys.map((name) => [name, bestCost(all, name)]));
  const sortBy = (name, better) => update({ sort: (name === key ? !down : better > 0) ? `-${name}` : name, page: "1" });
  const ties = tieClasses(rows, key === board.main || key === "rank");
  const head = (name, title, better, attributes, meaning) => el("th", {
    scope: "col", "aria-sort": name === key ? (down ? "descending" : "ascending") : null, ...attributes,
  }, el("button", { type: "button", title: meaning || null, click: () => sortBy(name, better) }, title, el("i", { "aria-hidden": "true" })));
  return el("table", { class: "board" },
    el("caption", { class: "unseen" }, `${board.title}, ${boardName(board)}`),
    el("thead", null, el("tr", null,
      head("rank", "#", -1, { class: "rank num" }, "rank in the stored comparison of this board; equal ranks share a stripe"),
      head("title", "method", -1, { class: "method" }),
      keys.map((name) => {
        const column = COLUMNS.get(name);
        return head(name, column.title + (column.kind === "percent" ? " %" : ""), column.better, { class: column.kind === "text" ? null : "num" }, column.meaning);
      }))),
    el("tbody", null, rows.map((row) => boardRow(row, keys, board, scale, best, ties.get(row)))));
}

// Of costs; which detector is better, only the stored comparison says, by the rank.
function bestCost(rows, key) {
  const column = COLUMNS.get(key);
  if (!column.better || column.kind === "percent") return null;
  let best = null;
  for (const row of rows) {
    const v = value(key, row);
    if (v !== null && (best === null || (v - best) * column.better > 0)) best = v;
  }
  return best;
}

// Neighbours of one rank share a stripe; it only says something where rows stand in the order of ranks.
function tieClasses(rows, ordered) {
  const classes = new Map();
  if (!ordered) return classes;
  let last = null;
  let odd = true;
  for (const row of rows) {
    const rank = rankOf(row);
    if (rank === null) continue;
    if (rank !== last) odd = last === null ? true : !odd;
    last = rank;
    classes.set(row, odd ? "tie-a" : "tie-b");
  }
  return classes;
}

function boardRow(row, keys, board, scale, best, tie) {
  const id = at("id", row);
  const status = at("status", row);
  const apart = at("apart", row);
  const lost = DATA.values.lost[row];
  return el("tr", { class: tie },
    el("td", { class: "rank", title: tiedWith(row) || null }, rankOf(row) ?? "–", tiedWith(row) ? unseen(`, ${tiedWith(row)}`) : null),
    el("th", { scope: "row" },
      el("a", { class: "name", href: recordAddress(id) }, at("title", row)),
      apart ? el("span", { class: "apart" }, apart) : null,
      status !== "ok" ? el("span", { class: "note" }, el("span", { class: `chip ${status}` }, status), " ", at("reason", row)) : null,
      lost ? el("span", { class: "note" }, `${lost} seed${lost > 1 ? "s" : ""} missing`) : null),
    keys.map((key) => boardValue(row, key, id, key === board.main ? scale : 0, best.get(key), key === board.main && rankOf(row) === 1)));
}

function boardValue(row, key, id, scale, best, first) {
  const column = COLUMNS.get(key);
  const v = value(key, row);
  if (column.kind === "text") return el("td", { class: key === "id" ? "mono" : null }, v ?? "–");
  if (at(key, row) === null) return el("td", { class: "num" }, key === "zero_shot" && at("status", row) === "ok" ? "unknown" : "–");
  const link = el("a", { href: recordAddress(id, key), tabindex: -1, class: first || (best !== null && v === best) ? "best" : null }, at(key, row));
  const bounds = SPREAD.has(key) ? interval(key, row) : null;
  if (!scale) return el("td", { class: "num" }, link);
  const spread = deviation(key, row);
  const left = el("i");
  const middle = el("b");
  if (bounds) {
    left.style.left = `${clamp((bounds[0] / scale) * 100)}%`;
    left.style.width = `${clamp((bounds[1] / scale) * 100) - clamp((bounds[0] / scale) * 100)}%`;
  }
  middle.style.left = `calc(${clamp((v / scale) * 100)}% - 1px)`;
  return el("td", { class: "num interval" }, link,
    bounds ? el("span", { class: "spread", title: `95 % interval over ${basisOf(key, row)}` }, unseen("95 % interval "), boundsOf(key, row).join(" to "), spread ? `, ±${spread}` : "") : null,
    el("div", { class: "track", "aria-hidden": "true" }, left, middle));
}

const clamp = (share) => Math.min(Math.max(share, 0), 100);

function pager(page, pages, update) {
  const step = (to) => { update({ page: String(to) }); window.scrollTo({ top: 0 }); };
  return el("nav", { class: "pager", "aria-label": "Pages of this board" },
    el("button", { type: "button", disabled: page === 1, click: () => step(page - 1) }, "Previous"),
    `page ${page} of ${pages}`,
    el("button", { type: "button", disabled: page === pages, click: () => step(page + 1) }, "Next"));
}

function saveCsv(board, all, state) {
  const [key, down] = sorting(state, board);
  const rows = sortRows(find(choose(all, state), state.q), key, down, board.main);
  const keys = [...new Set([...shownColumns(all, state), "id"])];
  const spread = keys.filter((name) => SPREAD.has(name));
  const header = ["task", "data", "profile", "rank", "method", "settings", "status", ...keys, ...spread.flatMap((name) => [`${name} low`, `${name} high`])];
  const lines = rows.map((row) => [
    board.task, board.data, board.profile, rankOf(row) ?? "", at("title", row), at("apart", row), at("status", row),
    ...keys.map((name) => at(name, row)),
    ...spread.flatMap((name) => interval(name, row) ? boundsOf(name, row) : ["", ""]),
  ]);
  download(`${board.task}-${board.data}-${board.profile}.csv`, [header, ...lines].map((line) => line.map(csvCell).join(",")).join("\n") + "\n");
  say(`${rows.length} rows saved`);
}

// A cell that a spreadsheet would take for a formula is led by an apostrophe.
function csvCell(content) {
  if (typeof content === "number") return String(content);
  let text = String(content ?? "");
  if (/^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
