/** What the image has to know of ELF files (64 bit, little endian): libraries, and what modules say of themselves. */

const MAGIC = 0x464c457f;
const CLASS_64 = 2;
const NEEDED = 1n;
const HEADER_LENGTH = 64;

/** @returns `null` for what is no 64-bit ELF file */
function sectionsOf(file: Buffer): ReadonlyMap<string, Buffer> | null {
	if (file.length < HEADER_LENGTH || file.readUInt32LE(0) !== MAGIC)
		return null;
	if (file[4] !== CLASS_64) return null;
	const table = Number(file.readBigUInt64LE(40));
	const entryLength = file.readUInt16LE(58);
	const count = file.readUInt16LE(60);
	const section = (index: number) => {
		const at = table + index * entryLength;
		const name = file.readUInt32LE(at);
		const offset = Number(file.readBigUInt64LE(at + 24));
		const length = Number(file.readBigUInt64LE(at + 32));
		return { name, data: file.subarray(offset, offset + length) };
	};
	const { data: names } = section(file.readUInt16LE(62));
	const sections = new Map<string, Buffer>();
	for (let index = 1; index < count; index++) {
		const { name, data } = section(index);
		sections.set(textAt(names, name), data);
	}
	return sections;
}

/** The libraries that a program or library asks for by name; none for what is no ELF file. */
export function neededLibraries(file: Buffer): readonly string[] {
	const sections = sectionsOf(file);
	const dynamic = sections?.get(".dynamic");
	const strings = sections?.get(".dynstr");
	if (!dynamic || !strings) return [];
	const needed: string[] = [];
	for (let at = 0; at + 16 <= dynamic.length; at += 16)
		if (dynamic.readBigInt64LE(at) === NEEDED)
			needed.push(textAt(strings, Number(dynamic.readBigUInt64LE(at + 8))));
	return needed;
}

/** What a kernel module says of itself (`MODULE_INFO`): `["alias", "ipt_DNAT"]`, `["depends", "x_tables"]`. */
export function moduleInfo(
	file: Buffer,
): readonly (readonly [string, string])[] {
	const info = sectionsOf(file)?.get(".modinfo");
	if (!info) return [];
	return info
		.toString("latin1")
		.split("\0")
		.filter((line) => line.includes("="))
		.map((line) => {
			const equals = line.indexOf("=");
			return [line.slice(0, equals), line.slice(equals + 1)] as const;
		});
}

function textAt(bytes: Buffer, from: number): string {
	const end = bytes.indexOf(0, from);
	return bytes.toString("latin1", from, end < 0 ? bytes.length : end);
}
