// Pictures shrink to half of their pixels and no further than 640, then scroll; whatever scrolls sideways says so.
const READABLE = 0.5, LEAST = 640;
const SCROLLS = ".md-typeset__scrollwrap, .md-typeset pre > code, .md-typeset .wide";
const marked = new Set();

function frame(image) {
  const box = document.createElement("span");
  box.className = "wide";
  box.style.display = "block";
  image.replaceWith(box);
  box.append(image);
  const size = () => image.style.setProperty("--least", `${Math.round(Math.min(READABLE * image.naturalWidth, LEAST))}px`);
  if (image.complete) size();
  else image.addEventListener("load", size);
}

function mark(box) {
  if (marked.has(box)) return;
  marked.add(box);
  const sign = document.createElement("span");
  sign.className = "more";
  sign.setAttribute("aria-hidden", "true");
  sign.textContent = "scroll sideways for more";
  box.after(sign);
  const look = () => { sign.hidden = box.scrollWidth <= box.clientWidth + 1; };
  const watch = new ResizeObserver(look);
  watch.observe(box);
  for (const child of box.children) watch.observe(child);
  look();
}

const markAll = () => document.querySelectorAll(SCROLLS).forEach(mark);
document.querySelectorAll(".md-content article img").forEach(frame);
markAll();
new MutationObserver(markAll).observe(document.body, { childList: true, subtree: true }); // the theme wraps tables later
