/** `*` stands for anything; everything else for itself. Linear in the text: no backtracking over stars. */
export function matchesPattern(text: string, pattern: string): boolean {
	const parts = pattern.split("*");
	const first = parts[0] ?? "";
	if (parts.length === 1) return text === pattern;
	const last = parts[parts.length - 1] ?? "";
	if (!text.startsWith(first) || !text.endsWith(last)) return false;
	let from = first.length;
	const end = text.length - last.length;
	for (const part of parts.slice(1, -1)) {
		const found = text.indexOf(part, from);
		if (found < 0 || found + part.length > end) return false;
		from = found + part.length;
	}
	return from <= end;
}

/** As `matchesPattern`, of a packet in notation: a pattern that ends with the destination takes any fields behind it. */
export function matchesPacket(line: string, pattern: string): boolean {
	return endsAtDestination(pattern)
		? matchesPattern(`${line} `, `${pattern} *`)
		: matchesPattern(line, pattern);
}

/** `tcp * > 10.0.0.1:25`; a packet without a star is one that is written in full. */
export function endsAtDestination(pattern: string): boolean {
	return pattern.includes("*") && / > [^ ]*[^ *]$/.test(pattern);
}
