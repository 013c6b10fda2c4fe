/** First in, first out, at the same small price whether one thing waits or a hundred thousand do. */
export interface Queue<Item> {
	put(item: Item): void;
	/** The oldest one; `undefined` when nothing waits. */
	take(): Item | undefined;
}

interface Link<Item> {
	readonly item: Item;
	next: Link<Item> | null;
}

export function createQueue<Item>(): Queue<Item> {
	let first: Link<Item> | null = null;
	let last: Link<Item> | null = null;
	return {
		put(item) {
			const link = { item, next: null };
			if (last === null) first = link;
			else last.next = link;
			last = link;
		},
		take() {
			if (first === null) return undefined;
			const { item } = first;
			first = first.next;
			if (first === null) last = null;
			return item;
		},
	};
}
