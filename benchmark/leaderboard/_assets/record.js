// One record: its numbers, where each comes from, and how to get it again.

async function recordView(id, asked) {
  const page = await load("record", id, `records/${encodeURIComponent(id)}.js`);
  const { record } = page;
  const metric = asked.get("of");
  return [
    el("a", { class: "back", href: backAddress(record.spec) }, "← back to the board"),
    el("h1", null, page.title),
    el("div", { class: "badges" }, el("span", { class: `chip ${record.status}` }, record.status),
      [record.spec.task, `${record.spec.dataset} ${record.spec.dataset_version}`, `method version ${record.spec.method_version}`, `profile ${record.spec.profile}`, `seed ${record.spec.seed}`].map((text) => el("span", { class: "chip" }, text)),
      page.apart.map((text) => el("span", { class: "chip control" }, text))),
    record.error ? el("pre", null, record.error) : null,
    metric ? originOf(metric, page) : null,
    numbers(page, metric),
    scenes(page),
    galleryOf(page),
    classes(page),
    el("div", { class: "two" }, costOf(page), ledgerOf(page)),
    provenanceOf(page),
    specOf(record),
    seedsOf(page),
  ];
}

let lastBoard = "";
const backAddress = (spec) => lastBoard || addressOf({ ...DEFAULTS, task: spec.task, data: spec.dataset, profile: spec.profile });

function originOf(key, page) {
  const { record } = page;
  const column = COLUMNS.get(key);
  const fraction = record.metrics[key];
  const measured = Object.hasOwn(record.metrics, key) ? (page.texts.metrics[key] ?? "–")
    : key === "zero_shot" ? (page.zero_shot === null ? "unknown" : `${page.zero_shot} %`)
    : key === "seeds" ? page.seeds.filter((seed) => seed.status === "ok").length
    : (Object.hasOwn(page.texts.cost, key) ? page.texts.cost[key] ?? "–" : costAt(record, key) ?? "–");
  const bounds = record.intervals[key];
  return el("section", { class: "origin", "aria-labelledby": "origin-title" },
    el("h2", { id: "origin-title" }, `${column?.title ?? key} `, el("b", null, String(measured))),
    column?.meaning ? el("p", { class: "lede" }, `${column.meaning}.`) : null,
    pairs([
      ["exactly", Object.hasOwn(record.metrics, key) ? String(fraction) : String(costAt(record, key) ?? measured)],
      ["95 % interval", bounds && page.texts.intervals[key] ? `${page.texts.intervals[key]} % (this seed's images resampled, groups together)` : null],
      ["over seeds", seedsText(page, key)],
      ["measured on", `${page.texts.facts.test_images ?? "–"} images, ${page.texts.facts.test_boxes ?? "–"} boxes of ${record.spec.dataset}, version ${record.spec.dataset_version}`],
      ["by", evaluatorsText(record.spec.protocol)],
      ["data, split, words", `${record.spec.dataset_digest.slice(0, 12)}, ${record.spec.split_digest.slice(0, 12)}, ${record.spec.vocabulary_digest.slice(0, 12)}`],
      ["weights", weightsText(record)],
      ["code", codeText(record.provenance)],
    ]),
    el("p", { class: "lede" }, "To measure it again:"),
    commandLine(page.command));
}

const costAt = (record, key) => (Object.hasOwn(record.cost, key) ? record.cost[key] : null);

function seedsText(page, key) {
  const good = page.seeds.filter((seed) => seed.status === "ok");
  const said = Object.hasOwn(page.over_seeds, key) ? page.over_seeds[key] : null;
  return said && good.length > 1 ? `${said}, ${good.length} seeds` : `one seed (${page.record.spec.seed})`;
}

function evaluatorsText(protocol) {
  const names = Object.entries(protocol.evaluators ?? {}).map(([name, version]) => `${name} ${version}`);
  const limits = Object.entries(protocol).filter(([name]) => name !== "evaluators").map(([name, v]) => `${name} ${v}`);
  return [...names, ...limits].join(", ");
}

const weightsText = (record) => [record.provenance?.weights ?? record.spec.weights, record.provenance?.weights_sha256?.slice(0, 12)].filter(Boolean).join(", sha256 ");
const codeText = (provenance) => !provenance?.commit ? "not in a checkout" : `commit ${provenance.commit.slice(0, 12)}${provenance.dirty ? ", with uncommitted changes" : ""}`;

function pairs(rows) {
  const shown = rows.filter(([, text]) => text !== null && text !== undefined && text !== "");
  return el("dl", { class: "pairs" }, shown.map(([name, text]) => [el("dt", null, name), el("dd", null, text)]));
}

const commandLine = (text) => el("div", { class: "command" }, el("pre", { tabindex: 0, "aria-label": "command" }, text), copyButton(text));

function numbers(page, metric) {
  const { record } = page;
  const names = Object.keys(record.metrics);
  if (!names.length) return null;
  const order = [...DATA.columns.map((column) => column.key), ...names].filter((name, i, all) => Object.hasOwn(record.metrics, name) && all.indexOf(name) === i);
  return el("section", null, el("h2", null, "Numbers"),
    el("div", { class: "cards" }, order.map((name) => {
      const column = COLUMNS.get(name);
      const text = page.texts.metrics[name] ?? "–";
      return el("a", { class: "card", href: recordAddress(record.run_id, name), "aria-current": name === metric ? "true" : null },
        el("span", null, column?.title ?? name), el("b", null, text));
    })));
}

function scenes({ record, texts }) {
  const groups = [["Scenes", record.per_scene, texts.per_scene], ["Super categories", record.per_super, texts.per_super]].filter(([, rows]) => Object.keys(rows).length);
  if (!groups.length) return null;
  return el("div", { class: "two" }, groups.map(([title, rows, said]) => el("section", null, el("h2", null, title), breakdown(title, rows, said, false))));
}

function classes({ record, texts }) {
  const rows = record.per_class;
  const count = Object.keys(rows).length;
  if (!count) return null;
  return el("section", { id: "classes" }, el("h2", null, `Classes (${count})`), breakdown("Classes", rows, texts.per_class, count > 25));
}

// Name, AP with a bar, AP50, boxes, images; sorted by any of them.
function breakdown(title, rows, said, searchable) {
  const keys = ["AP", "AP50", "boxes", "images"].filter((key) => Object.values(rows).some((row) => key in row));
  let [sortKey, down, text] = ["AP", true, ""];
  const box = el("div");
  const top = Math.max(...Object.values(rows).map((row) => row.AP ?? 0), 1e-9);
  const draw = () => {
    const names = Object.keys(rows).filter((name) => name.toLowerCase().includes(text)).sort((a, b) => {
      const [x, y] = sortKey === "name" ? [a, b] : [rows[a][sortKey] ?? null, rows[b][sortKey] ?? null];
      if (x === null || y === null) return (x === null) - (y === null);
      return x === y ? 0 : (x < y ? -1 : 1) * (down ? -1 : 1);
    });
    const head = (key, label, numeric) => el("th", { scope: "col", class: numeric ? "num" : null, "aria-sort": key === sortKey ? (down ? "descending" : "ascending") : null },
      el("button", { type: "button", click: () => { [sortKey, down] = [key, key === sortKey ? !down : numeric]; draw(); } }, label, el("i", { "aria-hidden": "true" })));
    const line = (name) => {
      const width = el("i");
      width.style.width = `${((rows[name].AP ?? 0) / top) * 100}%`;
      return el("tr", null, el("th", { scope: "row" }, name), keys.map((key) =>
        el("td", { class: "num" }, said[name][key] ?? "–")),
        el("td", { "aria-hidden": "true" }, el("div", { class: "bar" }, width)));
    };
    box.replaceChildren(scroller(title, el("table", { class: "wrap" },
      el("thead", null, el("tr", null, head("name", "name", false), keys.map((key) => head(key, key.startsWith("AP") ? `${key} %` : key, true)), el("td"))),
      el("tbody", null, names.map(line)))));
  };
  draw();
  if (!searchable) return box;
  const search = el("input", { type: "search", placeholder: "Find a class", "aria-label": "Find a class", input: () => { text = search.value.toLowerCase(); draw(); } });
  return [el("div", { class: "tools" }, search), box];
}

function costOf({ record, texts }) {
  const rows = DATA.columns.filter((column) => Object.hasOwn(record.cost, column.key)).map((column) => [column.title, texts.cost[column.key] ?? record.cost[column.key]]);
  if (!rows.some(([, text]) => text !== null)) return null;
  return el("section", null, el("h2", null, "Cost"), pairs([...rows, ["trained parameters", texts.cost.parameters_trained]]));
}

function ledgerOf(page) {
  const { ledger } = page;
  if (!ledger) return null;
  const met = Object.entries(ledger.met ?? {});
  const unknown = Object.entries(ledger.unknown ?? {});
  return el("section", null, el("h2", null, "Seen in training"),
    el("p", null, page.zero_shot === null ? "Not all of its training data is known, so no share can be given." : `${page.zero_shot} % of the ${ledger.classes.tested} test classes are in no training data that it declares.`),
    pairs([["trained on", (ledger.trained_on ?? []).join(", ") || "nothing declared"], ...unknown.map(([name, why]) => [name === "*" ? "unknown" : name, why])]),
    met.length ? el("ul", null, met.slice(0, 30).map(([name, how]) => el("li", null, `${name}: ${how.match}${how.met ? `, ${how.met}` : ""}${how.data ? ` in ${how.data}` : ""}`))) : null);
}

function provenanceOf(page) {
  const { record } = page;
  const from = record.provenance;
  const info = Object.hasOwn(DATA.methods, record.spec.method) ? DATA.methods[record.spec.method] : null;
  return el("section", { id: "origin" }, el("h2", null, "Where these numbers come from"),
    el("p", { class: "lede" }, "To measure them again:"), commandLine(page.command),
    from?.command && from.command !== page.command ? [el("p", { class: "lede" }, "As it was run:"), commandLine(from.command)] : null,
    el("div", { class: "two" },
      pairs([
        ["method", info?.provenance], ["paper", info?.paper], ["licence", info?.licence],
        ["weights", weightsText(record)], ["fit", page.fit_id], ["measured", from?.utc], ["code", codeText(from)],
        ["device", from?.device], ["Slurm job", from?.slurm_job],
        ["packages", from ? Object.entries(from.packages).map(([name, version]) => `${name} ${version}`).join(", ") : null],
      ]),
      pairs([
        ["run", record.run_id], ["data", record.spec.dataset_digest], ["split", record.spec.split_digest],
        ["vocabulary", record.spec.vocabulary_digest], ["text encoder", record.spec.text_encoder],
        ["measured by", evaluatorsText(record.spec.protocol)],
        ...record.artifacts.map((artifact) => [artifact.name, `sha256 ${artifact.sha256}`]),
      ])));
}

const specOf = (record) => el("details", null, el("summary", null, "The whole record as JSON"),
  el("pre", { tabindex: 0, "aria-label": "record" }, JSON.stringify(record, null, 1)));

function seedsOf(page) {
  if (page.seeds.length < 2) return null;
  return el("section", null, el("h2", null, "Seeds of this cell"), el("ul", null, page.seeds.map((seed) =>
    el("li", null, el("a", { href: recordAddress(seed.id), "aria-current": seed.id === page.record.run_id ? "page" : null }, `seed ${seed.seed}`),
      seed.status === "ok" ? `: AP ${seed.AP ?? "–"}, AP50 ${seed.AP50 ?? "–"}` : `: ${seed.status}`))));
}
