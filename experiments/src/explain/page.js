"use strict";
// One part of the page for each output with attention maps: a choice of layer and head, and the weights as a table.
for (const part of document.querySelectorAll("[data-maps]")) {
  const { tokens, maps } = JSON.parse(part.querySelector("script").textContent);
  const [layer, head] = part.querySelectorAll("select");
  const place = part.querySelector(".scroll");
  const option = (value, text) => {
    const made = document.createElement("option");
    made.value = value;
    made.textContent = text;
    return made;
  };
  const cell = (name, text) => {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  };
  const weights = (map, chosen) => {
    if (chosen !== "mean") return map.heads[Number(chosen)];
    const mean = (i, j) => map.heads.reduce((sum, rows) => sum + rows[i][j], 0) / map.heads.length;
    return map.heads[0].map((row, i) => row.map((_, j) => mean(i, j)));
  };
  const draw = () => {
    const map = maps[Number(layer.value)];
    const rows = weights(map, head.value);
    const table = document.createElement("table");
    table.className = "map";
    const top = table.createTHead().insertRow();
    top.append(cell("th", ""));
    for (let j = map.columns[0]; j < map.columns[1]; j++) top.append(cell("th", tokens[j]));
    const body = table.createTBody();
    rows.forEach((row, i) => {
      const line = body.insertRow();
      const word = tokens[map.rows[0] + i];
      line.append(cell("th", word));
      row.forEach((weight, j) => {
        const made = line.insertCell();
        made.style.backgroundColor = `rgba(var(--weight), ${weight.toFixed(3)})`;
        made.title = `${word} → ${tokens[map.columns[0] + j]}: ${weight.toFixed(4)}`;
      });
    });
    place.replaceChildren(table);
  };
  const heads = () => {
    const count = maps[Number(layer.value)].heads.length;
    head.replaceChildren(option("mean", "mean of all"));
    for (let n = 0; n < count; n++) head.append(option(n, `head ${n + 1}`));
  };
  maps.forEach((map, i) => layer.append(option(i, map.name)));
  layer.addEventListener("change", () => { heads(); draw(); });
  head.addEventListener("change", draw);
  heads();
  draw();
}
