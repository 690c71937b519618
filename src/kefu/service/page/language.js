// Which language is spoken, and where its words stand.

export class Words {
  // `table` has the words of each language by their names.
  constructor(table, language) {
    this.table = table;
    this.language = language in table ? language : "en";
  }

  get other() {
    return this.language === "en" ? "zh" : "en";
  }

  // Return the words of a name; `{agent}` in them is replaced by `values.agent`.
  say(name, values = {}) {
    return this.table[this.language][name]?.replaceAll(/\{(\w+)\}/g, (_, key) => values[key]);
  }

  // Put the words into every element that asks for some: as text, as its name for screen readers, or as a tooltip.
  write(root = document) {
    document.documentElement.lang = this.language === "zh" ? "zh-Hans" : "en";
    for (const element of root.querySelectorAll("[data-words]")) element.textContent = this.say(element.dataset.words);
    for (const element of root.querySelectorAll("[data-label]")) {
      element.setAttribute("aria-label", this.say(element.dataset.label));
      if (element.tagName === "BUTTON") element.title = this.say(element.dataset.label);
    }
    for (const element of root.querySelectorAll("[data-title]")) element.title = this.say(element.dataset.title);
  }
}
