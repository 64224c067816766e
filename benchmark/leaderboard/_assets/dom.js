// Elements are made by hand and text is only ever text: nothing that comes from a record is parsed as markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const el = (tag, props, ...children) => fill(document.createElement(tag), props, children);
const svg = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);
const unseen = (text) => el("span", { class: "unseen" }, text);

function say(text) {
  document.getElementById("said").textContent = text;
}

function menu(title, count, panel) {
  const summary = el("summary", null, title, count ? el("span", { class: "count" }, count, unseen(" in use")) : null);
  const details = el("details", { class: "menu" }, summary, panel);
  const close = () => { details.open = false; };
  details.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && details.open) { close(); summary.focus(); }
  });
  details.addEventListener("toggle", () => {
    const outside = (event) => {
      if (details.isConnected && details.contains(event.target)) return;
      close();
      document.removeEventListener("pointerdown", outside);
    };
    if (details.open) document.addEventListener("pointerdown", outside);
  });
  return details;
}

function check(label, checked, change) {
  const box = el("input", { type: "checkbox", change: () => change(box.checked) });
  box.checked = checked;
  return el("label", { class: "check" }, box, label);
}

function choice(label, options, chosen, change, hidden = false) {
  const select = el("select", { change: () => change(select.value), "aria-label": hidden ? label : null },
    options.map(([value, text]) => el("option", { value }, text)));
  select.value = chosen;
  return hidden ? select : el("label", null, label, " ", select);
}

// A region that scrolls sideways can be scrolled by keyboard, and says what it is.
const scroller = (label, child) => el("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": label }, child);

function copyButton(text) {
  const button = el("button", { type: "button", click: () => copy(text, button) }, "Copy");
  return button;
}

async function copy(text, button) {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el("textarea", { class: "unseen", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    done = document.execCommand("copy");
    area.remove();
  }
  const before = button.textContent;
  button.textContent = done ? "Copied" : "Not copied";
  say(done ? "Copied" : "The browser did not allow copying");
  setTimeout(() => { button.textContent = before; }, 1500);
}

function download(name, text) {
  const link = el("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
