/** Makes the children of an element, from the n-th on, equal to `wanted`. Only
    what differs is touched: elsewhere a selection, a scroll position and the
    focus stay. */
export function morph(parent, wanted, n = 0) {
  while (parent.childNodes.length > n + wanted.length) {
    parent.lastChild.remove();
  }
  const present = wanted.map((_, i) => parent.childNodes[n + i]);
  wanted.forEach((node, i) => {
    if (present[i]) fit(present[i], node);
    else parent.append(node);
  });
}

function fit(old, node) {
  if (old.isEqualNode(node)) return;
  if (isSameTag(old, node)) {
    old.normalize(); // one text may be in two nodes
    morph(old, [...node.childNodes]);
  } else if (isMoreText(old, node)) {
    old.after(node.data.slice(old.length));
  } else {
    old.replaceWith(node);
  }
}

const isSameTag = (old, node) => old.nodeType === Node.ELEMENT_NODE
  && old.cloneNode(false).isEqualNode(node.cloneNode(false));

const isMoreText = (old, node) => old.nodeType === Node.TEXT_NODE
  && node.nodeType === Node.TEXT_NODE && node.data.startsWith(old.data);
