// The page's own data, unpacked: values by column and row, and as text.

const DATA = JSON.parse(document.getElementById("data").textContent);
const COLUMNS = new Map(DATA.columns.map((column) => [column.key, column]));
const ROWS_OF = DATA.boards.map(() => []);
DATA.values.board.forEach((board, row) => ROWS_OF[board].push(row));

function at(key, row) {
  const values = DATA.values[key];
  if (!values) return null;
  if (Array.isArray(values)) return values[row];
  const code = values.codes ? values.codes[row] : undefined;
  return code === undefined ? values[row] ?? null : code === null ? null : values.words[code];
}

// The number by which a cell is sorted, filtered and drawn, a percentage for fractions, unrounded where there is an interval; text stays text.
const value = (key, row) => numberOf(DATA.values[key], COLUMNS.get(key)?.kind ?? "text", row);

function numberOf(values, kind, row) {
  const code = values?.codes?.[row];
  if (code === undefined) return values?.[row] ?? null;
  if (code === null) return null;
  if (values.exact) return values.exact[row];
  return values.numbers ? values.numbers[code] : kind === "percent" ? Number(values.words[code].replaceAll(",", "")) : values.words[code];
}

// Bounds as numbers and as text.
function interval(key, row) {
  const bounds = DATA.intervals[key];
  return !bounds || bounds.low.codes[row] === null ? null : [numberOf(bounds.low, "percent", row), numberOf(bounds.high, "percent", row)];
}

const boundsOf = (key, row) => ["low", "high"].map((side) => DATA.intervals[key][side].words[DATA.intervals[key][side].codes[row]]);
const basisOf = (key, row) => DATA.intervals[key].basis.words[DATA.intervals[key].basis.codes[row]];
const rankOf = (row) => DATA.ranks[row] ?? null;

// The cells that a comparison cannot tell from this one, by name as far as they were passed on.
function tiedWith(row) {
  const [count, ...rows] = DATA.tied[row] ?? [0];
  if (!count) return "";
  return `tied with ${rows.map(nameOf).join(", ")}${count > rows.length ? ` and ${whole(count - rows.length)} more` : ""}`;
}

const deviation = (key, row) => DATA.deviations[key]?.[row] ?? null;
// How many rows or records the page itself holds; numbers of records are written by Python.
const whole = (integer) => integer.toLocaleString("en");
const profileName = (board) => `${board.data} ${board.version} · ${board.profile}`;

function boardName(board) {
  const same = DATA.boards.filter((other) => other.task === board.task && profileName(other) === profileName(board));
  return profileName(board) + (same.length > 1 ? ` · rules ${board.rules}` : "");
}

// A record's own file is loaded when somebody looks at it; from disk a page may load scripts and nothing else.
const waiting = new Map();
const arrived = new Map();
globalThis.leaderboard = {
  receive(what, name, text) {
    const content = JSON.parse(text);
    arrived.set(`${what} ${name}`, content);
    waiting.get(`${what} ${name}`)?.(content);
  },
};

function load(what, name, address) {
  const key = `${what} ${name}`;
  if (arrived.has(key)) return Promise.resolve(arrived.get(key));
  return new Promise((resolve, reject) => {
    waiting.set(key, resolve);
    const script = el("script", { src: address });
    script.addEventListener("error", () => reject(new Error(`${address} is missing: was only index.html copied?`)));
    document.head.append(script);
  });
}
