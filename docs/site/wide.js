// Pictures shrink to half of their pixels and no further than 640, then scroll; whatever scrolls sideways says so.
const READABLE = 0.5, LEAST = 640;

for (const image of document.querySelectorAll(".md-content article img")) {
  const frame = document.createElement("span");
  frame.className = "wide";
  frame.style.display = "block";
  image.replaceWith(frame);
  frame.append(image);
  const size = () => image.style.setProperty("--least", `${Math.round(Math.min(READABLE * image.naturalWidth, LEAST))}px`);
  if (image.complete) size();
  else image.addEventListener("load", size);
}

for (const box of document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset pre > code, .md-typeset .wide")) {
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
