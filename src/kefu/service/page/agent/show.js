// Drawing lists that change while somebody reads them.

// Make `parent` show `items`, each drawn by `draw(item)`. What has not changed stays as it is: a sound goes on playing,
// a screen reader is not told again. What has changed keeps its focus, and is open or closed as before.
export function show(parent, items, draw) {
  const before = new Map([...parent.children].map((element) => [element.dataset.id, element]));
  const focused = document.activeElement;
  const replaced = [];
  const after = items.map((item) => {
    const written = JSON.stringify(item);
    const known = before.get(item.id);
    if (known?.written === written) return known;
    const drawn = draw(item);
    drawn.dataset.id = item.id;
    drawn.written = written;
    if (known) replaced.push([known, drawn]);
    return drawn;
  });
  for (const [known, drawn] of replaced) {
    const details = drawn.querySelector("details");
    if (details) details.open = known.querySelector("details")?.open ?? false;
    const name = known.contains(focused) ? focused.dataset.name : undefined;
    known.replaceWith(drawn);
    if (name) drawn.querySelector(`[data-name="${name}"]`)?.focus();
  }
  for (const element of [...parent.children]) if (!after.includes(element)) element.remove();
  after.forEach((element, index) => {
    if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] ?? null);
  });
}
