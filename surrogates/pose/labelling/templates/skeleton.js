// The dialog in which a skeleton and the names of animals are made and changed.
const $ = id => document.getElementById(id);
const lines = id => $(id).value.split("\n").map(line => line.trim()).filter(Boolean);

function named(list) {
  const renamed = {};
  const names = list.map(line => {
    const [old, name] = line.split("=").map(part => part.trim());
    if (name !== undefined && old !== name) renamed[old] = name;
    return name ?? old;
  });
  return { names, renamed };
}
function pairs(id, what, renamed) {
  return lines(id).map(line => {
    const parts = line.split(/[\s,:]+/).filter(Boolean);
    if (parts.length !== 2) throw new Error(`${what} are two key points a line, such as head tail: ${line}`);
    return parts.map(part => renamed[part] ?? part);
  });
}
function require_(names, what) {
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice) throw new Error(`Two ${what} are called ${twice}: each has a name of its own.`);
}

export function open(now) {
  const skeleton = now.skeleton ?? { joints: [], edges: [], pairs: [] };
  $("joints").value = skeleton.joints.join("\n");
  $("bonds").value = skeleton.edges.map(edge => edge.join(" ")).join("\n");
  $("sides").value = skeleton.pairs.map(pair => pair.join(" ")).join("\n");
  $("beasts").value = now.animals.join("\n");
  $("wrong").hidden = true;
  $("bones").showModal();
}

export function listen(now, changed) {
  $("leave").addEventListener("click", () => $("bones").close());
  $("make").addEventListener("click", () => {
    try {
      const joints = named(lines("joints")), animals = named(lines("beasts"));
      if (!joints.names.length) throw new Error("A skeleton needs a key point.");
      if (!animals.names.length) throw new Error("There is one animal at least.");
      if (joints.names.some(name => /[\s,:=]/.test(name))) throw new Error("Names of key points have no space, comma, colon or equals sign.");
      require_(joints.names, "key points"); require_(animals.names, "animals");
      const skeleton = { joints: joints.names, edges: pairs("bonds", "Edges", joints.renamed), pairs: pairs("sides", "Left and right", joints.renamed) };
      for (const link of [...skeleton.edges, ...skeleton.pairs]) for (const name of link)
        if (!joints.names.includes(name)) throw new Error(`There is no key point ${name}.`);
      const changes = [{ do: "skeleton", skeleton, renamed: joints.renamed }];
      if (JSON.stringify(animals.names) !== JSON.stringify(now.animals)) changes.push({ do: "animals", names: animals.names, renamed: animals.renamed });
      $("bones").close();
      changed(changes);
    } catch (error) { $("wrong").hidden = false; $("wrong").textContent = error.message; }
  });
}
