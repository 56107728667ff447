// What of a page is cut at its right edge, as a list of words; empty where nothing is.
// Something may reach beyond an ancestor that scrolls sideways and has a sign of it; nothing else may.
() => {
  const visible = (element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const unseen = (element) => element.closest(".skip, .unseen, .md-skip, [data-md-toggle]") !== null;
  const said = (element) =>
    `${element.tagName.toLowerCase()}.${element.getAttribute("class") || ""}#${element.id}: ` +
    `${(element.getAttribute("aria-label") || element.textContent).trim().slice(0, 40)}`;
  const clips = (element) => getComputedStyle(element).overflowX !== "visible";
  const marked = (container) => {
    const signs = [...container.querySelectorAll(".more"), container.nextElementSibling];
    return signs.some((sign) => sign?.matches(".more") && visible(sign) && sign.getBoundingClientRect().height > 8);
  };
  const scrolls = (container) =>
    ["auto", "scroll"].includes(getComputedStyle(container).overflowX) && container.scrollWidth > container.clientWidth;
  const faults = [];
  for (const element of document.body.querySelectorAll("*")) {
    const box = element.getBoundingClientRect();
    if (!visible(element) || unseen(element) || !box.width || !box.height) continue;
    const inside = element.ownerSVGElement;
    let container = element.parentElement;
    while (container && !clips(container) && !(inside && container === inside)) container = container.parentElement;
    const scroller = !container || container === document.body || container === document.documentElement;
    const edge = scroller ? innerWidth : container.getBoundingClientRect().left + container.clientLeft + container.clientWidth;
    const right = inside && container === inside ? container.getBoundingClientRect().right : edge;
    if (box.right <= right + 1.5) continue;
    if (inside && container === inside && !element.matches("text")) continue; // marks end at the axes
    if (scroller || (inside && container === inside)) faults.push(`beyond the page or figure by ${Math.round(box.right - right)} px: ${said(element)}`);
    else if (!scrolls(container)) faults.push(`cut by ${said(container)}: ${said(element)}`);
    else if (!marked(container)) faults.push(`no sign that it scrolls: ${said(container)}`);
  }
  for (const sign of document.querySelectorAll(".more")) {
    const container = sign.closest(".scroll") || sign.previousElementSibling;
    if (visible(sign) && sign.getBoundingClientRect().height > 1 && !scrolls(container))
      faults.push(`a sign, but it does not scroll: ${said(container)}`);
  }
  return [...new Set(faults)];
}
