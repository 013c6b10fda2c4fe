/** Gives equal things the same number: what many share is kept once. */
export class Numbered<Thing> {
	readonly all: Thing[] = [];
	private readonly numbers = new Map<string, number>();

	numberOf(thing: Thing): number {
		const key = JSON.stringify(thing);
		const known = this.numbers.get(key);
		if (known !== undefined) return known;
		this.numbers.set(key, this.all.length);
		return this.all.push(thing) - 1;
	}
}
