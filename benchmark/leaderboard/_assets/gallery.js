// The images on which a detector did worst, boxes drawn over them; only of sources whose licence allows it.

function galleryOf(page) {
  if (!page.pictures.length) return null;
  return el("section", { id: "failures" }, el("h2", null, "Worst images"),
    el("p", { class: "lede" }, `By missed boxes and false alarms at the score ${page.threshold}, where there are as many detections as boxes. Of sources that may be shown.`),
    el("p", { class: "key" }, [["missed", "missed"], ["false", "false alarm"], ["found", "found"]].map(([kind, text]) => el("span", null, el("i", { class: kind }), text))),
    el("div", { class: "gallery" }, page.pictures.map(figureOf)));
}

function figureOf(picture) {
  const boxes = picture.boxes.map(([x1, y1, x2, y2, kind, name, score]) => svg("rect", {
    class: `box ${kind}`, x: x1, y: y1, width: Math.max(x2 - x1, 1), height: Math.max(y2 - y1, 1),
  }, svg("title", null, `${kind}: ${name}${score === null ? "" : ` ${score}`}`)));
  const count = (kind) => picture.boxes.filter((box) => box[4] === kind).length;
  const said = `${count("missed")} missed, ${count("false")} false, ${count("found")} found`;
  return el("figure", null,
    el("div", { class: "frame" },
      el("img", { src: `pictures/${encodeURIComponent(picture.name)}`, loading: "lazy", width: picture.width_px, height: picture.height_px, alt: `${picture.scene}: ${said}` }),
      svg("svg", { viewBox: `0 0 ${picture.width_px} ${picture.height_px}`, preserveAspectRatio: "none", "aria-hidden": "true" }, boxes)),
    el("figcaption", null, el("b", null, said), el("br"), `${picture.scene}, image ${picture.image_id}`, el("br"),
      [...new Set(picture.boxes.filter((box) => box[4] === "missed").map((box) => box[5]))].slice(0, 3).join("; "), el("br"),
      el("span", { class: "note" }, `${picture.source}, ${picture.licence}`)));
}
