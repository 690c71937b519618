const templates = JSON.parse(document.getElementById("templates").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
function draw() {
  for (const place of document.querySelectorAll(".chart")) {
    let text = document.getElementById(place.dataset.figure).textContent;
    if (dark.matches) for (const [colour, lighter] of Object.entries(templates.onDark)) text = text.replaceAll(colour, lighter);
    const figure = JSON.parse(text);
    const layout = {...figure.layout, autosize: true, template: dark.matches ? templates.dark : templates.light};
    layout.margin = {l: 8, r: 16, t: 36, b: 8, ...layout.margin};
    delete layout.width;
    Plotly.react(place, figure.data, layout, {responsive: true, displayModeBar: false, showAxisDragHandles: false});
  }
}
draw();
dark.addEventListener("change", draw);
