// The page's own data, unpacked: values by column and row, and how they are written.

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

// In percent for fractions; everything else as it is.
function value(key, row) {
  const raw = at(key, row);
  return raw !== null && COLUMNS.get(key)?.kind === "percent" ? raw / 100 : raw;
}

function interval(key, row) {
  const bounds = DATA.intervals[key];
  if (!bounds || bounds.low[row] === null) return null;
  return [bounds.low[row] / 100, bounds.high[row] / 100];
}

const deviation = (key, row) => (DATA.deviations[key]?.[row] ?? 0) / 100 || null;

function written(kind, number) {
  if (number === null || number === undefined) return "–";
  if (kind === "percent") return number.toFixed(1);
  if (kind === "count") return number >= 1e6 ? `${(number / 1e6).toFixed(1)} M` : number.toLocaleString("en");
  if (kind === "time") return number >= 10 ? `${number.toFixed(1)} s` : `${short(number * 1000)} ms`;
  if (kind === "bytes") return number >= 1e9 ? `${(number / 1e9).toFixed(1)} GB` : `${Math.round(number / 1e6)} MB`;
  if (kind === "number") return short(number);
  return String(number);
}

function short(number) {
  if (Number.isInteger(number)) return number.toLocaleString("en");
  return Math.abs(number) >= 100 ? Math.round(number).toLocaleString("en") : String(Number(number.toPrecision(3)));
}

const percent = (fraction, digits = 1) => (fraction === null || fraction === undefined ? "–" : (fraction * 100).toFixed(digits));
const whole = (number) => (number === null || number === undefined ? "–" : number.toLocaleString("en"));
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
