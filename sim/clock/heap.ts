/** A binary heap of timers in which every entry knows its place, so that cancelling needs no search. */

/** When something is due. */
export interface Moment {
	readonly atMs: number;
	/** Of two that are due at the same instant, the one with the lower number is first. */
	readonly order: number;
}

export interface HeapEntry extends Moment {
	/** Position in the heap; NOT_WAITING once it was taken or cancelled. */
	index: number;
}

export const NOT_WAITING = -1;

export function isWaiting(entry: HeapEntry): boolean {
	return entry.index !== NOT_WAITING;
}

export function insert<E extends HeapEntry>(heap: E[], entry: E): void {
	heap.push(entry);
	rise(heap, entry, heap.length - 1);
}

export function isEarlier(one: Moment, other: Moment): boolean {
	return (
		one.atMs < other.atMs ||
		(one.atMs === other.atMs && one.order < other.order)
	);
}

/** Removes an entry that waits. */
export function remove(heap: HeapEntry[], entry: HeapEntry): void {
	const { index } = entry;
	entry.index = NOT_WAITING;
	const last = heap.pop();
	if (last === undefined || last === entry) return;
	rise(heap, last, index);
	if (last.index === index) sink(heap, last, index);
}

function rise(heap: HeapEntry[], entry: HeapEntry, from: number): void {
	let index = from;
	while (index > 0) {
		const parentIndex = (index - 1) >> 1;
		const parent = heap[parentIndex] as HeapEntry;
		if (!isEarlier(entry, parent)) break;
		heap[index] = parent;
		parent.index = index;
		index = parentIndex;
	}
	heap[index] = entry;
	entry.index = index;
}

function sink(heap: HeapEntry[], entry: HeapEntry, from: number): void {
	const { length } = heap;
	let index = from;
	for (;;) {
		let childIndex = 2 * index + 1;
		if (childIndex >= length) break;
		let child = heap[childIndex] as HeapEntry;
		const right = heap[childIndex + 1];
		if (right !== undefined && isEarlier(right, child)) {
			child = right;
			childIndex++;
		}
		if (!isEarlier(child, entry)) break;
		heap[index] = child;
		child.index = index;
		index = childIndex;
	}
	heap[index] = entry;
	entry.index = index;
}
