// Where things are on the map: namespaces as boxes in columns, workloads stacked in them. The shortest
// column takes the next box, so that the map stays compact whatever the cluster looks like.

export const NODE = { width: 148, height: 44, gap: 10 };
const BOX = { pad: 12, head: 26, gap: 34 };

/**
 * `groups`: `[{name, nodes: [id…]}]`; answers `{boxes, nodes, width, height}` with every box's and every
 * node's place.
 */
export function layout(groups, width) {
  const outer = NODE.width + 2 * BOX.pad;
  const columns = Math.max(1, Math.min(groups.length, Math.floor((width + BOX.gap) / (outer + BOX.gap))));
  const free = Math.max(0, width - columns * outer);
  const gap = columns > 1 ? Math.min(140, free / (columns - 1)) : 0;
  const left = (width - columns * outer - gap * (columns - 1)) / 2;
  const heights = new Array(columns).fill(8);
  const boxes = [];
  const nodes = new Map();
  for (const group of groups) {
    const rows = Math.max(1, group.nodes.length);
    const height = BOX.head + BOX.pad + rows * NODE.height + (rows - 1) * NODE.gap + 4;
    const column = heights.indexOf(Math.min(...heights));
    const x = left + column * (outer + gap);
    const y = heights[column];
    boxes.push({ name: group.name, x, y, width: outer, height });
    group.nodes.forEach((id, n) => nodes.set(id, { x: x + BOX.pad, y: y + BOX.head + n * (NODE.height + NODE.gap), column }));
    heights[column] += height + BOX.gap;
  }
  return { boxes, nodes, width, height: Math.max(...heights) - BOX.gap + 8 };
}

/** The line between two nodes: out at the side that looks to the other, bent so that it meets no box head on. */
export function path(from, to) {
  const mid = NODE.height / 2;
  if (from.column === to.column) {
    const side = from.column === 0 ? 1 : -1;
    const x = from.x + (side > 0 ? NODE.width : 0);
    const bulge = x + side * Math.min(60, 22 + Math.abs(to.y - from.y) / 6);
    return { d: `M${x} ${from.y + mid}C${bulge} ${from.y + mid} ${bulge} ${to.y + mid} ${x} ${to.y + mid}`, x: (x + bulge) / 2, y: (from.y + to.y) / 2 + mid };
  }
  const right = to.x > from.x;
  const [x1, x2] = [from.x + (right ? NODE.width : 0), to.x + (right ? 0 : NODE.width)];
  const [y1, y2] = [from.y + mid, to.y + mid];
  const bend = Math.max(28, Math.abs(x2 - x1) / 2) * (right ? 1 : -1);
  return { d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`, x: (x1 + x2) / 2, y: (y1 + y2) / 2 };
}
