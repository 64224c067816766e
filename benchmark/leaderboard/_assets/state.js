// What is looked at is in the address, so that it can be passed on: `#/board?task=zeroshot&sort=-AP`.

const DEFAULTS = {
  task: "", data: "", profile: "", rules: "", q: "", open: "", seen: "", lic: "", max: "", status: "", plain: "",
  cols: "", sort: "", page: "1", x: "latency_p50_s", y: "", on: "",
};

function readAddress() {
  const [path, query] = location.hash.replace(/^#/, "").split("?");
  const [, view, name] = path.split("/");
  const asked = new URLSearchParams(query ?? "");
  const state = { ...DEFAULTS };
  for (const key of Object.keys(DEFAULTS)) if (asked.has(key)) state[key] = asked.get(key);
  return { view: view || "board", name: name ? safely(name) : "", asked, state };
}

function safely(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

function addressOf(state) {
  const query = new URLSearchParams();
  for (const [key, fallback] of Object.entries(DEFAULTS)) {
    if (state[key] !== fallback) query.set(key, state[key]);
  }
  const text = query.toString();
  return "#/board" + (text ? `?${text}` : "");
}

const list = (text) => (text ? text.split("~") : []);
const recordAddress = (id, metric) => `#/record/${encodeURIComponent(id)}` + (metric ? `?of=${encodeURIComponent(metric)}` : "");
