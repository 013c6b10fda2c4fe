/** Strongly connected components: sets of nodes that lead to each other. */

/** Arcs of a graph whose nodes are numbered from 0 on. */
export interface Directed {
	readonly nodes: number;
	readonly from: Int32Array;
	readonly to: Int32Array;
}

/** Arcs by the node that they leave: those of node n are `arcs[first[n]]` to `arcs[first[n + 1] - 1]`. */
export interface Leaving {
	readonly first: Int32Array;
	readonly arcs: Int32Array;
}

/** @param has whether an arc is part of it */
export function leaving(
	{ nodes, from }: Directed,
	has: (arc: number) => boolean,
): Leaving {
	const first = new Int32Array(nodes + 1);
	from.forEach((node, arc) => {
		if (has(arc)) first[node + 1] = (first[node + 1] as number) + 1;
	});
	for (let node = 0; node < nodes; node++)
		first[node + 1] = (first[node + 1] as number) + (first[node] as number);
	const arcs = new Int32Array(first[nodes] as number);
	const next = first.slice();
	from.forEach((node, arc) => {
		if (!has(arc)) return;
		const at = next[node] as number;
		next[node] = at + 1;
		arcs[at] = arc;
	});
	return { first, arcs };
}

/** For each node the number of its component (Tarjan 1972, without recursion). A component is numbered after all that it leads to. */
export function components(
	{ nodes, to }: Directed,
	{ first, arcs }: Leaving,
): Int32Array {
	const component = new Int32Array(nodes).fill(-1);
	const order = new Int32Array(nodes).fill(-1);
	const low = new Int32Array(nodes);
	const next = first.slice();
	const open: number[] = [];
	let [visited, found] = [0, 0];
	for (let start = 0; start < nodes; start++) {
		if (order[start] !== -1) continue;
		const path = [start];
		for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
			if (order[node] === -1) {
				order[node] = low[node] = visited++;
				open.push(node);
			}
			const at = next[node] as number;
			if (at < (first[node + 1] as number)) {
				next[node] = at + 1;
				const other = to[arcs[at] as number] as number;
				if (order[other] === -1) path.push(other);
				else if (component[other] === -1)
					low[node] = Math.min(low[node] as number, order[other] as number);
				continue;
			}
			path.pop();
			const parent = path.at(-1);
			if (parent !== undefined)
				low[parent] = Math.min(low[parent] as number, low[node] as number);
			if (low[node] !== order[node]) continue;
			for (let member = -1; member !== node; ) {
				member = open.pop() as number;
				component[member] = found;
			}
			found++;
		}
	}
	return component;
}

/** Arcs of a shortest way; `null` where there is none. */
export function shortestWay(
	{ nodes, to, from }: Directed,
	{ first, arcs }: Leaving,
	ends: { readonly from: number; readonly to: number },
): readonly number[] | null {
	const by = new Int32Array(nodes).fill(-1);
	const waiting = [ends.from];
	for (const node of waiting) {
		if (node === ends.to) break;
		for (
			let at = first[node] as number;
			at < (first[node + 1] as number);
			at++
		) {
			const arc = arcs[at] as number;
			const next = to[arc] as number;
			if (next === ends.from || by[next] !== -1) continue;
			by[next] = arc;
			waiting.push(next);
		}
	}
	const way: number[] = [];
	for (let node = ends.to; node !== ends.from; ) {
		const arc = by[node] as number;
		if (arc === -1) return null;
		way.push(arc);
		node = from[arc] as number;
	}
	return way.reverse();
}
