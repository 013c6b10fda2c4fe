/** Remarks that say from which line of another file, a script, the next line came. */
export const ORIGIN_REMARK = "# marktwin: line ";

/** A class because it is filled line by line. */
export class Origins {
	private next: number | null = null;
	/** Lines of the text by where they came from. */
	private readonly stands = new Map<number, number>();

	/** @param number of the comment's own line */
	readComment(comment: string, number: number): void {
		if (!comment.startsWith(ORIGIN_REMARK)) return;
		const digits = comment.slice(ORIGIN_REMARK.length);
		if (!/^[1-9]\d{0,8}$/.test(digits)) return;
		this.next = Number(digits);
		this.stands.set(this.next, number + 1);
	}

	/** The number that line `number` goes by. */
	of(number: number): number {
		const origin = this.next ?? number;
		this.next = null;
		return origin;
	}

	/** The line of the text that goes by `number`. */
	standsAt(number: number): number {
		return this.stands.get(number) ?? number;
	}
}
