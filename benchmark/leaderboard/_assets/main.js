// Which page is shown, and in which colours.

const VIEWS = {
  board: ({ state }) => boardView(state, (address) => { history.replaceState(null, "", address); lastBoard = address; }),
  record: ({ name, asked }) => recordView(name, asked),
  paper: ({ asked }) => paperView(asked),
  about: () => aboutView(),
};

let shownPage = "";

async function show() {
  const route = readAddress();
  const view = Object.hasOwn(VIEWS, route.view) ? VIEWS[route.view] : VIEWS.board;
  const main = document.getElementById("main");
  if (view === VIEWS.board) lastBoard = location.hash;
  let content;
  try {
    content = await view(route);
  } catch (error) {
    content = [el("h1", null, "Nothing here"), el("p", { class: "empty" }, error.message), el("p", null, el("a", { href: "#/" }, "To the boards"))];
  }
  main.replaceChildren(...content.flat(Infinity).filter(Boolean));
  for (const link of document.querySelectorAll(".top nav a")) {
    if (link.dataset.page === route.view || (link.dataset.page === "board" && view === VIEWS.board)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const title = main.querySelector("h1")?.textContent ?? "";
  document.title = `${title} · rtvp-bench`;
  const page = `${route.view}/${route.name}`;
  if (shownPage && shownPage !== page) {
    main.focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  }
  shownPage = page;
}

function aboutView() {
  const item = (name, text) => [el("dt", null, name), el("dd", null, text)];
  return [el("h1", null, "How to read these boards"), el("div", { class: "prose" },
    el("p", null, "A board is one task on one data set under one profile. Numbers of different boards are never set side by side: another data set, other settings or another rule of measuring give other numbers for the same detector."),
    el("h2", null, "Numbers"),
    el("dl", { class: "pairs" },
      item("AP", "COCO's average precision in percent, mean over seeds; the mark is the value, the bar the 95 % interval of that mean: over test images and other trainings where the noise of training is known, else over images alone, as its tip says."),
      item("#", "1 + number of cells of the board that are above this one in its stored comparison; the tip names the cells that it is tied with. Filters and search leave ranks as they are."),
      item("comparison", "Pairs of cells are compared once, when records are collected, by the noise of images and of trainings, and corrected for their number (Holm). ‘nothing learnt’: no cell is above the untrained control; ‘not judged: one training each’: the noise of training is not known."),
      item("zero-shot", "Share of the test classes that occur in no training data the method declares, by name and synonym; ‘unknown’ where the training data is not fully known."),
      item("latency", "Median time of one image at batch 1, reading of pixels excluded, everything else included. Compare it on one device only. ‘noisy’: repeated measurements do not agree, or there was only one; it is not compared."),
      item("seeds", "How many trainings the mean is over.")),
    el("h2", null, "What a row is"),
    el("p", null, "A method, its size, and what differs from the profile's settings. Ablations, other wordings and untrained weights are rows of their own; ‘Filters’ hides them."),
    el("h2", null, "Status"),
    el("p", null, "ok: measured. blocked: weights, data, code or a device are missing, the reason stands below. failed: the run broke. Rows without a number stay, because a missing row says less than a blocked one."),
    el("h2", null, "Getting a number again"),
    el("p", null, "Every number leads to its record: exact value, interval, digests of data, split, words and weights, the environment and the command that repeats it. Your own results can be proposed: ‘bench submit check FILE’ scores a bundle again and says whether it would be taken."),
    DATA.left_out.length ? el("p", null, `Left out of the boards to keep this page small, and still in each record: ${DATA.left_out.join(", ")}.`) : null)];
}

const THEMES = ["system", "light", "dark"];
const darkSystem = matchMedia("(prefers-color-scheme: dark)");

function remembered() {
  try { return localStorage.getItem("rtvp-bench-theme"); } catch { return null; }
}

function paint(theme) {
  const dark = theme === "dark" || (theme !== "light" && darkSystem.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  const button = document.getElementById("theme");
  button.textContent = { system: "◐ system", light: "○ light", dark: "● dark" }[theme];
  button.setAttribute("aria-label", `Colours: ${theme}`);
}

let theme = THEMES.includes(remembered()) ? remembered() : "system";
paint(theme);
darkSystem.addEventListener("change", () => paint(theme));
document.getElementById("theme").addEventListener("click", () => {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  try { localStorage.setItem("rtvp-bench-theme", theme); } catch { /* a browser that remembers nothing */ }
  paint(theme);
});

const { facts } = DATA;
document.getElementById("facts").append(
  `${whole(facts.records)} records, built ${facts.utc} by rtvp-bench ${facts.version}${facts.commit ? `, commit ${facts.commit.slice(0, 12)}` : ""}. `,
  "Numbers come from records alone; this page asks no server for anything.");
window.addEventListener("hashchange", show);
show();
