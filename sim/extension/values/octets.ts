/**
 * Texts as the octets that iptables sees. A text is UTF-8; an octet that is part of no character there
 * stands in a string as a lone surrogate, U+DC80 to U+DCFF (as PEP 383 of Python has it), so that
 * whatever a file holds comes out again octet for octet.
 */

/** An octet that is no part of a character, as a UTF-16 unit. */
const ODD = 0xdc00;

/** Octets of a text. */
export function octets(text: string): number {
	let count = text.length;
	for (let index = 0; index < text.length; index++) {
		const code = text.charCodeAt(index);
		if (code <= 0x7f) continue;
		if ((code & 0xf800) !== 0xd800) count += code > 0x7ff ? 2 : 1;
		else if (isPair(text, index)) {
			count += 2;
			index++;
		} else if (!isOdd(code)) count += 2;
	}
	return count;
}

/** The first octets of a text, also where that cuts a character in two. */
export function cutOctets(text: string, most: number): string {
	if (text.length <= most / 3 || octets(text) <= most) return text;
	let taken = 0;
	let index = 0;
	for (;;) {
		const length = isPair(text, index) ? 2 : 1;
		const character = text.slice(index, index + length);
		const size = octets(character);
		if (taken + size > most) {
			const part = encodeOctets(character).subarray(0, most - taken);
			return text.slice(0, index) + decodeOctets(part);
		}
		taken += size;
		index += length;
	}
}

/** Texts by their octets, as strcmp(3) orders them. */
export function compareOctets(a: string, b: string): number {
	const shorter = Math.min(a.length, b.length);
	for (let index = 0; index < shorter; index++)
		if (a.charCodeAt(index) !== b.charCodeAt(index))
			return a.charCodeAt(index) < 0x80 && b.charCodeAt(index) < 0x80
				? a.charCodeAt(index) - b.charCodeAt(index)
				: compareArrays(encodeOctets(a), encodeOctets(b));
	return a.length - b.length;
}

function compareArrays(a: Uint8Array, b: Uint8Array): number {
	for (let index = 0; index < Math.min(a.length, b.length); index++) {
		const difference = (a[index] as number) - (b[index] as number);
		if (difference !== 0) return difference;
	}
	return a.length - b.length;
}

/** Is every octet of the text part of a character? */
export function isWellFormed(text: string): boolean {
	return !ODD_OCTET.test(text);
}

/** A text as octets. */
export function encodeOctets(text: string): Uint8Array {
	if (isWellFormed(text)) return new TextEncoder().encode(text);
	const parts: Uint8Array[] = [];
	let from = 0;
	for (let index = 0; index < text.length; index++) {
		if (isPair(text, index)) index++;
		else if (isOdd(text.charCodeAt(index))) {
			parts.push(new TextEncoder().encode(text.slice(from, index)));
			parts.push(Uint8Array.of(text.charCodeAt(index) - ODD));
			from = index + 1;
		}
	}
	parts.push(new TextEncoder().encode(text.slice(from)));
	const whole = new Uint8Array(
		parts.reduce((sum, { length }) => sum + length, 0),
	);
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}

/** A surrogate alone: with the flag, a pair is one character and does not match. */
const ODD_OCTET = /[\udc80-\udcff]/u;

/** Octets as a text, with a byte order mark if there is one. */
export function decodeOctets(bytes: Uint8Array): string {
	const parts: string[] = [];
	let from = 0;
	let index = 0;
	while (index < bytes.length) {
		const length = characterAt(bytes, index);
		if (length > 0) {
			index += length;
			continue;
		}
		parts.push(decode(bytes.subarray(from, index)));
		parts.push(String.fromCharCode(ODD + (bytes[index] as number)));
		from = ++index;
	}
	return parts.join("") + decode(bytes.subarray(from));
}

function decode(bytes: Uint8Array): string {
	return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** Octets of the character that begins here, 0 when none does (RFC 3629). */
function characterAt(bytes: Uint8Array, at: number): number {
	const first = bytes[at] as number;
	if (first < 0x80) return 1;
	const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	if (first < 0xc2 || first > 0xf4) return 0;
	for (let index = 1; index < length; index++)
		if (((bytes[at + index] ?? 0) & 0xc0) !== 0x80) return 0;
	const second = bytes[at + 1] as number;
	// Overlong forms, surrogates, and what lies beyond Unicode.
	if (first === 0xe0 && second < 0xa0) return 0;
	if (first === 0xed && second > 0x9f) return 0;
	if (first === 0xf0 && second < 0x90) return 0;
	return first === 0xf4 && second > 0x8f ? 0 : length;
}

function isOdd(code: number): boolean {
	return code >= 0xdc80 && code <= 0xdcff;
}

/** Do two units make one character here? */
function isPair(text: string, index: number): boolean {
	return (
		(text.charCodeAt(index) & 0xfc00) === 0xd800 &&
		(text.charCodeAt(index + 1) & 0xfc00) === 0xdc00
	);
}
