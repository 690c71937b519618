// Shortcuts: keys that work while nobody writes. They can be turned off, as speech control may type such letters
// (https://www.w3.org/WAI/WCAG22/Understanding/character-key-shortcuts).

const SETTING = "kefu.keys";

// Each key with the name of its words.
export const KEYS = [
  ["J", "key_next"],
  ["K", "key_previous"],
  ["T", "key_take"],
  ["R", "key_answer"],
  ["Esc", "key_leave"],
  ["X", "key_close"],
  ["?", "key_help"],
];

// Call what `handlers` have for a key, while `checkbox` is checked and not `isOff()`.
export function listenToKeys(checkbox, isOff, handlers) {
  checkbox.checked = localStorage.getItem(SETTING) !== "off";
  checkbox.addEventListener("change", () => localStorage.setItem(SETTING, checkbox.checked ? "on" : "off"));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    if (!checkbox.checked || isOff() || event.target.closest("input, textarea, select")) return;
    const key = event.key.toUpperCase();
    if (!(key in handlers)) return;
    event.preventDefault();
    handlers[key]();
  });
}
