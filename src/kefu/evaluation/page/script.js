const read = (id) => JSON.parse(document.getElementById(id).textContent);
const templates = read("templates");
const words = read("chart-words");
const dark = matchMedia("(prefers-color-scheme: dark)");
const page = document.documentElement;
const phrases = Object.keys(words).sort((one, other) => other.length - one.length);

// what kefu writes into charts; ticks are left alone, as they hold what users wrote
function translate(text) {
  if (page.dataset.language !== "zh" || typeof text !== "string") return text;
  if (text in words) return words[text];
  if (!text.includes("%{")) return text;
  return phrases.reduce((said, phrase) => said.replace(new RegExp(`(?<![\\w{])${phrase.replace(/[^\w ]/g, "\\$&")}(?!\\w)`, "g"), words[phrase]), text);
}

function inPageLanguage(figure) {
  for (const trace of figure.data) {
    trace.name = translate(trace.name);
    trace.hovertemplate = translate(trace.hovertemplate);
  }
  for (const [name, part] of Object.entries(figure.layout)) {
    if (/^[xy]axis/.test(name) && part.title) part.title.text = translate(part.title.text);
  }
  for (const note of figure.layout.annotations ?? []) note.text = translate(note.text);
  return figure;
}

function draw() {
  for (const place of document.querySelectorAll(".chart")) {
    let text = document.getElementById(place.dataset.figure).textContent;
    if (dark.matches) for (const [colour, lighter] of Object.entries(templates.onDark)) text = text.replaceAll(colour, lighter);
    const figure = inPageLanguage(JSON.parse(text));
    const layout = {...figure.layout, autosize: true, template: dark.matches ? templates.dark : templates.light};
    layout.margin = {l: 8, r: 16, t: 36, b: 8, ...layout.margin};
    delete layout.width;
    Plotly.react(place, figure.data, layout, {responsive: true, displayModeBar: false, showAxisDragHandles: false});
  }
}

function speak(language) {
  page.dataset.language = language;
  page.lang = language;
  draw();
}

document.getElementById("language").addEventListener("click", () => speak(page.dataset.language === "zh" ? "en" : "zh"));
dark.addEventListener("change", draw);
speak((navigator.language || "").toLowerCase().startsWith("zh") ? "zh" : "en");
